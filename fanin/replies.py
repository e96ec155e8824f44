"""The way back: answers that wait in the store are sent by the connector on which the customer asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Literal

import msgspec
import structlog

from connectors.base import Forwarding, Speaker
from fanin.metrics import REPLIES
from fanin.supervisor import Post
from model.backoff import backoff
from model.clock import Clock
from model.errors import CredentialsRejected, FaninError, Permanent, Transient, Uncertain
from model.reply import Reply, SentRef
from model.ticket import Identity
from normalizer.safety.disclosure import disclosed
from store.replies import Outcome, Outgoing, Unsendable
from store.reply_book import ReplyBook

log = structlog.get_logger()

POLL = timedelta(seconds=1)
"""How soon an answer is found that another process booked."""
AT_ONCE = 50
"""Answers that are sent at the same time."""
SEND_LIMIT = timedelta(seconds=120)
LONGEST_TROUBLE = timedelta(days=1)
"""An answer that could not be sent for so long is given up, and the helpdesk sees why."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)


class Replies:
    """Sends what is due, in order within each conversation."""

    def __init__(self, book: ReplyBook, posts: Callable[[], Iterable[Post]], clock: Clock) -> None:
        self._book, self._posts, self._clock = book, posts, clock
        self._wake = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """Say that there is something new to send."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self._round()
                except Exception:  # one bad answer must not end the daemon, which this task is a part of
                    log.exception("replies.defect")
                try:
                    async with asyncio.timeout(POLL.total_seconds()):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _round(self) -> None:
        """Begin to send whatever is due."""
        speaking = {post.name: post for post in self._posts() if _speaker(post)}
        if not speaking:
            return
        try:
            # Before the looks: what is being sent now may end while they are made, and they show it as it was.
            sending = set(self._sending)
            for id_, connector in await self._book.interrupted(list(speaking)):
                if id_ not in sending:
                    await self._resolve(id_, speaking[connector])
            for one in await self._book.outgoing("due", list(speaking), self._clock.now(), AT_ONCE):
                if isinstance(one, Unsendable):
                    await self._settle(one.outcome, one.connector)
                elif one.reply.id not in sending and len(self._sending) < AT_ONCE:
                    self._start(one, speaking[one.reply.connector])
            for one in await self._book.outgoing("unread", list(speaking), self._clock.now()):
                if isinstance(one, Unsendable):
                    await self._settle(one.outcome, one.connector)
                else:
                    await self._forward(one.reply, speaking)
        except Transient as error:
            log.warning("replies.retrying", reason=str(error))

    async def _forward(self, reply: Reply, speaking: Mapping[str, Post]) -> None:
        """Send an answer that was not read another way as well, once."""
        post, now = speaking[reply.connector], self._clock.now()
        speaker: object = post.running
        elsewhere = await speaker.unread(reply, post.state) if isinstance(speaker, Forwarding) else None
        # Noted first: of a process that dies now the answer still stands in the channel where it was shown.
        await self._book.settle(Outcome(id=reply.id, status="sent", at=now))
        if elsewhere is None:
            return
        other = speaking.get(elsewhere.connector)
        identity = Identity(kind="email", value=elsewhere.address)
        requester = msgspec.structs.replace(reply.requester, identities=(identity,))
        try:
            way = other and _speaker(other)
            if not other or not way:
                raise Transient(f"connector {elsewhere.connector} does not run")  # noqa: TRY301 - as any that is down
            await _within_limit(way, msgspec.structs.replace(reply, requester=requester), other)
        except Transient as error:
            log.warning("reply.postponed", connector=elsewhere.connector, reply=reply.id, reason=str(error))
            again = now + LONGEST_PAUSE if now - reply.at < LONGEST_TROUBLE else None
            status: Literal["shown", "sent"] = "shown" if again else "sent"
            await self._book.settle(Outcome(id=reply.id, status=status, at=now, due_at=again))
        except FaninError as error:
            log.warning("reply.not_forwarded", connector=elsewhere.connector, reply=reply.id, reason=str(error))
        else:
            log.info("reply.forwarded", connector=elsewhere.connector, reply=reply.id)

    def _start(self, outgoing: Outgoing, post: Post) -> None:
        id_ = outgoing.reply.id
        task = asyncio.create_task(self._send(outgoing, post), name=f"reply {id_}")
        self._sending[id_] = task

        def ended(_: asyncio.Task[None]) -> None:
            del self._sending[id_]
            self._wake.set()

        task.add_done_callback(ended)

    async def _send(self, outgoing: Outgoing, post: Post) -> None:
        speaker, reply = _speaker(post), outgoing.reply
        if speaker is None:  # it was stopped just now: the answer stays due
            return
        try:
            await self._book.begin(reply.id)
            outcome = await self._attempt(speaker, outgoing, post)
            await self._settle(outcome, reply.connector)
        except Transient as error:  # the store: what began is found again as interrupted
            log.warning("replies.retrying", reason=str(error))

    async def _attempt(self, speaker: Speaker, outgoing: Outgoing, post: Post) -> Outcome:
        """Send one answer; what became of it."""
        reply = outgoing.reply
        settled = partial(Outcome, id=reply.id, at=self._clock.now())
        try:
            self._keep_private(reply)
            ref = await _within_limit(speaker, reply, post)
        except (Transient, CredentialsRejected) as error:
            if isinstance(error, CredentialsRejected):
                post.health.retrying(f"answers cannot be sent: {error}; {error.remedy}")
            return self._again(outgoing, error)
        except Permanent as error:
            return settled(status="failed", detail=str(error))
        except Uncertain as error:
            return settled(status="uncertain", detail=str(error))
        except Exception as error:
            log.exception("speaker.defect", connector=reply.connector, reply=reply.id)
            return settled(status="uncertain", detail=f"defect: {type(error).__name__}")
        patience = speaker.patience if isinstance(speaker, Forwarding) else None
        if patience is not None:
            return settled(status="shown", reference=ref.value, due_at=self._clock.now() + patience)
        return settled(status="sent", reference=ref.value)

    def _keep_private(self, reply: Reply) -> None:
        """Raise Permanent if the answer would publish what is the customer's alone."""
        ours = {one for post in self._posts() for one in getattr(post.settings, "own_addresses", ())}
        if reply.visibility == "public" and (private := disclosed(reply.text, reply.answers.text, ours)):
            raise Permanent(
                f"everybody would read it, and it states {', '.join(private)}: answer in private, or leave that out"
            )

    def _again(self, outgoing: Outgoing, error: FaninError) -> Outcome:
        reply, now, reason = outgoing.reply, self._clock.now(), str(error)
        if now - reply.at >= LONGEST_TROUBLE:
            return Outcome(id=reply.id, status="failed", at=now, detail=f"it could not be sent for a day: {reason}")
        asked_for = error.retry_after if isinstance(error, Transient) else None
        pause = asked_for or backoff(outgoing.tries + 1, first=FIRST_PAUSE, most=LONGEST_PAUSE)
        log.warning("reply.postponed", connector=reply.connector, reply=reply.id, reason=reason)
        return Outcome(id=reply.id, status="due", at=now, due_at=now + pause, detail=reason)

    async def _resolve(self, id_: str, post: Post) -> None:
        """Decide about an answer that was being sent when its process ended."""
        now = self._clock.now()
        speaker = _speaker(post)
        if speaker and speaker.repeatable:
            await self._book.settle(Outcome(id=id_, status="due", at=now))
            return
        why = "fanin was stopped while it was being sent: look in the channel before you send it again"
        await self._settle(Outcome(id=id_, status="uncertain", at=now, detail=why), post.name)

    async def _settle(self, outcome: Outcome, connector: str) -> None:
        await self._book.settle(outcome)
        if outcome.status == "due":
            return
        status = "sent" if outcome.status == "shown" else outcome.status
        REPLIES.labels(connector, status).inc()
        say = log.info if status == "sent" else log.error
        say("reply.settled", connector=connector, reply=outcome.id, status=status, reason=outcome.detail)


def _speaker(post: Post) -> Speaker | None:
    """The connector that speaks, while it runs."""
    running: object = post.running
    return running if isinstance(running, Speaker) else None


async def _within_limit(speaker: Speaker, reply: Reply, post: Post) -> SentRef:
    """Send within the time limit; after it, only a repeatable send may be tried again."""
    try:
        async with asyncio.timeout(SEND_LIMIT.total_seconds()):
            return await speaker.send(reply, post.state)
    except TimeoutError:
        text = f"no answer within {SEND_LIMIT.total_seconds():g} s"
        raise (Transient(text) if speaker.repeatable else Uncertain(text)) from None
