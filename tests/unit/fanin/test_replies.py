"""Answers on their way out: sent once, in order, and never a second time where that cannot be known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Elsewhere
from fanin.replies import LONGEST_TROUBLE, Replies
from fanin.supervisor import Post
from model.errors import CredentialsRejected, FaninError, Permanent, Transient, Uncertain
from model.reply import Reply, SentRef
from store.replies import Said, Written
from store.store import Store
from tests.support.clock import ManualClock
from tests.support.drafts import arrival, batch, draft


class Channel:
    """A connector that can speak, and does as it is told."""

    name = "mail"

    def __init__(self, *failures: FaninError, repeatable: bool = False) -> None:
        self.repeatable = repeatable
        self.failures = list(failures)
        self.sent: list[Reply] = []

    async def run(self, intake: Any, state: Any) -> None:
        """Never asked for here."""

    async def send(self, reply: Reply, state: Any) -> SentRef:
        """Fail as often as told, then send."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(reply)
        return SentRef(f"sent {reply.text}")


@asynccontextmanager
async def sending(store: Store, channel: Channel, clock: ManualClock) -> AsyncIterator[Replies]:
    """The way back at work, with one connector that runs."""
    post = posted("mail", channel)
    replies = Replies(store.replies, lambda: [post], clock)
    task = asyncio.create_task(replies.run())
    try:
        yield replies
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def booked(store: Store, clock: ManualClock, *texts: str) -> str:
    """A conversation with answers that wait."""
    [receipt] = await store.accept(batch(arrival(draft(1))))
    conversation = receipt.conversation_id or ""
    for text in texts:
        await store.replies.book(
            Written(helpdesk="desk", key=text, conversation=conversation, text=text, at=clock.now())
        )
    return conversation


async def settled(store: Store, replies: Replies, conversation: str) -> list[Said]:
    """The answers once none is due any more."""
    async with asyncio.timeout(20):
        while True:
            said = await store.replies.said(conversation, 0)
            if all(one.status != "due" for one in said):
                return said
            replies.wake()
            await asyncio.sleep(0.01)


async def test_answers_are_sent_in_order(store: Store) -> None:
    """Three answers of a conversation reach the channel as they were booked."""
    channel, clock = Channel(), ManualClock()
    conversation = await booked(store, clock, "one", "two", "three")

    async with sending(store, channel, clock) as replies:
        said = await settled(store, replies, conversation)

    assert [reply.text for reply in channel.sent] == ["one", "two", "three"]
    assert [one.status for one in said] == ["sent"] * 3


@pytest.mark.parametrize(
    ("failure", "status"), [(Permanent("not allowed here"), "failed"), (Uncertain("no answer came"), "uncertain")]
)
async def test_an_answer_that_cannot_be_sent_says_why(store: Store, failure: FaninError, status: str) -> None:
    """What the channel refuses or leaves open is settled as such, and the next answer goes on."""
    channel, clock = Channel(failure), ManualClock()
    conversation = await booked(store, clock, "one", "two")

    async with sending(store, channel, clock) as replies:
        said = await settled(store, replies, conversation)

    assert [(one.status, one.detail) for one in said] == [(status, str(failure)), ("sent", None)]
    assert [reply.text for reply in channel.sent] == ["two"]


@pytest.mark.parametrize("failure", [Transient("busy"), CredentialsRejected("refused", remedy="renew the token")])
async def test_an_answer_waits_for_the_channel(store: Store, failure: FaninError) -> None:
    """What may pass is tried again after a pause, and sent once."""
    channel, clock = Channel(failure), ManualClock()
    conversation = await booked(store, clock, "one")

    async with sending(store, channel, clock) as replies:
        await until_postponed(store, conversation)
        await clock.move(timedelta(minutes=30), timedelta(minutes=30))
        await settled(store, replies, conversation)

    assert [reply.text for reply in channel.sent] == ["one"]


async def test_an_answer_is_given_up_after_a_day(store: Store) -> None:
    """A channel that cannot be used for a day makes an answer fail, for the helpdesk to see."""
    channel, clock = Channel(Transient("busy"), Transient("still busy")), ManualClock()
    conversation = await booked(store, clock, "one")

    async with sending(store, channel, clock) as replies:
        await until_postponed(store, conversation)
        await clock.move(LONGEST_TROUBLE, LONGEST_TROUBLE)
        [said] = await settled(store, replies, conversation)

    assert said.status == "failed"
    assert said.detail is not None
    assert "still busy" in said.detail


