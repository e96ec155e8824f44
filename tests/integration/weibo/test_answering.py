"""Answers, as the emulator takes them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Speaker
from connectors.weibo.permalink import permalink
from model.errors import Permanent, Transient, Uncertain
from tests.support.weibo import Desk, reply


def _comments(desk: Desk) -> list[dict[str, Any]]:
    return [form for _, form in desk.world.written]


async def test_what_was_said_in_public_is_answered_there(desk: Desk) -> None:
    """Under the post, or to the comment under its post; ours are no tickets again."""
    post = desk.world.mention("7", "help")
    comment = desk.world.comment("7", "more", on=post)
    connector, url = desk.connector(real_ip="203.0.113.7"), permalink("7", str(post))
    assert isinstance(connector, Speaker)
    async with desk.running(connector):
        await desk.intake.until_accepted(2)
        first = await connector.send(reply("one", f"status:{post}", at=desk.clock.now()), desk.state)
        second = reply("two", f"comment:{comment}", at=desk.clock.now(), url=url, id_="r2")
        await connector.send(second, desk.state)

    assert first.value.startswith("comment:5")
    assert [name for name, _ in desk.world.written] == ["comments/create", "comments/reply"]
    assert [(form["id"], form.get("cid"), form["comment"]) for form in _comments(desk)] == [
        (str(post), None, "one"),
        (str(post), str(comment), "two"),
    ]
    assert {form["rip"] for form in _comments(desk)} == {"203.0.113.7"}


async def test_what_is_private_is_never_a_comment(desk: Desk) -> None:
    """A private answer to a public question is a private message, or is refused with what to do."""
    connector = desk.connector(push_secret="secret")
    private = reply("secret fact", "status:5", at=desk.clock.now(), visibility="private")
    async with desk.listening(connector) as url:
        with pytest.raises(Permanent, match="48 hours"):
            await connector.send(private, desk.state)
        await desk.emulator.push(url, {"type": "event", "sender_id": 7, "data": {"subtype": "follow"}})
        await connector.send(private, desk.state)

    assert [(name, form["receiver_id"], form["text"]) for name, form in desk.world.written] == [
        ("messages/reply", "7", "secret fact")
    ]


async def test_private_messages_are_answered_within_two_days(desk: Desk) -> None:
    """Public or not; after 48 hours, or when they unfollowed, the agent is told."""
    connector = desk.connector(push_secret="secret")
    async with desk.listening(connector) as url:
        await desk.emulator.push(url, {"type": "text", "sender_id": 7, "text": "hello"})
        source_id = desk.intake.accepted[0].source_id
        await connector.send(reply("answer", source_id, at=desk.clock.now()), desk.state)
        await desk.emulator.push(url, {"type": "event", "sender_id": 7, "data": {"subtype": "unfollow"}})
        with pytest.raises(Permanent, match="unfollowed"):
            await connector.send(reply("answer", source_id, at=desk.clock.now(), id_="r2"), desk.state)
        desk.state.values.clear()
        old = desk.clock.now() - timedelta(hours=49)
        with pytest.raises(Permanent, match="48 hours"):
            await connector.send(reply("answer", source_id, at=old, id_="r3"), desk.state)

    assert [name for name, _ in desk.world.written] == ["messages/reply"]


async def test_a_mention_that_was_pushed_allows_one_message(desk: Desk) -> None:
    """The second is refused, and so is one that would need two."""
    connector = desk.connector(push_secret="secret", streams=[])
    mention = {"type": "mention", "sender_id": 7, "text": "x", "data": {"subtype": "status", "key": "77"}}
    async with desk.listening(connector) as url:
        await desk.emulator.push(url, mention)
        for id_, text in (("r1", "long " * 80), ("r2", "short"), ("r3", "again")):
            answer = reply(text, "status:77", at=desk.clock.now(), id_=id_, visibility="private")
            if id_ == "r2":
                await connector.send(answer, desk.state)
                continue
            with pytest.raises(Permanent):
                await connector.send(answer, desk.state)

    assert [form["text"] for form in _comments(desk)] == ["short"]


async def test_a_long_answer_goes_on_where_it_broke_off(desk: Desk) -> None:
    """Several comments; after a fault only those that are missing are written."""
    post = desk.world.mention("7", "help")
    text = " ".join(f"word{number}" for number in range(60))
    answer = reply(text, f"status:{post}", at=desk.clock.now())
    connector = desk.connector(streams=["mentions"], poll="10 h")
    async with desk.running(connector):
        await desk.intake.until_accepted(1)
        desk.emulator.faults.extend(["", "system"])
        with pytest.raises(Transient):
            await connector.send(answer, desk.state)
        await connector.send(answer, desk.state)
        await connector.send(answer, desk.state)

    numbered = [form["comment"].partition(" ")[0] for form in _comments(desk)]
    assert numbered == ["(1/4)", "(2/4)", "(3/4)", "(4/4)"]


@pytest.mark.parametrize("fault", ["html", "drop", "truncated"])
async def test_what_may_have_been_sent_is_uncertain_and_not_sent_again(desk: Desk, fault: str) -> None:
    """Not by us, however often we are asked."""
    post = desk.world.mention("7", "help")
    connector = desk.connector(streams=["mentions"], poll="10 h")
    async with desk.running(connector):
        await desk.intake.until_accepted(1)
        desk.emulator.faults.append(fault)
        for _ in range(2):
            with pytest.raises(Uncertain):
                await connector.send(reply("hello", f"status:{post}", at=desk.clock.now()), desk.state)

    assert len(desk.world.written) == (0 if fault == "html" else 1)


async def test_stopped_while_it_is_sent_it_is_uncertain(desk: Desk) -> None:
    """Another process that is asked to send it does not."""
    post = desk.world.mention("7", "help")
    answer = reply("hello", f"status:{post}", at=desk.clock.now())
    connector = desk.connector(streams=["mentions"], poll="10 h")
    async with desk.running(connector):
        await desk.intake.until_accepted(1)
        desk.emulator.delay = 5
        sending = asyncio.create_task(connector.send(answer, desk.state))
        while "reply:r1" not in desk.state.values:
            await asyncio.sleep(0.001)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        with pytest.raises(Uncertain):
            await connector.send(answer, desk.state)


async def test_a_repetition_is_our_own_only_after_a_fault(desk: Desk) -> None:
    """Then it was taken the first time; else the agent is told to change the words."""
    post = desk.world.mention("7", "help")
    connector = desk.connector(streams=["mentions"], poll="10 h")
    async with desk.running(connector):
        await desk.intake.until_accepted(1)
        desk.emulator.faults.append("system")
        answer = reply("hello", f"status:{post}", at=desk.clock.now())
        with pytest.raises(Transient):
            await connector.send(answer, desk.state)
        desk.world.written.append(("comments/create", {"comment": "hello"}))
        await connector.send(answer, desk.state)
        with pytest.raises(Permanent, match="change the words"):
            await connector.send(reply("hello", f"status:{post}", at=desk.clock.now(), id_="r2"), desk.state)


async def test_replies_have_calls_left_when_reading_has_none(desk: Desk) -> None:
    """The reserve is theirs."""
    desk.emulator.limit, desk.emulator.most = 12, 10
    for at in range(300):
        post = desk.world.mention("7", str(at))
    connector = desk.connector(calls_per_hour=12, reserve=4)
    async with desk.running(connector):
        await desk.health.until(lambda health: any("kept for replies" in one for one in health.reasons))
        for number in range(4):
            await connector.send(
                reply(f"{number}", f"status:{post}", at=desk.clock.now(), id_=f"r{number}"), desk.state
            )

    assert len(desk.world.written) == 4
    assert desk.emulator.refused == 0
