"""The example client, and answers to customers who are away."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Elsewhere, Forwarding
from examples.chat_client import ChatClient, ChatError
from store.replies import Written
from tests.support.memory import MemoryHealth


async def _answer(app: Any, number: str, text: str) -> None:
    conversation = await app.store.find_conversation(number)
    now = datetime.now(UTC)
    await app.store.replies.book(
        Written(key=str(uuid.uuid4()), conversation=conversation, helpdesk="archive", text=text, at=now)
    )
    app.replies.wake()


async def test_the_example_client_talks_to_the_daemon(start, tmp_path: Path):
    """It opens a session, uploads, sends, hears the answer, reads everything again, and ends."""
    app, customer = await start()
    server = (await customer()).base.removesuffix("/v1/chat")
    file = tmp_path / "log.txt"
    file.write_text("what the app wrote")
    async with ChatClient(server) as chat:
        await chat.open(name="Aiko", locale="ja")
        id_ = str(uuid.uuid4())
        sent = await chat.send("hello", uploads=(await chat.upload(file),), id_=id_)
        again = await chat.send("hello", uploads=(await chat.upload(file),), id_=id_)
        assert sent == again
        await _answer(app, sent.tracking_number, "hello, Aiko")
        async with asyncio.timeout(20):
            heard = [said async for said in _until(chat, 2)]
        assert [(said.author, said.text) for said in heard] == [("customer", "hello"), ("agent", "hello, Aiko")]
        assert [one.filename for one in heard[0].attachments] == ["log.txt"]
        assert await chat.history() == heard
        await chat.end()
        with pytest.raises(ChatError) as refused:
            await chat.send("too late")
        assert refused.value.code == "token_unknown"


async def _until(chat: ChatClient, seq: int) -> Any:
    async for said in chat.listen():
        yield said
        if said.seq >= seq:
            return


async def test_an_unread_answer_may_go_elsewhere(start):
    """An answer that the customer has not seen is said to go to the address given; one that is seen is not."""
    app, customer = await start(fallback={"connector": "support_mail", "after": "1 min"})
    one = await customer(identity={"email": "aiko@example.com"})
    _, done = await one.post("help")
    post = app.supervisor.posts["web"]
    chat = post.make(MemoryHealth())
    assert isinstance(chat, Forwarding)
    assert chat.patience is not None

    async def reply() -> Any:
        [outgoing] = await app.store.replies.outgoing("due", ["web"], datetime.now(UTC))
        return outgoing.reply

    await app.supervisor.stop()  # so that the answer stays due, and can be had
    await _answer(app, done["tracking_number"], "here is how")
    waiting = await reply()
    assert await chat.unread(waiting, post.state) == Elsewhere(connector="support_mail", address="aiko@example.com")
    await post.state.put(f"seen:{waiting.conversation}", waiting.sequence)
    assert await chat.unread(waiting, post.state) is None


async def test_what_was_read_is_remembered(start):
    """A read frame, and what a client says that it has, count as seen, and never go back."""
    app, customer = await start(fallback={"connector": "support_mail"})
    one = await customer()
    _, done = await one.post("help")
    conversation = await app.store.find_conversation(done["tracking_number"])
    state = app.supervisor.posts["web"].state
    async with await one.socket() as socket:
        for seq in (3, 2):
            await socket.send_json({"type": "read", "seq": seq})
        await socket.send_json({"type": "ping"})
        while (await socket.receive_json(timeout=60))["type"] != "pong":
            pass
    assert (await state.get(f"seen:{conversation}"))[0] == 3
    url = f"{one.base}/sessions/{one.session_id}/read"
    async with one.http.post(url, json={"seq": 5}, headers=one.authorization) as answer:
        assert answer.status == 204
    assert (await state.get(f"seen:{conversation}"))[0] == 5
