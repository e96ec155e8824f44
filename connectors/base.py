"""The contract between a connector and the daemon.

The way of a message is: the connector reads it from its channel, makes an Envelope of it, and calls
`Intake.accept`.  **When accept returns, and not before, the connector may tell its source**: move the
file, answer the request, go on to the next page.  A connector only translates.  Restarting, back-off
and health are the supervisor's; sameness, conversations and the cursor's durability are the store's.

Words: a *connector* is a configured instance that reads one account of a channel; a *stream* is a part
of it that is read in order (a mailbox folder, a list of mentions); its *cursor* says how far it was read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import msgspec

from model.envelope import BlobRef, Envelope, Receipt
from model.json import Json
from model.reply import Reply, SentRef
from model.ticket import Attachment

if TYPE_CHECKING:  # the settings of connectors are read where aiohttp is not wanted yet
    from aiohttp import web


class Intake(Protocol):
    """Where a connector hands over what it read."""

    async def cursor(self, stream: str) -> Json | None:
        """Return the cursor that the last successful `accept` of this stream stored, or None."""

    def ahead(self, batch: Sequence[Envelope]) -> AbstractAsyncContextManager[Sequence[Envelope]]:
        """Begin to understand a batch; in the block, what is yielded is handed over in its place when its turn comes.

        For a source that has more: the batch before is stored meanwhile.  Nothing of it is stored by this, and
        it need not be handed over at all: what is not done when the block ends is given up.  The envelopes that
        are yielded may bear other source ids.

        Raises Transient, having begun nothing, if the store could not take the batch now.
        """

    async def accept(self, batch: Sequence[Envelope], *, stream: str = "", cursor: Json | None = None) -> list[Receipt]:
        """Make every envelope of the batch durable and move the stream's cursor, in one transaction.

        Returns one receipt per envelope, in order: it is stored, was known, is ignored by a rule, or is
        buried as a dead letter.  The batch may be empty: then only the cursor moves.  The same envelope
        may be handed over any number of times, from any number of tasks; it is accepted once.

        Raises Transient if the store cannot take the batch now.  Then nothing of it may be
        acknowledged to the source, and the same batch must be handed over again later.  Raises nothing
        else: no content of an envelope can make it fail.
        """


class Health(Protocol):
    """How a connector says how it is doing; what it never says is assumed to be broken."""

    def proven(self, *, lag: timedelta | None = None) -> None:
        """Say that the source was read successfully just now, even if there was nothing to read.

        `lag` is how old the oldest message is that is known but not yet accepted.
        """

    def retrying(self, reason: str) -> None:
        """Say that a single part (one folder, one file) fails while the rest goes on."""

    def rejected(self, reason: str, remedy: str) -> None:
        """Say that the source refuses us until a person acts, while another part (what is pushed) goes on."""

    def expires(self, at: datetime | None) -> None:
        """Say when the credentials end; None: they do not, or nobody knows."""

    def spent(self, span: str, used: float, limit: float, unit: str) -> None:
        """Say how much of a limit is used in the present span of time (`connectors.budget`)."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What was said once in a conversation, by the customer or to them."""

    id: str
    """The message's or the reply's."""
    sequence: int
    at: datetime
    author: Literal["customer", "agent", "system"]
    """`system` is what was answered automatically."""
    name: str = ""
    """The author's name as the other side may see it."""
    text: str
    source_id: str | None = None
    """Under which the customer's message is accounted for; None for what was answered."""
    attachments: tuple[Attachment, ...] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as the other side may know of it."""

    conversation: str
    tracking_number: str
    last_sequence: int


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """What was handed over under a source id, and is held."""

    received_at: datetime
    raw: bytes | None
    """As it came; None where it has expired."""


class State(Protocol):
    """What a connector may keep: sessions, refreshed tokens, budgets."""

    async def get(self, key: str) -> tuple[Json, int] | None:
        """Return the value and its version, or None if there is none or it has expired."""

    async def put(
        self,
        key: str,
        value: Json,
        *,
        version: int | None = None,
        expires: datetime | None = None,
        secret: bool = False,
    ) -> bool:
        """Compare and set: store the value if the stored version is still `version` (None: no value yet).

        Returns False, having changed nothing, if another writer came first.  A `secret` value is stored
        encrypted.  Raises Transient if the store cannot take it.
        """

    async def delete(self, key: str) -> None:
        """Forget the value; it is no error if there is none."""

    async def write_blob(self, chunks: AsyncIterator[bytes]) -> BlobRef:
        """Store a stream encrypted as it is written, and return its name.

        A blob that no accepted envelope refers to is removed after a day.  Raises Transient if the disk
        is full; what the iterator raises passes through, and nothing is kept.
        """

    def read_blob(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the clear content of a blob in pieces.  Raises KeyError if it has expired."""

    async def history(self, conversation: str, after: int, limit: int) -> list[Entry]:
        """Return what both sides said in the conversation after the given sequence number, in order.

        Of much it is the first, at most `limit`; nothing where there is nothing more.
        """

    async def place(self, key: str) -> Place | None:
        """Return the newest conversation that a message of this connector opened or continued under the key."""

    async def original(self, source_id: str) -> Original | None:
        """Return what the connector handed over under the source id, or None if nothing was accepted."""


