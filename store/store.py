"""The door to everything that survives a crash."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from model.draft import Heard
from model.envelope import BlobRef, Receipt
from model.errors import Misconfigured, Permanent, Transient
from model.event import Event, Job, TicketRef
from model.json import Json
from model.ticket import Lane
from store import audit, dead_letters, kept, ledger, originals, places, redaction, retention
from store.accept import Acceptance, Terms, known_receipts
from store.arrival import SMALL, Batch, Content
from store.blobs import BlobFiles
from store.crypto import Vault, load_master_key
from store.database import create_store_engine
from store.files import StoredFile, find_file
from store.folder import make_data_dir, prove_writable, usable
from store.handed import HandedBook
from store.locks import NamedLocks
from store.migrate import migrate
from store.reader import Reader
from store.reply_book import ReplyBook
from store.writer import Writer

KEY_PROOF = ("", "key")
"""The kept value, of no connector, that opens only with the store's key."""
NAMED_LOCKS = "-named"
"""No connector can have this name."""
FILE_WRITERS = 4
"""Large contents of a batch that are written at once: each waits for the disk, not for the processor."""

P = ParamSpec("P")
R = TypeVar("R")


class Store:
    """An open `data_dir`: database, blob files and keys.

    Everything that writes goes through one writer and returns once it is committed; it raises Transient
    if the database cannot take it now.
    """

    def __init__(
        self,
        data_dir: Path,
        engine: Engine,
        vault: Vault,
        terms: Terms,
        *,
        min_free_disk: int,
        redact: Callable[[str], str],
    ) -> None:
        self.data_dir, self.vault, self._redact = data_dir, vault, redact
        self._engine, self._terms, self._min_free_disk = engine, terms, min_free_disk
        self._blobs = BlobFiles(data_dir / "blobs", vault)
        self._writer = Writer(engine)
        self._reader = Reader(engine)
        self._known = self._reader.together(known_receipts)
        self._pairs = self._reader.together(ledger.pairs)
        self._outbox = self._reader.together(ledger.unpublished)
        self.locks = NamedLocks(data_dir / "locks" / NAMED_LOCKS)
        self.handed = HandedBook(self._writer, self._reader)
        self.replies = ReplyBook(vault, self._writer, self._reader.do, redact)

    @property
    def base_url(self) -> str:
        """What every link in a ticket begins with."""
        return self._terms.base_url

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        *,
        base_url: str = "http://127.0.0.1:9090",
        key: str | None = None,
        min_free_disk: int = 0,
        helpdesks: frozenset[str] | None = None,
        redact: Callable[[str], str] = str,
    ) -> Store:
        """Open the data_dir, creating or migrating what is in it.

        `helpdesks` are those that are configured now; a conversation does not stay with any other.  `redact` takes
        secrets from the words of other systems, which are kept in the clear as the reason of a failure.

        Raises Misconfigured if it cannot be written, or belongs to a newer version.
        """
        make_data_dir(data_dir)
        path = data_dir / "fanin.db"
        is_new = not path.exists()
        terms = Terms(base_url=base_url, helpdesks=helpdesks)
        with usable(data_dir):
            if not is_new:
                prove_writable(path)
            master = await asyncio.to_thread(load_master_key, data_dir / "keys" / "store.key", key, create=is_new)
            engine = create_store_engine(path)
            await asyncio.to_thread(migrate, engine, path)
            store = cls(data_dir, engine, Vault(master), terms, min_free_disk=min_free_disk, redact=redact)
        try:
            await store._prove_key()
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Finish what is being written, and let go of the files."""
        await self._writer.close()
        self._reader.close()
        self._engine.dispose()
        self.locks.close()

    # -- intake ---------------------------------------------------------------------------------

    async def accept(self, batch: Batch) -> list[Receipt]:
        """Make a batch durable and move its cursor, in one transaction; one receipt for each arrival.

        Raises Transient, having stored nothing, if the disk is almost full or cannot be written.
        """
        self.refuse_when_full()
        return await self._writer.do(self._accept, batch)

    def refuse_when_full(self) -> None:
        """Raise Transient if less than `min_free_disk` bytes are free: the rest is the ledger's."""
        free = shutil.disk_usage(self.data_dir).free
        if free < self._min_free_disk:
            raise Transient(
                f"{free // 2**20} MiB are free in data_dir, less than min_free_disk "
                f"({self._min_free_disk // 2**20} MiB): make room; nothing is lost, reading goes on by itself"
            )

    async def known(self, connector: str, source_ids: Sequence[str]) -> dict[str, Receipt]:
        """The receipts of those messages that need not be understood again.

        One that was ignored is not among them, since a later rule may let it in, nor a dead letter that is retried.
        """
        return await self._known.ask((connector, source_ids))

    async def keep(self, contents: Sequence[tuple[str, bytes]]) -> list[Content]:
        """Prepare contents, by their digests, for acceptance: large ones are written to their files now."""
        large = [(sha256, content) for sha256, content in contents if len(content) > SMALL]
        shares = [large[start::FILE_WRITERS] for start in range(min(FILE_WRITERS, len(large)))]
        await asyncio.gather(*(asyncio.to_thread(self._blobs.put, share) for share in shares))
        return [
            Content(sha256=sha256, size=len(content), clear=content if len(content) <= SMALL else None)
            for sha256, content in contents
        ]

    async def write_blob(self, chunks: AsyncIterator[bytes]) -> BlobRef:
        """Store a stream, encrypted as it is written.  Raises Transient if the disk cannot take it."""
        self.refuse_when_full()
        return await self._blobs.write(chunks)

    def iter_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield the clear content of a blob in pieces; blocks on the disk, so it is for threads.

        Raises KeyError if it is not there (any more), Permanent if it is damaged.
        """
        try:
            yield from self._blobs.read(sha256)  # also a spooled message, which no row names yet
        except FileNotFoundError:
            with self._engine.connect() as connection:
                sealed = connection.exec_driver_sql("SELECT content FROM blob WHERE sha256 = ?", (sha256,)).scalar()
            if sealed is None:
                raise KeyError(sha256) from None
            yield self.vault.open(sealed, sha256.encode())

    async def read_blob(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the clear content of a blob in pieces, as `iter_blob` does."""
        pieces = self.iter_blob(sha256)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    async def find_attachment(self, id_: str) -> StoredFile | None:
        """An attachment by its id, or None if there is none (any more)."""
        return await self._read(find_file, self.vault, id_)

    async def heard(self, connector: str, keys: Sequence[str]) -> dict[str, dict[str, list[Heard]]]:
        """What was said last in the conversations that a connector's messages opened or continued under each key.

        The conversations of a key, and what was said in each, are in order.
        """
        return await self._read(redaction.heard, self.vault, connector, keys)

    async def scrub(self) -> None:
        """Take what was overwritten out of the write-ahead log, too; not while somebody reads, but then later."""
        await self._read(redaction.checkpoint)

    async def original(self, owner: str) -> AsyncIterator[bytes] | None:
        """The message as it came, of an event or a dead letter, in pieces; None if it expired or held a secret."""
        found = await self._read(originals.find_original, owner)
        return None if found is None or found.secret else self._pieces(found)

    async def open_original(self, event: str, by: str) -> AsyncIterator[bytes] | None:
        """A message as it came, in pieces, whether it held a secret or not; who asked for it is remembered."""
        found = await self._read(originals.find_original, event)
        if found is None:
            return None
        await self._writer.do(originals.record_openings, originals.Opening(event, by, _now()))
        return self._pieces(found)

    async def _pieces(self, found: originals.StoredOriginal) -> AsyncIterator[bytes]:
        if found.content is not None:
            yield self.vault.open(found.content, found.sha256.encode())
            return
        async for piece in self.read_blob(found.sha256):
            yield piece

    async def openings(self) -> list[originals.Opening]:
        """Who looked at which original, first things first."""
        return await self._read(originals.list_openings)

    # -- connectors' own ------------------------------------------------------------------------

    async def cursor(self, connector: str, stream: str) -> Json | None:
        """Where the stream stands, or None."""
        return await self._read(kept.read_cursor, connector, stream)

    async def get(self, connector: str, name: str) -> tuple[Json, int] | None:
        """A kept value and its version, or None if there is none that is still valid."""
        return await self._read(kept.read_value, self.vault, connector, name, _now())

    async def put(self, put: kept.Put) -> bool:
        """Compare and set; False if another writer came first."""
        return await self._writer.do(kept.put_values, put)

    async def delete(self, connector: str, name: str) -> None:
        """Forget a kept value."""
        await self._writer.do(kept.delete_values, (connector, name))

    # -- delivery -------------------------------------------------------------------------------

    async def unpublished(self, helpdesk: str, lane: Lane, limit: int) -> list[tuple[int, Job]]:
        """The oldest jobs of a lane that are not yet published."""
        return await self._outbox.ask((helpdesk, lane, limit))

    async def published(self, positions: Sequence[int]) -> None:
        """Take published jobs from the outbox."""
        await self._writer.do(ledger.published, positions)

    async def pair(
        self, conversation: str, helpdesk: str, *, urgent_only: bool = False
    ) -> tuple[list[ledger.Due], TicketRef | None]:
        """The next unsettled deliveries of a conversation to a helpdesk, in order, and their ticket."""
        return await self._pairs.ask((conversation, helpdesk, urgent_only))

    def open_event(self, due: ledger.Due) -> Event:
        """The event of a delivery.  Raises Permanent if it cannot be opened any more."""
        return ledger.open_event(self.vault, due)

    async def settle(self, settled: ledger.Settled) -> None:
        """Record a delivery that succeeded."""
        await self._writer.do(ledger.settle, settled)

    async def postpone(self, failed: ledger.Failed) -> None:
        """Record a delivery that is to be tried again."""
        await self._writer.do(ledger.postpone, failed)

    async def bury(self, due: ledger.Due, reason: str, at: datetime) -> None:
        """Give a delivery up."""
        id_ = self.vault.uuid(b"dead", due.event_id, due.helpdesk)
        await self._writer.do(ledger.bury, ledger.Buried(id=id_, due=due, reason=self._redact(reason), at=at))

    async def republish_due(self, now: datetime) -> int:
        """Put jobs into the outbox for the postponed deliveries whose time has come."""
        if await self._read(ledger.any_due, now):
            return await self._writer.do(ledger.republish_due, now)
        return 0

    async def republish_all(self, helpdesk: str) -> int:
        """Put jobs into the outbox for all unsettled deliveries to a helpdesk."""
        return await self._writer.do(ledger.republish_all, helpdesk)

    async def unsettled(self, helpdesk: str, after: Job | None, limit: int) -> list[Job]:
        """Jobs of what is due now at a helpdesk and not in the outbox, in the order of their conversations' ids."""
        return await self._read(ledger.unsettled, helpdesk, after, limit)

    async def backlog(self) -> list[ledger.Backlog]:
        """How much waits for each helpdesk, and since when."""
        return await self._read(ledger.backlog)

    async def events(self, conversation: str, after: int, limit: int | None = None) -> list[Event | ledger.Unreadable]:
        """The first events of a conversation after a sequence number that have not expired, in order."""
        return await self._read(ledger.events, self.vault, conversation, after, limit)

    async def find_conversation(self, number: str) -> str | None:
        """The conversation that has the tracking number, or None."""
        return await self._read(places.find_conversation, number)

    async def helpdesks_of(self, conversation_id: str) -> list[str]:
        """The helpdesks that a conversation is with, the first of its route first."""
        return await self._read(places.helpdesks_of, conversation_id)

    async def conversation_of(self, helpdesk: str, reference: str) -> str | None:
        """The conversation whose ticket at a helpdesk has the reference, or None."""
        return await self._read(places.conversation_of, helpdesk, reference)

    async def find_place(self, connector: str, key: str) -> tuple[str, str, int] | None:
        """Conversation, tracking number and last sequence of the newest that a connector opened under a thread key."""
        return await self._read(places.find_place, connector, self.vault.digest(b"thread", key))

    async def find_accepted(self, connector: str, source_id: str) -> tuple[str, datetime] | None:
        """The event of an accepted message and when that arrived, or None if no such message was accepted."""
        return await self._read(places.find_accepted, connector, source_id)

    # -- operators ------------------------------------------------------------------------------

    async def account(self, helpdesks: list[str]) -> audit.Account:
        """Count everything, and say what does not balance."""
        return await self._read(audit.take_account, helpdesks)

    async def unknown(self, connector: str, source_ids: Sequence[str]) -> list[str]:
        """Those of a connector's source ids that are not accounted for, in their order."""
        return await self._read(audit.unknown_sources, connector, source_ids)

    async def list_dead_letters(self, limit: int = 1000) -> list[dead_letters.DeadLetter]:
        """The newest dead letters."""
        return await self._read(dead_letters.list_letters, limit)

    async def find_dead_letter(self, id_: str) -> dead_letters.DeadLetter | None:
        """The only dead letter whose id begins so, or None."""
        return await self._read(dead_letters.find_letter, id_)

    async def retry(self, letter: dead_letters.DeadLetter) -> None:
        """Make a given-up message wanted again."""
        await self._writer.do(dead_letters.retry_letters, letter)

    async def drop(self, letter: dead_letters.DeadLetter) -> None:
        """Give a message up for good."""
        await self._writer.do(dead_letters.drop_letters, letter)

    async def expire(self, keep: retention.Retention, now: datetime) -> None:
        """Remove what has expired and the files that nothing names."""
        for rule in retention.rules(keep, now):
            found = retention.FOUND
            while found == retention.FOUND:
                keys = await self._read(retention.find, rule)
                found = len(keys)
                for step in retention.steps(rule, keys):
                    await self._writer.do(retention.change, step)
        await self._read(retention.sweep_files, self._blobs)

    async def ready(self) -> None:
        """Return if the store can be written now.  Raises Transient if not."""
        self.refuse_when_full()
        await self._writer.do(_nothing, None)

    async def _prove_key(self) -> None:
        """Raise Misconfigured if what is stored was written with another key."""
        try:
            proof = await self.get(*KEY_PROOF)
        except Permanent:
            raise Misconfigured(
                "store.encryption_key: the database was written with another key; give that one again: with a new key "
                "nothing stored opens, and every mail would become a second ticket"
            ) from None
        if proof is None:
            now = _now()
            await self.put(
                kept.sealed_put(self.vault, *KEY_PROOF, True, version=None, expires=None, secret=True, now=now)
            )

    # -- plumbing -------------------------------------------------------------------------------

    def _accept(self, connection: Connection, batches: Sequence[Batch]) -> list[list[Receipt]]:
        return Acceptance(connection, self.vault, _now(), self._terms).run(batches)

    async def _read(
        self, query: Callable[Concatenate[Connection, P], R], /, *arguments: P.args, **named: P.kwargs
    ) -> R:
        return await self._reader.do(query, *arguments, **named)


def _nothing(_connection: Connection, callers: Sequence[None]) -> list[None]:
    """Commit nothing, which still takes the write lock."""
    return list(callers)


def _now() -> datetime:
    return datetime.now(UTC)
