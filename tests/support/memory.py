"""In-memory twins of what the daemon gives a connector: Intake, State and Health.

They keep the contract of `connectors.base` to the letter, refuse on demand, and remember in order what
was handed over, so that a test can state what must be there and wait for it without sleeping.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime, timedelta

from connectors.base import Entry, Original, Place
from model.envelope import BlobRef, Envelope, Receipt
from model.errors import Transient
from model.json import Json


class MemoryIntake:
    """An Intake whose store is a list.

    `sameness` names what makes two envelopes one message beyond their source id; without it the source
    id alone decides.
    """

    def __init__(self, *, sameness: Callable[[Envelope], Hashable | None] = lambda _: None) -> None:
        self.accepted: list[Envelope] = []
        self.ignored: list[Envelope] = []
        self.duplicates: list[Envelope] = []
        self.cursors: dict[str, Json] = {}
        self.history: list[tuple[str, tuple[str, ...], Json | None]] = []
        """Every accept that was committed: stream, source ids, cursor."""
        self.refused = 0
        self._refusals = 0
        self._lost_answers = 0
        self._sameness = sameness
        self._known: dict[Hashable, Receipt] = {}
        self._changed = asyncio.Condition()

    def refuse(self, times: int = 1) -> None:
        """Let the next calls of `accept` raise Transient without taking anything."""
        self._refusals += times

    def lose_answer(self, times: int = 1) -> None:
        """Let the next calls of `accept` commit and then raise Transient, as a lost answer does."""
        self._lost_answers += times

    async def cursor(self, stream: str) -> Json | None:
        """Return the cursor of the last accept that was committed."""
        return self.cursors.get(stream)

    def ahead(self, batch: Sequence[Envelope]) -> AbstractAsyncContextManager[Sequence[Envelope]]:
        """Nothing is to be gained here."""
        return nullcontext(batch)

    async def accept(self, batch: Sequence[Envelope], *, stream: str = "", cursor: Json | None = None) -> list[Receipt]:
        """Take the batch and the cursor in one step, or raise Transient and take nothing."""
        await asyncio.sleep(0)
        if self._refusals:
            self._refusals -= 1
            self.refused += 1
            raise Transient("the store is told to refuse")
        receipts = [self._take(envelope) for envelope in batch]
        if cursor is not None:
            self.cursors[stream] = cursor
        self.history.append((stream, tuple(envelope.source_id for envelope in batch), cursor))
        async with self._changed:
            self._changed.notify_all()
        if self._lost_answers:
            self._lost_answers -= 1
            raise Transient("the answer of the store is told to be lost")
        return receipts

    async def until(self, condition: Callable[[MemoryIntake], bool], *, within: float = 30) -> None:
        """Wait until the condition holds; it is looked at after every accept."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def until_accepted(self, count: int, *, within: float = 30) -> list[Envelope]:
        """Wait until that many envelopes were accepted, and return all of them."""
        await self.until(lambda intake: len(intake.accepted) >= count, within=within)
        return self.accepted

    def _take(self, envelope: Envelope) -> Receipt:
        key = (envelope.connector, envelope.account, envelope.source_id)
        same = self._sameness(envelope)
        known = self._known.get(key) or (same is not None and self._known.get(same)) or None
        if known:
            self.duplicates.append(envelope)
            return Receipt(status="duplicate", message_id=known.message_id)
        if envelope.ignored:
            self.ignored.append(envelope)
            receipt = Receipt(status="ignored")
        else:
            self.accepted.append(envelope)
            receipt = Receipt(status="accepted", message_id=str(len(self.accepted)))
        self._known[key] = receipt
        if same is not None and not envelope.ignored:
            self._known[same] = receipt
        return receipt


class MemoryState:
    """A State that forgets when the test ends."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[Json, int]] = {}
        self.secrets: set[str] = set()
        self.blobs: dict[str, bytes] = {}
        self.largest_piece = 0
        self._expiry: dict[str, datetime] = {}
        self._version = 0

    async def get(self, key: str) -> tuple[Json, int] | None:
        """Return the value and its version, or None if there is none or it has expired."""
        if (expires := self._expiry.get(key)) and expires <= datetime.now(UTC):
            await self.delete(key)
        return self.values.get(key)

    async def put(
        self,
        key: str,
        value: Json,
        *,
        version: int | None = None,
        expires: datetime | None = None,
        secret: bool = False,
    ) -> bool:
        """Compare and set."""
        present = await self.get(key)
        if (present[1] if present else None) != version:
            return False
        self._version += 1
        self.values[key] = (value, self._version)
        self._expiry.pop(key, None)
        if expires:
            self._expiry[key] = expires
        (self.secrets.add if secret else self.secrets.discard)(key)
        return True

    async def delete(self, key: str) -> None:
        """Forget the value."""
        self.values.pop(key, None)
        self._expiry.pop(key, None)

    async def write_blob(self, chunks: AsyncIterator[bytes]) -> BlobRef:
        """Keep the stream; nothing is kept if it raises."""
        pieces = []
        async for piece in chunks:
            self.largest_piece = max(self.largest_piece, len(piece))
            pieces.append(piece)
        content = b"".join(pieces)
        sha256 = hashlib.sha256(content).hexdigest()
        self.blobs[sha256] = content
        return BlobRef(sha256, len(content))

    async def read_blob(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the content in one piece."""
        yield self.blobs[sha256]

    async def history(self, conversation: str, after: int, limit: int) -> list[Entry]:
        """Nothing was ever said."""
        return []

    async def place(self, key: str) -> Place | None:
        """No conversation is known."""
        return None

    async def original(self, source_id: str) -> Original | None:
        """Everything has expired."""
        return None

    def read(self, raw: bytes | BlobRef) -> bytes:
        """Return the content of an envelope, wherever it lies."""
        return self.blobs[raw.sha256] if isinstance(raw, BlobRef) else raw


class MemoryHealth:
    """A Health that remembers what was said."""

    def __init__(self) -> None:
        self.reads = 0
        self.lags: list[timedelta | None] = []
        self.reasons: list[str] = []
        self.refusals: list[tuple[str, str]] = []
        self.expires_at: datetime | None = None
        self.budgets: dict[tuple[str, str], tuple[float, float]] = {}
        self._waiting: list[tuple[Callable[[MemoryHealth], bool], asyncio.Future[None]]] = []

    def proven(self, *, lag: timedelta | None = None) -> None:
        """Count a successful read."""
        self.reads += 1
        self.lags.append(lag)
        self._wake()

    def retrying(self, reason: str) -> None:
        """Remember the reason."""
        self.reasons.append(reason)
        self._wake()

    def rejected(self, reason: str, remedy: str) -> None:
        """Remember the refusal."""
        self.refusals.append((reason, remedy))
        self._wake()

    def expires(self, at: datetime | None) -> None:
        """Remember the end of the credentials."""
        self.expires_at = at

    def spent(self, span: str, used: float, limit: float, unit: str) -> None:
        """Remember what was used."""
        self.budgets[span, unit] = (used, limit)
        self._wake()

    async def until(self, condition: Callable[[MemoryHealth], bool], *, within: float = 30) -> None:
        """Wait until the condition holds."""
        if condition(self):
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((condition, done))
        async with asyncio.timeout(within):
            await done

    def _wake(self) -> None:
        for condition, done in self._waiting:
            if not done.done() and condition(self):
                done.set_result(None)