class Connector(Protocol):
    """Reads one account of a channel.

    The contract, in the words of its tests (`tests/contract/connectors.py`):

    1. `run` reads until it is cancelled.  Cancellation is the whole stop protocol: it may come at any
       await, and nothing acknowledged may then be unaccepted.
    2. A message is acknowledged to its source only after `accept` returned for it.
    3. When `accept` raises Transient, the same messages are handed over again later.
    4. `run` raises Transient, Permanent or CredentialsRejected and the supervisor decides; anything else
       is a defect that is logged and treated as Transient.
    5. One message that cannot be read never keeps the others from being read.
    6. After each successful read, `health.proven()` is called, also when there was nothing to read.
    7. Every await on the network has a deadline.
    """

    name: str

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled; raising means to be restarted with back-off."""


@runtime_checkable
class Speaker(Protocol):
    """A connector that can write into its channel."""

    repeatable: bool
    """Whether the same reply may be sent again without reaching the customer twice.  Where it may not, one
    that was being sent when the process died is `uncertain`."""

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Send the reply to the conversation's requester.

        Called on the connector that runs, one reply of a conversation after the other.  Raises Transient
        (not sent, may be repeated), Permanent (the channel does not allow it: the text tells the agent why),
        CredentialsRejected, or Uncertain (perhaps sent: shown to the helpdesk, never repeated by itself).
        """


class Elsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """Another way to the customer: a connector by its configured name, and the address to send to."""

    connector: str
    address: str


@runtime_checkable
class Forwarding(Protocol):
    """A speaker whose customers may be away: an answer that they do not read goes another way."""

    @property
    def patience(self) -> timedelta | None:
        """How long after `send` returned `unread` is to be asked; None: never."""

    async def unread(self, reply: Reply, state: State) -> Elsewhere | None:
        """Return where the answer is to be sent as well; None where it was read or there is no other way."""


@runtime_checkable
class Routed(Protocol):
    """A connector that is told of messages by HTTP: it serves a part of the public listener."""

    def routes(self, intake: Intake, state: State) -> Iterable[web.RouteDef]:
        """What to serve while `run` runs; asked once each time that the connector is started.

        Every path begins with `/hooks/<name of the connector>/`, or is one that no other kind has (the chat
        API's).  Handlers answer for their own errors, limits and signatures.
        """


@runtime_checkable
class Checkable(Protocol):
    """A connector or helpdesk that can prove its settings without side effects."""

    async def check(self) -> None:
        """Return if credentials and reachability are proven; raise an error that names the remedy."""


@runtime_checkable
class Provable(Protocol):
    """A connector that keeps in State what it needs to prove its settings: rotating tokens, a budget."""

    async def prove(self, state: State) -> str:
        """Do what `Checkable.check` does, and return what an operator wants to know besides, in a few words."""


@runtime_checkable
class Backfillable(Protocol):
    """A connector that can read again what lies before its start or was read already."""

    def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]:
        """Hand over everything since a time again, yielding how many were handed over so far."""


class Held(msgspec.Struct, frozen=True):
    """Messages that a source holds now, by the source ids under which they are accounted for."""

    passed: Sequence[str] = ()
    """Those that were read, as the cursor says: the store must know each of them."""
    ahead: Sequence[str] = ()
    """Those that may still have to be read; what was not acknowledged yet is known all the same."""


@runtime_checkable
class Listable(Protocol):
    """A connector whose source can be asked what it holds."""

    def held(self, intake: Intake, state: State) -> AsyncIterator[Held]:
        """Yield what the source holds, part by part, and change nothing there, nor any cursor.

        The cursor is looked at first, so that what comes meanwhile is ahead.  Raises what `run` raises.
        """