@pytest.mark.parametrize(("repeatable", "status", "sent"), [(True, "sent", ["one"]), (False, "uncertain", [])])
async def test_what_was_being_sent_at_a_crash_is_not_said_twice(
    store: Store, *, repeatable: bool, status: str, sent: list[str]
) -> None:
    """Only a channel that recognises a repeated answer gets it again; else a person has to look."""
    channel, clock = Channel(repeatable=repeatable), ManualClock()
    conversation = await booked(store, clock, "one")
    [said] = await store.replies.said(conversation, 0)
    await store.replies.begin(said.id)

    async with sending(store, channel, clock) as replies:
        [said] = await until_status(store, replies, conversation, status)

    assert [reply.text for reply in channel.sent] == sent


async def until_postponed(store: Store, conversation: str) -> None:
    """Wait until the first answer has failed once."""
    async with asyncio.timeout(20):
        while not (await store.replies.said(conversation, 0))[0].detail:
            await asyncio.sleep(0.01)


async def until_status(store: Store, replies: Replies, conversation: str, status: str) -> list[Said]:
    """Wait until the first answer has a status."""
    async with asyncio.timeout(20):
        while (said := await store.replies.said(conversation, 0))[0].status != status:
            replies.wake()
            await asyncio.sleep(0.01)
    return said


class Chat(Channel):
    """A channel whose customers may be away."""

    patience = timedelta(minutes=10)

    def __init__(self, elsewhere: Elsewhere | None) -> None:
        super().__init__(repeatable=True)
        self._elsewhere = elsewhere

    async def unread(self, reply: Reply, state: Any) -> Elsewhere | None:
        """Where the answer goes as well."""
        return self._elsewhere


@pytest.mark.parametrize(
    ("elsewhere", "sent"),
    [(Elsewhere(connector="post", address="ann@customer.example"), ["one"]), (None, [])],
    ids=["unread", "read"],
)
async def test_an_answer_that_is_not_read_goes_another_way(
    store: Store, elsewhere: Elsewhere | None, sent: list[str]
) -> None:
    """After the customer's patience an unread answer is sent to their address, once; one that was read is not."""
    chat, mail, clock = Chat(elsewhere), Channel(), ManualClock()
    conversation = await booked(store, clock, "one")
    posts = [posted("mail", chat), posted("post", mail)]
    replies = Replies(store.replies, lambda: posts, clock)
    task = asyncio.create_task(replies.run())
    await settled(store, replies, conversation)
    assert mail.sent == []

    await clock.move(timedelta(minutes=11), timedelta(minutes=11))
    async with asyncio.timeout(20):
        while await store.replies.outgoing("unread", ["mail"], clock.now()) or len(mail.sent) < len(sent):
            replies.wake()
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert [reply.text for reply in mail.sent] == sent
    assert [one.value for reply in mail.sent for one in reply.requester.identities] == ["ann@customer.example"] * len(
        sent
    )


def posted(name: str, channel: Channel) -> Post:
    """A connector that runs."""
    post = Post(name, None, make=lambda _: channel, intake=None, state=None, lock=nullcontext)  # type: ignore[arg-type]
    post.running = channel
    return post


async def test_a_defect_while_answers_are_looked_up_ends_nothing(store: Store) -> None:
    """After a round that failed in a way nobody thought of, the next one sends."""
    channel, clock = Channel(), ManualClock()
    conversation = await booked(store, clock, "one")
    rounds = iter([RuntimeError("a defect")])

    def posts() -> list[Post]:
        for error in rounds:
            raise error
        return [posted("mail", channel)]

    replies = Replies(store.replies, posts, clock)
    task = asyncio.create_task(replies.run())
    said = await settled(store, replies, conversation)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert [one.status for one in said] == ["sent"]


async def test_nothing_private_is_said_in_public(store: Store) -> None:
    """A public answer that names what only the customer knows fails and says why; the same in private is sent."""
    channel, clock = Channel(), ManualClock()
    conversation = await booked(store, clock)
    text = "your order number 20261120553 is stuck"
    for visibility in ("public", "private"):
        await store.replies.book(
            Written(
                helpdesk="desk",
                key=visibility,
                conversation=conversation,
                text=text,
                visibility=visibility,  # type: ignore[arg-type]
                at=clock.now(),
            )
        )

    async with sending(store, channel, clock) as replies:
        said = await settled(store, replies, conversation)

    assert [one.status for one in said] == ["failed", "sent"]
    assert "the number of an order" in (said[0].detail or "")
    assert "20261120553" not in (said[0].detail or "")
    assert [reply.visibility for reply in channel.sent] == ["private"]
