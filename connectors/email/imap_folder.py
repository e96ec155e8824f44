"""One folder of an account, read to its last message and never further than what is safe."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec
import structlog
from msgspec import Struct

from connectors.base import Health, Held, Intake, State
from connectors.email.imap_errors import Broken
from connectors.email.imap_plan import Batch, Cursor, before_start, opened, plan
from connectors.email.imap_session import Box, Listed, Session
from connectors.email.message import BEFORE_START, envelope, imap_source_id
from connectors.email.settings import EmailSettings
from model.envelope import BlobRef, Envelope
from model.errors import FaninError, Transient
from model.json import Json

_log = structlog.get_logger()

Read = AsyncGenerator[tuple[list[Envelope], int], None]
"""Envelopes in order, each time with the last UID that they account for."""

LISTED = 500
"""How many messages' sizes are asked for at once."""
PIECE = 512 << 10
"""Bytes of a large message that are asked for at once."""
HEADER = 256 << 10
"""Most bytes that are read of the header of a message that is not read whole."""
REFUSALS, SILENCES = 3, 6
"""After so many refusals, or connections lost, at the same message it is given up: a stub says so."""
RESUMES = 5
"""How often a large message is read on over a new connection without having got any further."""


class Reading(Struct, frozen=True, kw_only=True):
    """What all folders of an account share while it is read."""

    connector: str
    settings: EmailSettings
    intake: Intake
    state: State
    health: Health
    start: datetime | None
    """Messages that arrived earlier become no tickets; None: all do."""
    connect: Callable[[], AbstractAsyncContextManager[Session]]
    """Opens a further session, on which a large message is read on when its connection broke."""
    scope: str = ""
    """Names the account where the connector read another one before."""


class _Gone(Exception):
    """The message was deleted before it was read."""


