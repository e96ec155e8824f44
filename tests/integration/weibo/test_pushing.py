"""What the fans service pushes, as the emulator does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from connectors.weibo import windows
from connectors.weibo.push import signature
from tests.support.weibo import Desk
from tests.support.weibo_emulator import PNG

MESSAGE = {"type": "text", "sender_id": 7, "text": "hello"}


async def _get(url: str, **query: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url, params=query) as answer:
        return answer.status, await answer.text()


async def test_the_address_says_back_what_it_is_told(desk: Desk) -> None:
    """With the right signature, whenever it was made; else nothing."""
    async with desk.listening(desk.connector(push_secret="secret")) as url:
        assert await _get(url, **desk.emulator.signed(), echostr="x1") == (200, "x1")
        old = {"timestamp": "1397022061823", "nonce": "1", "signature": signature("secret", "1397022061823", "1")}
        assert await _get(url, **old, echostr="x2") == (200, "x2")
        status, text = await _get(url, **(desk.emulator.signed() | {"signature": "0" * 40}), echostr="x3")

    assert (status, "x3" in text) == (403, False)


async def test_private_messages_are_one_conversation_of_their_sender(desk: Desk) -> None:
    """Each kind is understood, once however often it is pushed, and told to be private."""
    pushes: list[dict[str, Any]] = [
        MESSAGE,
        MESSAGE,
        {**MESSAGE, "text": "again"},
        {**MESSAGE, "type": "position", "text": "", "data": {"longitude": "116.30", "latitude": "39.98"}},
        {**MESSAGE, "sender_id": 8},
        {**MESSAGE, "type": "event", "text": "", "data": {"subtype": "click", "key": "help"}},
        {**MESSAGE, "type": "hologram"},
        {**MESSAGE, "sender_id": int(desk.world.uid)},
    ]
    at = desk.clock.now()
    desk.world.now = lambda: at
    async with desk.listening(desk.connector(push_secret="secret")) as url:
        assert [await desk.emulator.push(url, one) for one in pushes] == [200] * len(pushes)

    assert desk.texts() == ["hello", "again", "geo:39.98,116.3", "hello"]
    assert [one.key for one in desk.spoken()] == ["weibo:message:7"] * 3 + ["weibo:message:8"]
    assert {envelope.visibility for envelope in desk.intake.accepted} == {"private"}
    assert [envelope.ignored for envelope in desk.intake.ignored] == ["event", "unknown-type", "own"]


async def test_files_come_with_their_message(desk: Desk) -> None:
    """A picture is fetched while Weibo waits."""
    desk.emulator.files["804469"] = PNG
    async with desk.listening(desk.connector(push_secret="secret")) as url:
        image = {"type": "image", "sender_id": 7, "text": "发了一张图片", "data": {"vfid": 1, "tovfid": 804469}}
        assert await desk.emulator.push(url, image) == 200
    [spoken] = desk.spoken()

    assert (spoken.text, [file.filename for file in spoken.files]) == ("发了一张图片", ["804469.png"])


async def test_files_that_cannot_be_had_now_follow(desk: Desk) -> None:
    """The message is taken all the same; the file comes by itself, also after a restart."""
    desk.emulator.files["5"] = PNG
    desk.emulator.missing_files.add("5")
    connector = desk.connector(push_secret="secret", streams=[], poll="1 h")
    async with desk.listening(connector) as url:
        assert await desk.emulator.push(url, {"type": "voice", "sender_id": 7, "data": {"tovfid": 5}}) == 200
    assert desk.texts() == ["[voice message]\n[the file follows]"]

    desk.emulator.missing_files.clear()
    async with desk.running(desk.connector(push_secret="secret", streams=[], poll="1 h")):
        await desk.intake.until_accepted(2)
        await desk.health.until(lambda _: desk.state.values["files"][0] == [], within=60)
    second = desk.spoken()[1]

    assert [file.filename for file in second.files] == ["5.png"]
    assert second.key == "weibo:message:7"


async def test_what_the_store_refuses_is_pushed_again(desk: Desk) -> None:
    """Weibo asks three times; what was not stored is not said to be taken."""
    async with desk.listening(desk.connector(push_secret="secret")) as url:
        desk.intake.refuse(1)
        assert await desk.emulator.push(url, MESSAGE) == 200
        desk.intake.refuse(3)
        assert await desk.emulator.push(url, {**MESSAGE, "text": "lost"}) == 503

    assert desk.texts() == ["hello"]


@pytest.mark.parametrize(
    ("message", "forged", "status"),
    [
        (MESSAGE, {"signature": "0" * 40}, 403),
        (MESSAGE, {"nonce": "1"}, 403),
        ({**MESSAGE, "receiver_id": 1}, {}, 400),
        ({**MESSAGE, "sender_id": "x"}, {}, 400),
        ({**MESSAGE, "text": "x" * 300_000}, {}, 413),
    ],
)
async def test_what_is_not_from_weibo_is_refused(
    desk: Desk, message: dict[str, Any], forged: dict[str, str], status: int
) -> None:
    """A wrong signature, another account, nonsense, and too much of it."""
    async with desk.listening(desk.connector(push_secret="secret")) as url:
        assert await desk.emulator.push(url, message, **forged) == status

    assert desk.intake.accepted == []


async def test_a_signature_is_good_for_one_content_and_not_for_long(desk: Desk) -> None:
    """Whoever saw one can say nothing with it."""
    async with desk.listening(desk.connector(push_secret="secret")) as url:
        seen = desk.emulator.signed()
        at = desk.clock.now()
        desk.world.now = lambda: at
        assert await desk.emulator.push(url, MESSAGE, **seen) == 200
        assert await desk.emulator.push(url, MESSAGE, **seen) == 200
        assert await desk.emulator.push(url, {**MESSAGE, "text": "forged"}, **seen) == 403
        desk.clock._begin += timedelta(minutes=20)
        assert await desk.emulator.push(url, MESSAGE, **seen) == 403

    assert desk.texts() == ["hello"]


async def test_a_pushed_mention_is_read_at_once(desk: Desk) -> None:
    """It is a hint where mentions are read, the whole message where they are not, and allows one private answer."""
    async with desk.listening(desk.connector(push_secret="secret", poll="10 h", reconcile="20 h")) as url:
        await desk.health.until(lambda health: health.reads > 0)
        number = desk.world.mention("7", "@钱包客服 help", pictures=["a.jpg"])
        mention = {
            "type": "mention",
            "sender_id": 7,
            "text": "@钱包客服",
            "data": {"subtype": "status", "key": str(number)},
        }
        assert await desk.emulator.push(url, mention) == 200
        await desk.intake.until_accepted(1)
    assert len(desk.spoken()[0].files) == 1
    window = await windows.find(desk.state, "7")
    assert window is not None
    assert window.uses == 1

    desk.intake.accepted.clear()
    async with desk.listening(desk.connector(push_secret="secret", streams=[])) as url:
        pushed = {**mention, "text": "in a comment", "data": {"subtype": "comment", "key": "77"}}
        assert await desk.emulator.push(url, pushed) == 200
    assert [(one.source_id, one.visibility) for one in desk.intake.accepted] == [("comment:77", "public")]
