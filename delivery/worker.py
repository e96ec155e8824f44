"""The worker: queue to helpdesk.

The unit of work is the pair of a conversation and a helpdesk.  A job names a pair; whoever holds the pair
delivers everything of it that is due, in order, until nothing is.  A job that finds its pair held ends.

Between processes a pair is held by a lock of the kernel's (`store.locks.NamedLocks`), not by a lease: it is
free the moment its holder has died, and as long as its holder lives, even stopped, nobody else delivers
what that one may be about to send.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from msgspec import Struct

from delivery.desk import Desk
from model.backoff import backoff
from model.clock import Clock
from model.errors import CredentialsRejected, FaninError, Permanent, Transient
from model.event import Event, Job, TicketRef
from store.handed import HandedBook
from store.ledger import PAGE, Due, Failed, Settled
from store.locks import NamedLocks

log = structlog.get_logger()

Pair = tuple[str, str]
CONTESTED = timedelta(milliseconds=100)
"""After this long a pair that another process holds is looked at again."""


class Policy(Struct, frozen=True, kw_only=True):
    """How often and how long a delivery is tried."""

    max_tries: int = 12
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=15)
    longest_wait: timedelta = timedelta(hours=1)
    """The most that a helpdesk may ask us to wait (Retry-After)."""
    longest_trouble: timedelta = timedelta(days=1)
    """After failing for so long at a helpdesk that is well, an event is buried, however it failed."""
    time_limit: timedelta = timedelta(seconds=60)
    """The most that one submit may take."""
    overtake_after_tries: int = 3
    overtake_after: timedelta = timedelta(seconds=10)
    """An urgent message overtakes a predecessor that failed so often or for so long."""


class Ledger(Protocol):
    """The part of the store that a worker needs."""

    locks: NamedLocks
    handed: HandedBook

    async def pair(
        self, conversation: str, helpdesk: str, *, urgent_only: bool = False
    ) -> tuple[list[Due], TicketRef | None]: ...

    def open_event(self, due: Due) -> Event: ...

    async def settle(self, settled: Settled) -> None: ...

    async def postpone(self, failed: Failed) -> None: ...

    async def bury(self, due: Due, reason: str, at: datetime) -> None: ...


class Worker:
    """Delivers what jobs point at, keeping the order within each conversation."""

    def __init__(self, ledger: Ledger, desks: Mapping[str, Desk], policy: Policy, clock: Clock) -> None:
        self._ledger, self._desks, self._policy, self._clock = ledger, desks, policy, clock
        self._held: set[Pair] = set()
        self._asked_again: set[Pair] = set()
        self._reminders: dict[Pair, asyncio.Task[None]] = {}

    async def deliver(self, job: Job) -> None:
        """Deliver what is due of the job's conversation to its helpdesk.

        Never raises: what cannot be recorded now stays due in the ledger, and is published again.
        """
        desk = self._desks.get(job.helpdesk)
        if desk is None:
            return
        done = False
        while not done:
            await desk.opened()
            done = not self._take(job) or await self._deliver_taken(desk, job)

    async def refused(self, due: Due, reason: str) -> None:
        """Count a try of an event that a helpdesk took from its queue and could not digest."""
        if await self._count(due, Transient(reason)):
            self._look_again(_job(due), timedelta(0))

    def _take(self, job: Job) -> bool:
        """Take the job's pair; where somebody holds it, see to it that it is looked at once more."""
        pair = (job.conversation, job.helpdesk)
        if pair in self._held:
            self._asked_again.add(pair)
            return False
        if not self._ledger.locks.take(_lock(pair)):
            self._look_again(job, CONTESTED)
            return False
        self._held.add(pair)
        return True

    async def _deliver_taken(self, desk: Desk, job: Job) -> bool:
        """Deliver what is due of a pair that was taken, and give it back; False if the desk was closed before."""
        pair = (job.conversation, job.helpdesk)
        try:
            await self._deliver_pair(desk, job)
        except Transient as error:
            desk.close(error)
        except Exception as error:
            log.exception("delivery.defect", helpdesk=job.helpdesk)
            desk.close(Transient(f"{type(error).__name__} while delivering to {job.helpdesk}"))
        finally:
            self._held.discard(pair)
            self._asked_again.discard(pair)
            self._ledger.locks.release(_lock(pair))
        return desk.is_open

    async def _deliver_pair(self, desk: Desk, job: Job) -> None:
        pair = (job.conversation, job.helpdesk)
        while desk.is_open:
            self._asked_again.discard(pair)
            dues, ref = await self._ledger.pair(*pair)
            settled = await self._deliver_in_order(desk, dues, ref)
            if settled == 0 and len(dues) > 1 and desk.is_open:
                settled = await self._overtake(desk, job)
            nothing_left = settled == len(dues) < PAGE
            if (settled == 0 or nothing_left) and pair not in self._asked_again:
                return

    async def _deliver_in_order(self, desk: Desk, dues: Sequence[Due], ref: TicketRef | None) -> int:
        """Deliver from the first on until one has to wait, and those behind it with it; how many were settled."""
        for count, due in enumerate(dues):
            settled, ref = await self._deliver_one(desk, due, ref) if self._is_ready(due) else (False, ref)
            if not settled:
                return count
        return len(dues)

    async def _overtake(self, desk: Desk, job: Job) -> int:
        """Deliver the urgent messages behind one that keeps failing, now or when it has failed for long enough.

        Returns how many were settled.
        """
        dues, ref = await self._ledger.pair(job.conversation, job.helpdesk)
        urgent, _ = await self._ledger.pair(job.conversation, job.helpdesk, urgent_only=True)
        waiting = [due for due in urgent if due.event_id != dues[0].event_id and self._is_ready(due)] if dues else []
        if not waiting:
            return 0
        wait = self._until_overtaken(dues[0])
        if wait > timedelta(0):
            self._look_again(job, wait)
            return 0
        return await self._deliver_in_order(desk, waiting, ref)

    def _look_again(self, job: Job, wait: timedelta) -> None:
        """Come back to a pair after a while; one reminder a pair is enough."""
        pair = (job.conversation, job.helpdesk)
        if pair in self._reminders:
            return

        async def remind() -> None:
            await self._clock.sleep(wait)
            del self._reminders[pair]
            await self.deliver(job)

        self._reminders[pair] = asyncio.create_task(remind(), name="overtake")

    async def _deliver_one(self, desk: Desk, due: Due, ref: TicketRef | None) -> tuple[bool, TicketRef | None]:
        """Submit one event and record what came of it; whether it is settled, and the conversation's ticket."""
        try:
            event = self._ledger.open_event(due)
            ref = await self._submit(desk, event, ref, due)
        except Permanent as error:
            await self._bury(due, str(error))
            return True, ref
        except CredentialsRejected as error:
            desk.close(error)
            return False, ref
        except Transient as error:
            return await self._failed(desk, due, error), ref
        if desk.acknowledges:
            await self._ledger.handed.hand_over(due, self._clock.now())
            desk.health.proven()
            return False, ref
        await self._ledger.settle(Settled(due=due, ref=ref, at=self._clock.now()))
        desk.health.proven()
        log.debug("event.delivered", event_id=due.event_id, helpdesk=due.helpdesk)
        return True, ref

    async def _submit(self, desk: Desk, event: Event, ref: TicketRef | None, due: Due) -> TicketRef:
        """Submit within the time limit; a defect of the helpdesk's code is a failed try like any other."""
        try:
            async with asyncio.timeout(self._policy.time_limit.total_seconds()):
                return await desk.helpdesk.submit(event, ref, due.options)
        except FaninError:
            raise
        except TimeoutError:
            raise Transient(f"no answer within {self._policy.time_limit.total_seconds():g} s") from None
        except Exception as error:
            log.exception("helpdesk.defect", helpdesk=due.helpdesk, event_id=due.event_id)
            raise Transient(f"{type(error).__name__} in helpdesk {due.helpdesk}") from error

    async def _failed(self, desk: Desk, due: Due, error: Transient) -> bool:
        """Decide whose failure it was: the helpdesk's (pause it) or the message's (a try); whether it is settled."""
        if (down := await desk.is_down()) is not None:
            desk.close(down, error.retry_after)
            return False
        return await self._count(due, error)

    async def _count(self, due: Due, error: Transient) -> bool:
        """Book a try that failed: again later, or dead; whether it is settled."""
        now, counts = self._clock.now(), error.retry_after is None
        tries = due.tries + counts
        if tries >= self._policy.max_tries or now - (due.failed_at or now) >= self._policy.longest_trouble:
            await self._bury(
                due, f"failed {tries} times since {due.failed_at or now:%Y-%m-%d %H:%MZ}, last with: {error}"
            )
            return True
        pause = error.retry_after or backoff(
            max(tries, 1), first=self._policy.first_pause, most=self._policy.longest_pause
        )
        due_at = now + min(pause, self._policy.longest_wait)
        await self._ledger.postpone(Failed(due=due, at=now, due_at=due_at, counts=counts))
        log.warning("event.postponed", event_id=due.event_id, helpdesk=due.helpdesk, tries=tries, reason=str(error))
        return False

    async def _bury(self, due: Due, reason: str) -> None:
        await self._ledger.bury(due, reason, self._clock.now())
        log.error("event.buried", event_id=due.event_id, helpdesk=due.helpdesk, reason=reason)

    def _is_ready(self, due: Due) -> bool:
        return due.handed_at is None and (due.due_at is None or due.due_at <= self._clock.now())

    def _until_overtaken(self, due: Due) -> timedelta:
        """How long a message still holds up urgent ones behind it; nothing or less when it does no more."""
        if due.tries >= self._policy.overtake_after_tries:
            return timedelta(0)
        return (due.failed_at or due.handed_at or self._clock.now()) + self._policy.overtake_after - self._clock.now()


def _lock(pair: Pair) -> str:
    return " ".join(pair)


def _job(due: Due) -> Job:
    return Job(
        event=due.event_id,
        helpdesk=due.helpdesk,
        conversation=due.conversation,
        sequence=due.sequence,
        lane=due.lane,
    )
