"""The contracts of the way out: a queue carries triggers, a helpdesk takes events.

The ledger in the store is the truth about what is delivered.  A job may be lost, repeated or late without
harm: it only says that there may be something to do.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from model.event import Event, Job, TicketRef
from model.json import Json

Deliver = Callable[[Job], Awaitable[None]]
"""Does what a job asks for; never raises but when it is cancelled."""


class Queue(Protocol):
    """Carries jobs from the relay to the workers.

    The contract, in the words of its tests (`tests/contract/queues.py`):

    1. A published job is delivered at least once while workers run, unless the queue is lost as a whole.
    2. A job whose id is still waiting is not added again.
    3. Urgent jobs are taken before normal ones, normal ones before bulk, whatever the backlog.
    4. At least one worker a helpdesk takes urgent jobs alone.
    5. `check` returns where jobs can be published and taken.
    """

    shared: bool
    """Whether it lies outside the process, so that several processes may publish to it and work for it."""

    async def publish(self, jobs: Sequence[Job]) -> None:
        """Add jobs.  May wait for room; raises Transient if the queue cannot be reached."""

    async def run(self, deliver: Deliver) -> None:
        """Take jobs and deliver them until cancelled.

        A queue that cannot be reached is tried again, and meanwhile what was taken goes on.
        """

    async def check(self) -> None:
        """Return if the queue can be used.  Raises Transient or CredentialsRejected."""


class Files(Protocol):
    """Where a helpdesk finds the content of attachments."""

    def read_blob(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the clear content in pieces.  Raises KeyError if it has expired."""

    def iter_blob(self, sha256: str) -> Iterator[bytes]:
        """The same for threads: blocks on the disk."""


class Kept(Protocol):
    """What a helpdesk keeps over restarts; every process that delivers to it sees the same."""

    async def get(self, key: str) -> tuple[Json, int] | None:
        """Return the value and its version, or None if there is none or it has expired."""

    async def put(self, key: str, value: Json, *, version: int | None = None, expires: datetime | None = None) -> bool:
        """Compare and set: False, having changed nothing, if the stored version is another (None: no value).

        Raises Transient if the store cannot take it.
        """

    async def delete(self, key: str) -> None:
        """Forget the value; it is no error if there is none."""


class Place(Files, Kept, Protocol):
    """What a helpdesk is given to work with."""


class Helpdesk(Protocol):
    """Takes events.

    The contract, in the words of its tests (`tests/contract/helpdesks.py`):

    1. `submit` returning means that the event is durable at the helpdesk.
    2. `submit` of an event that it has already changes nothing and returns the same reference.
    3. An event with a reference continues that ticket; without one it opens a ticket.
    4. `submit` raises Transient (may be repeated), Permanent (never) or CredentialsRejected; cancelled at
       any await, it may be repeated.
    5. `check` has no side effects, and fails while the helpdesk is down.
    """

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:
        """Deliver an event, idempotent by its id; `options` are the route's, such as queue or priority."""

    async def check(self) -> None:
        """Return if the helpdesk can be reached and would take an event now.

        Raises Transient or CredentialsRejected, saying what to do.
        """


@runtime_checkable
class Provable(Protocol):
    """A helpdesk of which more can be proven than `check` does, by leaving a trace in it."""

    async def prove(self) -> list[str]:
        """Do once what deliveries need, and take it back as far as that is possible; for `fanin check` alone.

        Returns what an operator should know although it works.  Raises Transient, CredentialsRejected or
        Misconfigured, saying what to do.
        """


class AnswerFile(Struct, frozen=True, kw_only=True):
    """A file that an agent attached; `id` is the helpdesk's name for its content."""

    id: str
    filename: str
    media_type: str


class Answer(Struct, frozen=True, kw_only=True):
    """What an agent wrote into a ticket for the customer to read."""

    id: str
    """The helpdesk's name for it, such as `rt:transaction:123`: the same however often it is read."""
    tickets: tuple[str, ...]
    """The ticket's own names (`TicketRef.value`): the present one first, then those merged into it."""
    author: str
    """The agent's name as the helpdesk shows it."""
    text: str
    """What was written; empty where there is `html` alone."""
    html: str | None = None
    """As the agent's browser sent it: to be sanitised before it is shown."""
    automatic: bool = False
    """Whether the helpdesk itself wrote it."""
    files: tuple[AnswerFile, ...] = ()
    at: datetime


class Answers(Struct, frozen=True, kw_only=True):
    """Some answers, oldest first, and the place from which to read on once they are booked."""

    found: tuple[Answer, ...]
    cursor: Json
    more: bool = False
    """Whether there is more to be read at once."""


class Setback(Struct, frozen=True, kw_only=True):
    """An answer that did not reach the customer, or of which that is not known."""

    id: str
    """The answer's, a UUID."""
    ticket: TicketRef
    uncertain: bool
    """Whether it may have reached the customer all the same."""
    reason: str
    text: str
    """What was answered; empty where that is not known any more."""
    at: datetime
    """When it was written."""


@runtime_checkable
class Answering(Protocol):
    """A helpdesk whose agents answer in it, where fanin has to look for what they wrote.

    1. `answers` never gives what fanin itself wrote, what the requester wrote, or what is meant for agents
       alone, nor anything of tickets that are not fanin's.
    2. Read on from a returned cursor, nothing is missing, whatever happened meanwhile; something may be
       given twice, under the same id.
    3. What `tell` was given stands in the ticket once, where agents see it and customers do not.
    """

    async def answers(self, after: Json | None) -> Answers:
        """Read a page of answers written since the cursor `after`; None begins now, with none.

        Raises Transient or CredentialsRejected.
        """

    def read_answer_file(self, file: AnswerFile) -> AsyncIterator[bytes]:
        """Yield the content in pieces.  Raises Transient, or KeyError if it is not there any more."""

    async def tell(self, setback: Setback) -> None:
        """Say in the ticket that an answer did not reach the customer, idempotent by its id.

        Raises Transient, CredentialsRejected, or Permanent where the ticket takes nothing any more.
        """


class Acknowledgement(Struct, frozen=True):
    """What a helpdesk said of an event that was handed over to its queue."""

    event_id: str
    failure: str | None = None
    """Why it could not take the event, where it could not."""


@runtime_checkable
class Acknowledging(Protocol):
    """A helpdesk that takes events from a queue of its own, in its own time (one more ability of `Helpdesk`).

    Its `submit` returns when the event is durable in that queue, and adds nothing while the event is
    there.  It is delivered when it is acknowledged; until then what follows it in its conversation is not
    handed over.
    """

    async def acknowledged(self) -> list[Acknowledgement]:
        """What was acknowledged and is not forgotten yet, a bounded number; does not wait for any."""

    async def forget(self, events: Sequence[str]) -> None:
        """Remove acknowledged events from the queue: the ledger has them."""

    async def missing(self, events: Sequence[str]) -> list[str]:
        """Those of the events that were handed over and that the queue has lost, or that were taken unanswered."""


@runtime_checkable
class Closable(Protocol):
    """A queue or helpdesk that keeps connections open."""

    async def close(self) -> None:
        """Close them."""
