"""The way of a message from its connector to the store, no turning back."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from itertools import islice

import msgspec
import structlog

from fanin.isolation import Isolation
from fanin.metrics import ACCEPT_SECONDS, MESSAGES, SECRETS
from fanin.reading import Reading
from fanin.sessions import Hearing, Sessions, corrected
from model.draft import Context, Draft, File
from model.envelope import BlobRef, Envelope, Receipt
from model.errors import Permanent, Transient
from model.json import Json
from model.spoken import SPOKEN
from normalizer.safety.name import safe_id
from normalizer.stub import ORIGINAL
from store.arrival import Arrival, Batch, Content, Target
from store.store import Store

log = structlog.get_logger()

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUIDS = re.compile(f"{_UUID}/{_UUID}")

Router = Callable[[Envelope, Draft], tuple[Target, ...]]
Readings = dict[int, Reading]
"""What became of messages, by the identity of their envelopes."""


class Ahead(list[Envelope]):
    """A batch that is being understood before it is handed over."""

    readings: asyncio.Task[Readings]


class Pipeline:
    """Accepts envelopes: understood, durable, and on their way."""

    def __init__(self, store: Store, isolation: Isolation, route: Router, wake: Callable[[], None]) -> None:
        self._store, self._isolation, self._route, self._wake = store, isolation, route, wake
        self._sessions = Sessions(store)

    async def accept(
        self, context: Context, connector: str, batch: Sequence[Envelope], stream: str, cursor: Json | None
    ) -> list[Receipt]:
        """Do what `Intake.accept` promises; `context` is what the connector lets the normalizer know."""
        with ACCEPT_SECONDS.time():
            receipts = await self._accept(context, connector, batch, stream, cursor)
        counts = Counter(receipt.status for receipt in receipts)
        for status, count in counts.items():
            MESSAGES.labels(connector, status).inc(count)
        if counts["accepted"]:
            self._wake()
        return receipts

    @asynccontextmanager
    async def ahead(self, context: Context, batch: Sequence[Envelope]) -> AsyncIterator[Ahead]:
        """Do what `Intake.ahead` promises."""
        self._store.refuse_when_full()
        ahead = Ahead(map(_named, batch))
        ahead.readings = asyncio.create_task(self._read_ahead(context, ahead), name="read ahead")
        try:
            yield ahead
        finally:
            ahead.readings.cancel()
            await asyncio.gather(ahead.readings, return_exceptions=True)

    async def _read_ahead(self, context: Context, batch: Sequence[Envelope]) -> Readings:
        """Understand what needs no more than itself: no session, and of large messages one at a time is in memory."""
        messages = [
            (envelope, envelope.raw)
            for envelope in batch
            if isinstance(envelope.raw, bytes) and envelope.ignored is None and envelope.media_type != SPOKEN
        ]
        readings = await self._isolation.read(messages, [context] * len(messages))
        return {id(envelope): reading for (envelope, _), reading in zip(messages, readings, strict=True)}

    async def _accept(
        self, context: Context, connector: str, batch: Sequence[Envelope], stream: str, cursor: Json | None
    ) -> list[Receipt]:
        self._store.refuse_when_full()
        ahead: Readings = {}
        if isinstance(batch, Ahead):
            ahead = await batch.readings
        else:
            batch = [_named(envelope) for envelope in batch]
        known = await self._store.known(connector, [envelope.source_id for envelope in batch]) if batch else {}
        fresh = [envelope for envelope in batch if envelope.source_id not in known]
        async with self._sessions.hold(connector, fresh) as hearing:
            arrivals = await self._arrivals(hearing, context, fresh, ahead)
            whole = Batch(connector=connector, arrivals=tuple(arrivals), stream=stream, cursor=cursor)
            new = await self._store_all(whole)
            hearing.remember(arrivals, new)
        await self._account_for_secrets(arrivals, new)
        found = dict(zip((id(envelope) for envelope in fresh), new, strict=True))
        return [found.get(id(envelope)) or known[envelope.source_id] for envelope in batch]

    async def _account_for_secrets(self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt]) -> None:
        """Count what was removed; what was overwritten must be in no file any more."""
        overwritten = 0
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            if arrival.draft is None or receipt.status != "accepted":
                continue
            for one in arrival.draft.safety.redacted:
                SECRETS.labels(one.kind).inc(one.count)
            if arrival.draft.corrections:
                overwritten += len(arrival.draft.corrections)
                log.info("message.corrected", event_id=receipt.message_id, earlier=len(arrival.draft.corrections))
        if overwritten:
            try:
                await self._store.scrub()
            except Transient as error:
                log.warning("store.not_scrubbed", reason=str(error))

    async def _store_all(self, batch: Batch) -> list[Receipt]:
        """Accept a batch; where one arrival is such that the store cannot hold it, that one alone is buried."""
        try:
            return await self._store.accept(batch)
        except Transient:
            raise
        except Exception:
            log.exception("store.defect", connector=batch.connector)
        receipts = [await self._store_one(batch.connector, arrival) for arrival in batch.arrivals]
        await self._store.accept(msgspec.structs.replace(batch, arrivals=()))
        return receipts

    async def _store_one(self, connector: str, arrival: Arrival) -> Receipt:
        try:
            [receipt] = await self._store.accept(Batch(connector=connector, arrivals=(arrival,)))
        except Transient:
            raise
        except Exception as error:
            log.exception("store.defect", connector=connector)
            name = arrival.source_id.encode("utf-8", "backslashreplace").decode()
            dead = Arrival(
                connector=connector,
                channel=arrival.channel,
                account=arrival.account,
                source_id=name,
                received_at=arrival.received_at,
                original=arrival.original,
                dead=f"the store cannot hold it: {type(error).__name__}",
            )
            [receipt] = await self._store.accept(Batch(connector=connector, arrivals=(dead,)))
        return receipt

    async def _arrivals(
        self, hearing: Hearing, shared: Context, batch: Sequence[Envelope], ahead: Readings
    ) -> list[Arrival]:
        """Understand the envelopes, and put what is large where the commit will name it."""
        contexts = await hearing.contexts(shared)
        contents = [b"" if envelope.ignored else await self._content(envelope) for envelope in batch]
        wanted = [
            (envelope, content, context)
            for envelope, content, context in zip(batch, contents, contexts, strict=True)
            if envelope.ignored is None and content is not None
        ]
        messages = [(envelope, content) for envelope, content, _ in wanted]
        rest = [one for one in wanted if id(one[0]) not in ahead]
        read = iter(await self._isolation.read([one[:2] for one in rest], [context for _, _, context in rest]))
        readings = [ahead.get(id(envelope)) or next(read) for envelope, _ in messages]
        drafts = corrected([_draft(reading, *one) for reading, one in zip(readings, messages, strict=True)])
        drafts = [
            await _warned(hearing, draft, envelope, context)
            for draft, (envelope, _, context) in zip(drafts, wanted, strict=True)
        ]
        originals = [(reading.sha256, raw) for reading, (_, raw) in zip(readings, messages, strict=True)]
        kept = iter(await self._keep(originals, drafts))
        understood = iter(drafts)
        return [
            _bare_arrival(envelope)
            if envelope.ignored
            else _lost_arrival(envelope)
            if content is None
            else self._arrival(envelope, next(understood), kept)
            for envelope, content in zip(batch, contents, strict=True)
        ]

    async def _keep(self, originals: Sequence[tuple[str, bytes]], drafts: Sequence[Draft]) -> list[Content]:
        """Keep the originals and attachments of a batch: for each message its original, then its files."""
        contents = [
            content
            for original, draft in zip(originals, drafts, strict=True)
            for content in (original, *((file.sha256, file.content) for file in draft.files))
        ]
        kept = iter(await self._store.keep([(name, one) for name, one in contents if not isinstance(one, BlobRef)]))
        return [
            Content(sha256=name, size=one.size) if isinstance(one, BlobRef) else next(kept) for name, one in contents
        ]

    def _arrival(self, envelope: Envelope, draft: Draft, kept: Iterator[Content]) -> Arrival:
        return msgspec.structs.replace(
            _bare_arrival(envelope),
            draft=draft,
            original=next(kept),
            files=tuple(islice(kept, len(draft.files))),
            targets=self._route(envelope, draft),
        )

    async def _content(self, envelope: Envelope) -> bytes | None:
        """The raw message in memory; None where its spool file is gone or damaged."""
        if not isinstance(envelope.raw, BlobRef):
            return envelope.raw
        try:
            return b"".join([piece async for piece in self._store.read_blob(envelope.raw.sha256)])
        except (KeyError, Permanent) as error:
            log.warning("spool.lost", connector=envelope.connector, source_id=envelope.source_id, error=str(error))
            return None


class ConnectorIntake:
    """The pipeline as one connector sees it."""

    def __init__(self, pipeline: Pipeline, store: Store, name: str, context: Callable[[datetime], Context]) -> None:
        self._pipeline, self._store, self._name, self._context = pipeline, store, name, context

    async def cursor(self, stream: str) -> Json | None:
        """Return the cursor that the last successful `accept` of this stream stored, or None."""
        return await self._store.cursor(self._name, stream)

    def ahead(self, batch: Sequence[Envelope]) -> AbstractAsyncContextManager[Sequence[Envelope]]:
        """Begin to understand a batch that is handed over later (see `connectors.base.Intake`)."""
        return self._pipeline.ahead(self._context(datetime.now(UTC)), batch)

    async def accept(self, batch: Sequence[Envelope], *, stream: str = "", cursor: Json | None = None) -> list[Receipt]:
        """Make the batch durable and move the cursor, in one transaction (see `connectors.base.Intake`)."""
        return await self._pipeline.accept(self._context(datetime.now(UTC)), self._name, batch, stream, cursor)


def _named(envelope: Envelope) -> Envelope:
    """The envelope under a name that is no secret: a source id stands in the clear wherever it is used."""
    if _UUIDS.fullmatch(envelope.source_id):  # as chats name their messages
        return envelope
    safe = safe_id(envelope.source_id)
    return envelope if safe == envelope.source_id else msgspec.structs.replace(envelope, source_id=safe)


def _bare_arrival(envelope: Envelope) -> Arrival:
    """The arrival of an envelope as far as the envelope itself tells."""
    return Arrival(
        connector=envelope.connector,
        channel=envelope.channel,
        account=envelope.account,
        source_id=envelope.source_id,
        received_at=envelope.received_at,
        visibility=envelope.visibility,
        media_type=envelope.media_type,
        ignored=envelope.ignored,
    )


def _lost_arrival(envelope: Envelope) -> Arrival:
    return msgspec.structs.replace(_bare_arrival(envelope), dead="the spooled message cannot be read back")


async def _warned(hearing: Hearing, draft: Draft, envelope: Envelope, context: Context) -> Draft:
    """The draft in the light of its conversation; a defect there costs the warning, not the message."""
    try:
        return await hearing.warned(draft, envelope, context)
    except Transient:
        raise
    except Exception:
        log.exception("normalizer.defect", connector=envelope.connector, source_id=envelope.source_id)
        return draft


def _draft(reading: Reading, envelope: Envelope, raw: bytes) -> Draft:
    """The draft; a stub has the message that it stands for attached, so that a person can look at it."""
    if not reading.is_stub or any(one.where == ORIGINAL for one in reading.draft.safety.redacted):
        return reading.draft
    is_mail = envelope.media_type != SPOKEN
    original = File(
        filename="original.eml" if is_mail else "original.json",
        media_type="message/rfc822" if is_mail else "application/json",
        content=raw,
        sha256=reading.sha256,
    )
    return msgspec.structs.replace(reading.draft, files=(*reading.draft.files, original))