class Folder:
    """Reads one folder; it outlives the sessions on which it does so."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._box: Box | None = None
        self._cursor = Cursor(uidvalidity=0)
        self._read_to = 0
        self._failures: dict[int, int] = {}
        self._untidied: list[int] = []

    async def catch_up(self, session: Session, reading: Reading) -> None:
        """Hand over every message that is not accounted for yet, in order.

        Raises what the session raises, and Transient if the store cannot take them.
        """
        self._read_to = 0
        box = await self._open(session, reading)
        first = self._cursor.uid + 1
        # "n:*" names the last message even where its UID is below n (RFC 3501 section 6.4.8).
        uids = [uid for uid in await session.uids("UID", f"{first}:*") if uid >= first]
        reading.health.proven()
        await self._hand_over(session, reading, uids)
        self._read_to = max(box.uidnext, self._cursor.uid + 1)
        await self._tidy(session, reading)

    async def changed(self, session: Session) -> bool:
        """Whether the folder may hold something new, asked without selecting it."""
        box = await session.status(self.name)
        same = box.uidvalidity == self._cursor.uidvalidity
        return not (same and 0 < box.uidnext <= self._read_to) or bool(self._untidied)

    async def backfill(self, session: Session, reading: Reading, since: datetime) -> AsyncIterator[int]:
        """Hand over everything that arrived since then, whatever the cursor says; yields how many at a time."""
        await self._look(session, reading)
        # SINCE knows days only, in the server's time zone.
        day = (since - timedelta(days=1)).strftime("%d-%b-%Y")
        uids = await session.uids("SINCE", day)
        async for envelopes, _ in self._read(session, reading, uids, since):
            wanted = [one for one in envelopes if one.ignored is None]
            await reading.intake.accept(wanted)
            yield len(wanted)

    async def held(self, session: Session, reading: Reading) -> Held:
        """What the server holds of this folder: what the cursor has passed, and what is above it."""
        await self._look(session, reading)
        uids = await session.uids("ALL")
        place = bisect_right(uids, self._cursor.uid)
        names = [self._source_id(reading, uid) for uid in uids]
        return Held(passed=names[:place], ahead=names[place:])

    # -- the cursor

    def _stream(self, reading: Reading) -> str:
        return reading.scope + self.name

    async def _look(self, session: Session, reading: Reading) -> None:
        """Open the folder for reading alone, under the cursor that is stored."""
        box = await session.select(self.name)
        known = await self._stored(reading)
        self._cursor = opened(known, box)
        self._failures = await self._load_failures(reading) if self._cursor is known else {}

    async def _open(self, session: Session, reading: Reading) -> Box:
        box = await session.select(self.name, writable=reading.settings.after != "nothing")
        if box is self._box:
            return box
        known = await self._stored(reading)
        self._cursor = opened(known, box)
        if known != self._cursor:
            # Also an empty folder's numbering is kept, so that what comes later counts as having come later.
            await self._keep_cursor(reading)
        self._box = box
        if known and self._cursor is not known:
            _log.warning("folder.renumbered", connector=reading.connector, folder=self.name)
            await reading.state.delete(self._failures_key(reading))
        self._failures = await self._load_failures(reading)
        self._untidied = await self._left_untidied(session, reading)
        return box

    async def _stored(self, reading: Reading) -> Cursor | None:
        stored = await reading.intake.cursor(self._stream(reading))
        return None if stored is None else msgspec.convert(stored, Cursor)

    async def _left_untidied(self, session: Session, reading: Reading) -> list[int]:
        """What was accepted by an earlier run that did not get to flag or move it."""
        done, uid = self._cursor.tidied, self._cursor.uid
        if reading.settings.after == "nothing" or done is None or done >= uid:
            return []
        uids = [one for one in await session.uids("UID", f"{done + 1}:{uid}") if done < one <= uid]
        listed = [one for group in _groups(uids) for one in await session.listing(group)]
        return [one.uid for one in listed if not before_start(one, reading.start, self._cursor.baseline)]

    def _advanced(self, reading: Reading, uid: int) -> Cursor:
        tidied = None
        if reading.settings.after != "nothing":
            tidied = min(self._untidied) - 1 if self._untidied else uid
        return msgspec.structs.replace(self._cursor, uid=uid, tidied=tidied)

    async def _keep_cursor(self, reading: Reading) -> None:
        await reading.intake.accept([], stream=self._stream(reading), cursor=msgspec.to_builtins(self._cursor))

    def _source_id(self, reading: Reading, uid: int) -> str:
        cursor = self._cursor
        return imap_source_id(reading.scope, self.name, cursor.uidvalidity, cursor.generation, uid)

    # -- handing over

    async def _hand_over(self, session: Session, reading: Reading, uids: Sequence[int]) -> None:
        """Read and hand over in order; while one batch is being stored, the next is being read and understood."""
        storing: asyncio.Task[None] | None = None
        batches = self._read(session, reading, uids, reading.start)
        try:
            async with aclosing(batches):
                async for envelopes, last in batches:
                    before, storing = storing, asyncio.create_task(self._store(reading, envelopes, last, storing))
                    if before:
                        await before
            if storing:
                await storing
        except Exception:
            # What was read before the trouble is stored first: so a bad line makes progress, too.
            if storing:
                await storing
            raise
        finally:
            if storing:
                storing.cancel()
                await asyncio.gather(storing, return_exceptions=True)

    async def _store(
        self, reading: Reading, envelopes: Sequence[Envelope], last: int, before: asyncio.Task[None] | None
    ) -> None:
        """Hand over a batch, which is understood while the one before it is being stored."""
        async with reading.intake.ahead(envelopes) as batch:
            if before:
                await before
            if reading.settings.after != "nothing":
                self._untidied += [_uid(one) for one in envelopes if one.ignored is None]
            cursor = self._advanced(reading, last)
            try:
                await reading.intake.accept(batch, stream=self._stream(reading), cursor=msgspec.to_builtins(cursor))
            except BaseException:
                self._box = None  # the stored cursor decides from where to go on
                raise
            self._cursor = cursor
        if self._failures and min(self._failures) <= last:
            self._failures = {}
            await reading.state.delete(self._failures_key(reading))
        oldest = min((one.received_at for one in envelopes if one.ignored is None), default=None)
        reading.health.proven(lag=datetime.now(UTC) - oldest if oldest else None)

    # -- reading

    async def _read(self, session: Session, reading: Reading, uids: Sequence[int], start: datetime | None) -> Read:
        most = reading.settings.max_message_size
        for group in _groups(uids):
            listed = await session.listing(group)
            batches = plan(
                listed, start=start, baseline=self._cursor.baseline, most=most, alone=frozenset(self._failures)
            )
            for batch in batches:
                async for envelopes, last in self._read_batch(session, reading, batch):
                    yield envelopes, last
            if not listed or listed[-1].uid != group[-1]:
                yield [], group[-1]  # the others were deleted before we came

    async def _read_batch(self, session: Session, reading: Reading, batch: Batch) -> Read:
        last = batch.messages[-1].uid
        if batch.how == "not":
            yield [self._envelope(reading, one, b"", ignored=BEFORE_START) for one in batch.messages], last
        elif batch.how == "whole" and not self._hopeless(batch.messages[0]):
            async for found in self._read_whole(session, reading, batch.messages):
                yield found
        else:
            try:
                one = await self._read_alone(session, reading, batch)
            except FaninError as trouble:
                await self._note_failure(reading, batch.messages[0], trouble)
                raise
            yield [one] if one else [], last

    async def _read_whole(self, session: Session, reading: Reading, messages: Sequence[Listed]) -> Read:
        """A batch with one command; what came whole before a trouble is not read twice."""
        bodies, trouble = await session.bodies([one.uid for one in messages])
        missing = [one for one in messages if one.uid not in bodies]
        if missing and not (trouble and isinstance(trouble, Broken)):
            here = set(await session.uids("UID", f"{missing[0].uid}:{missing[-1].uid}"))
            missing = [one for one in missing if one.uid in here]
        upto = missing[0].uid if missing else messages[-1].uid + 1
        ready = [one for one in messages if one.uid < upto]
        if ready:
            found = [self._envelope(reading, one, bodies[one.uid]) for one in ready if one.uid in bodies]
            yield found, ready[-1].uid
        if missing:
            trouble = trouble or Transient("the server leaves out a message that it has")
            await self._note_failure(reading, missing[0], trouble)
            raise trouble

    async def _read_alone(self, session: Session, reading: Reading, batch: Batch) -> Envelope | None:
        """A message that is large, or too large, or that the server cannot give; None if it is gone."""
        message = batch.messages[0]
        if batch.how == "pieces" and not self._hopeless(message):
            return await self._read_pieces(session, reading, message)
        try:
            head = await session.header(message.uid, HEADER)
        except FaninError as trouble:
            if not self._hopeless(message, beyond=True):
                raise
            _log.warning("message.given_up", connector=reading.connector, reason=str(trouble))
            head = b""
        if head is None:
            return None
        return self._envelope(reading, message, head, size=max(message.size, len(head) + 1))

    async def _read_pieces(self, session: Session, reading: Reading, message: Listed) -> Envelope | None:
        most = reading.settings.max_message_size
        try:
            blob = await reading.state.write_blob(self._pieces(session, reading, message.uid, most))
        except _Gone:
            return None
        return self._envelope(reading, message, blob, size=blob.size if blob.size <= most else blob.size + 1)

    async def _pieces(self, session: Session, reading: Reading, uid: int, most: int) -> AsyncIterator[bytes]:
        """The message piece by piece; a short piece is the last, since the stated size may be an estimate.

        Where the connection breaks, reading goes on over a new one: on a bad line a large message would
        else never arrive.
        """
        offset = tries = 0
        async with AsyncExitStack() as stack:
            while offset <= most:
                try:
                    piece = await session.piece(uid, offset, PIECE)
                except Broken:
                    tries += 1
                    if tries > RESUMES:
                        raise
                    await stack.aclose()
                    session = await stack.enter_async_context(reading.connect())
                    await self._same_folder(session)
                    continue
                if piece is None:
                    raise _Gone
                yield piece
                if len(piece) < PIECE:
                    return
                offset, tries = offset + len(piece), 0

    async def _same_folder(self, session: Session) -> None:
        if (await session.select(self.name)).uidvalidity != self._cursor.uidvalidity:
            raise Broken("the folder was renumbered while a message was read")

    def _envelope(
        self,
        reading: Reading,
        message: Listed,
        raw: bytes | BlobRef,
        *,
        size: int | None = None,
        ignored: str | None = None,
    ) -> Envelope:
        if size is None:
            size = message.size if ignored else len(raw) if isinstance(raw, bytes) else raw.size
        return envelope(
            connector=reading.connector,
            account=reading.settings.account,
            source_id=self._source_id(reading, message.uid),
            received_at=message.arrived or datetime.now(UTC),
            raw=raw,
            size=size,
            ignored=ignored,
        )

    # -- messages that give trouble

    # Counted in State, because the connector is made anew after each of them.

    def _failures_key(self, reading: Reading) -> str:
        return f"failures/{self._stream(reading)}"

    async def _load_failures(self, reading: Reading) -> dict[int, int]:
        found = await reading.state.get(self._failures_key(reading))
        return msgspec.convert(found[0], dict[int, int], strict=False) if found else {}

    async def _note_failure(self, reading: Reading, message: Listed, trouble: FaninError) -> None:
        if isinstance(trouble, Transient) and trouble.retry_after:
            return  # the server is busy; the message is not to blame
        weight = 1 if isinstance(trouble, Broken) else SILENCES // REFUSALS
        self._failures = {message.uid: self._failures.get(message.uid, 0) + weight}
        key = self._failures_key(reading)
        found = await reading.state.get(key)
        counts: dict[str, Json] = {str(uid): count for uid, count in self._failures.items()}
        await reading.state.put(key, counts, version=found[1] if found else None)

    def _hopeless(self, message: Listed, *, beyond: bool = False) -> bool:
        return self._failures.get(message.uid, 0) >= SILENCES * (2 if beyond else 1)

    # -- after acceptance

    async def _tidy(self, session: Session, reading: Reading) -> None:
        """Flag or move what is safe; failing at it loses nothing and is tried again with the next round."""
        settings = reading.settings
        if not self._untidied:
            return
        try:
            for group in _groups(self._untidied):
                if settings.after == "flag":
                    await session.flag(group)
                elif settings.move_to:
                    await session.move(group, settings.move_to)
        except Broken:
            raise
        except FaninError as error:
            _log.warning("folder.left_untidied", connector=reading.connector, reason=str(error))
            reading.health.retrying(f"messages are read but cannot be tidied: {error}")
            return
        self._untidied = []
        self._cursor = self._advanced(reading, self._cursor.uid)
        await self._keep_cursor(reading)


def _uid(one: Envelope) -> int:
    """The UID in the name that we gave; the name under which it is stored may be another."""
    return int(one.source_id.rpartition(":")[2])


def _groups(uids: Sequence[int]) -> list[list[int]]:
    rest = iter(uids)
    return list(iter(lambda: list(islice(rest, LISTED)), []))
