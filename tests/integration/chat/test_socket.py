"""WebSockets: acknowledged when durable, everything once and in order, on every device."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from connectors.chat import socket
from connectors.chat.chat import Chat
from connectors.chat.session import Session
from store.replies import Written


async def _frames(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    return [await socket.receive_json(timeout=60) for _ in range(count)]


def _message(text: str, id_: str | None = None) -> dict[str, Any]:
    return {"type": "message", "client_msg_id": id_ or str(uuid.uuid4()), "text": text}


async def _answer(app: Any, number: str, text: str) -> None:
    """What an agent writes, by the way that the private door takes."""
    conversation = await app.store.find_conversation(number)
    written = Written(
        key=str(uuid.uuid4()),
        conversation=conversation,
        helpdesk="archive",
        author="Bo",
        text=text,
        at=datetime.now(UTC),
    )
    await app.store.replies.book(written)
    app.replies.wake()


async def test_a_message_is_acknowledged_with_its_tracking_number(start):
    """After auth and ready, a message is answered by an ack that names its place and the tracking number."""
    _, customer = await start()
    one = await customer()
    async with await one.socket() as socket:
        ready = await socket.receive_json(timeout=60)
        await socket.send_json(_message("first"))
        ack = await socket.receive_json(timeout=60)
    assert (ready["type"], ready["last_seq"], ready["tracking_number"]) == ("ready", 0, None)
    assert (ack["type"], ack["seq"], ack["replayed"]) == ("ack", 1, False)
    assert ack["tracking_number"].startswith("FN-")


async def test_an_agent_s_answer_is_shown_at_once_and_on_return(start):
    """An answer comes to an open socket by itself, and to one that is opened later after what it has already."""
    app, customer = await start()
    one = await customer()
    async with await one.socket() as socket:
        await socket.receive_json(timeout=60)
        await socket.send_json(_message("help"))
        ack = await socket.receive_json(timeout=60)
        await _answer(app, ack["tracking_number"], "what happened?")
        heard = await socket.receive_json(timeout=60)
        assert (heard["type"], heard["author"], heard["name"], heard["seq"]) == ("message", "agent", "Bo", 2)
    await _answer(app, ack["tracking_number"], "are you there?")
    async with await one.socket(last_seq=2) as socket:
        ready, missed = await _frames(socket, 2)
    assert ready["last_seq"] == 3
    assert (missed["text"], missed["seq"]) == ("are you there?", 3)


async def test_other_tabs_hear_what_one_says(start):
    """What is sent on one socket, or by HTTP, is heard on the others of the session, once and in order."""
    _, customer = await start()
    one = await customer()
    async with await one.socket() as here, await one.socket() as there:
        await here.receive_json(timeout=60)
        await there.receive_json(timeout=60)
        await here.send_json(_message("a"))
        await here.receive_json(timeout=60)
        await one.post("b")
        await here.send_json(_message("c"))
        heard = await _frames(there, 3)
    assert [(frame["text"], frame["seq"]) for frame in heard] == [("a", 1), ("b", 2), ("c", 3)]


@pytest.mark.parametrize("known", [0, 2])
async def test_what_is_said_before_ready_comes_behind_it(start, monkeypatch, known):
    """A message that comes while a socket is opened is sent once, after `ready`, and none that the client has."""
    _, customer = await start()
    one = await customer()
    for number in range(known):
        await one.post(f"known {number}")
    seen = Chat.seen

    async def meanwhile(chat: Chat, session: Session, seq: int) -> None:
        monkeypatch.setattr(Chat, "seen", seen)
        await one.post("new")
        await asyncio.wait(chat.rooms.tell(session.thread))
        await seen(chat, session, seq)

    monkeypatch.setattr(Chat, "seen", meanwhile)
    async with await one.socket(last_seq=known) as socket:
        ready, new = await _frames(socket, 2)
        await socket.send_json({"type": "ping"})
        pong = await socket.receive_json(timeout=60)
    assert (ready["type"], ready["last_seq"]) == ("ready", known)
    assert (new["type"], new["text"], new["seq"]) == ("message", "new", known + 1)
    assert pong["type"] == "pong"


async def test_a_replay_after_a_reconnect_is_the_same_message(start):
    """A message that is sent again over another socket is acknowledged with its first place; another text is not."""
    _, customer = await start()
    one, id_ = await customer(), str(uuid.uuid4())
    acks = []
    for text in ("same", "same", "other"):
        async with await one.socket(last_seq=1) as socket:
            await socket.receive_json(timeout=60)
            await socket.send_json(_message(text, id_))
            acks.append(await socket.receive_json(timeout=60))
    assert [ack["type"] for ack in acks] == ["ack", "ack", "error"]
    assert (acks[1]["seq"], acks[1]["replayed"], acks[1]["received_at"]) == (1, True, acks[0]["received_at"])
    assert (acks[2]["code"], acks[2]["retryable"], acks[2]["client_msg_id"]) == ("id_reused", False, id_)


async def test_many_senders_of_the_same_message_make_one(start):
    """The same message sent ten times at the same moment over HTTP and sockets is stored once."""
    _, customer = await start()
    one, id_ = await customer(), str(uuid.uuid4())
    async with await one.socket() as socket:
        await socket.receive_json(timeout=60)
        posts = [one.post("race", id_) for _ in range(9)]
        await socket.send_json(_message("race", id_))
        answers = await asyncio.gather(*posts)
    assert sorted(status for status, _ in answers)[:8] == [200] * 8
    assert len({body["message_id"] for _, body in answers}) == 1
    _, history = await one.history()
    assert [said["text"] for said in history["messages"]] == ["race"]


async def test_a_race_of_two_texts_under_one_id_has_one_winner(start):
    """Of two texts under the same id at the same moment one is stored and the other refused."""
    _, customer = await start()
    one, id_ = await customer(), str(uuid.uuid4())
    answers = await asyncio.gather(one.post("heads", id_), one.post("tails", id_))
    assert sorted(status for status, _ in answers) == [201, 409]


async def test_what_is_no_frame_closes_the_socket(start):
    """Frames that are no JSON, unknown, binary or too large close with 4400 or 1009."""
    _, customer = await start()
    one = await customer()
    codes = []
    for send in (
        lambda socket: socket.send_str("{"),
        lambda socket: socket.send_json({"type": "dance"}),
        lambda socket: socket.send_bytes(b"\x00"),
        lambda socket: socket.send_str("x" * 200_000),
        lambda socket: socket.send_json({"type": "auth", "token": one.token}),
    ):
        async with await one.socket() as socket:
            await socket.receive_json(timeout=60)
            await send(socket)
            message = await socket.receive(timeout=60)
            codes.append(socket.close_code)
            assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert codes == [4400, 4400, 4400, 1009, 4400]


async def test_a_socket_without_a_session_is_closed(start):
    """A wrong token, and a first frame that is no auth, close with 4401."""
    _, customer = await start()
    one = await customer()
    async with await one.socket(token="x" * 43) as socket:
        await socket.receive(timeout=60)
        assert socket.close_code == 4401
    async with one.http.ws_connect(f"{one.base}/ws") as socket:
        await socket.send_json({"type": "ping"})
        await socket.receive(timeout=60)
        assert socket.close_code == 4401


async def test_a_session_has_so_many_sockets_and_no_more(start):
    """A socket beyond the limit is closed with 4429, and the place of one that is closed is free again."""
    _, customer = await start(allow={"sockets_per_session": 1})
    one = await customer()
    async with await one.socket() as socket:
        await socket.receive_json(timeout=60)
        async with await one.socket() as second:
            await second.receive(timeout=60)
            assert second.close_code == 4429
        await socket.send_json({"type": "ping"})
        assert (await socket.receive_json(timeout=60))["type"] == "pong"


async def test_a_stop_tells_sockets_to_come_again(start):
    """When the connector stops, open sockets are closed with 1012."""
    app, customer = await start()
    one = await customer()
    async with await one.socket() as socket:
        await socket.receive_json(timeout=60)
        closing = asyncio.create_task(socket.receive(timeout=60))
        await app.supervisor.stop()
        await closing
        assert socket.close_code == 1012


async def test_much_that_was_missed_comes_in_parts(start, monkeypatch):
    """A client that has missed more than is read at once gets all of it, in order."""
    monkeypatch.setattr(socket, "AT_ONCE", 2)
    app, customer = await start()
    one = await customer()
    for number in range(1, 6):
        _, done = await one.post(str(number))
    await _answer(app, done["tracking_number"], "6")
    async with await one.socket() as opened:
        frames = await _frames(opened, 7)
    assert [frame["text"] for frame in frames[1:]] == list("123456")


async def test_an_ended_session_s_sockets_are_worth_nothing(start):
    """When a session ends, its open sockets take no message and hear no answer: they are closed with 4401."""
    app, customer = await start()
    one = await customer()
    _, done = await one.post("hello")
    async with await one.socket(last_seq=1) as writes, await one.socket(last_seq=1) as hears:
        await writes.receive_json(timeout=60)
        await hears.receive_json(timeout=60)
        async with one.http.delete(f"{one.base}/sessions/{one.session_id}", headers=one.authorization) as answer:
            assert answer.status == 204
        await writes.send_json(_message("still me"))
        await _answer(app, done["tracking_number"], "for your eyes")
        frames = [await socket.receive(timeout=60) for socket in (writes, hears)]
    assert [(frame.type, frame.data) for frame in frames] == [(aiohttp.WSMsgType.CLOSE, 4401)] * 2
    assert len(await app.store.events(await app.store.find_conversation(done["tracking_number"]), 0)) == 1


async def test_a_socket_uses_its_session(start):
    """A session of which a socket is used does not expire; one whose socket is idle does, and the socket says so."""
    _, customer = await start(lifetime="1 s")
    busy, idle = await customer(), await customer()
    async with await busy.socket() as used, await idle.socket() as unused:
        for socket in (used, unused):
            await socket.receive_json(timeout=60)
        begun = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < begun + 1.5:
            await used.send_json({"type": "ping"})
            assert (await used.receive_json(timeout=60))["type"] == "pong"
            await asyncio.sleep(0.05)
        await unused.send_json({"type": "ping"})
        ended = await unused.receive(timeout=60)
    assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 4401)
    assert (await busy.history())[0] == 200


async def test_a_text_may_be_written_in_escapes(start):
    """The longest text that is taken is taken in a frame, too, where its every character is written as an escape."""
    _, customer = await start()
    one = await customer()
    async with await one.socket() as socket:
        await socket.receive_json(timeout=60)
        await socket.send_json(_message("\N{PILE OF POO}" * 10_000))
        ack = await socket.receive_json(timeout=20)
    assert ack["type"] == "ack"
