"""What a connector may keep, kept in the store under its name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from connectors.base import Entry, Original, Place
from model.envelope import BlobRef
from model.event import Event
from model.json import Json
from model.ticket import Attachment, Ticket
from store.kept import sealed_put
from store.ledger import Unreadable
from store.replies import Said
from store.store import Store


class ConnectorState:
    """The `connectors.base.State` of one connector."""

    def __init__(self, store: Store, connector: str) -> None:
        self._store, self._connector = store, connector

    async def get(self, key: str) -> tuple[Json, int] | None:
        """Return the value and its version, or None if there is none or it has expired."""
        return await self._store.get(self._connector, key)

    async def put(
        self,
        key: str,
        value: Json,
        *,
        version: int | None = None,
        expires: datetime | None = None,
        secret: bool = False,
    ) -> bool:
        """Compare and set; False if another writer came first."""
        put = sealed_put(
            self._store.vault,
            self._connector,
            key,
            value,
            version=version,
            expires=expires,
            secret=secret,
            now=datetime.now(UTC),
        )
        return await self._store.put(put)

    async def delete(self, key: str) -> None:
        """Forget the value."""
        await self._store.delete(self._connector, key)

    async def write_blob(self, chunks: AsyncIterator[bytes]) -> BlobRef:
        """Store a stream, encrypted as it is written."""
        return await self._store.write_blob(chunks)

    def read_blob(self, sha256: str) -> AsyncIterator[bytes]:
        """Yield the clear content of a blob in pieces."""
        return self._store.read_blob(sha256)

    async def history(self, conversation: str, after: int, limit: int) -> list[Entry]:
        """Return the first of what was said in the conversation after a sequence number; not what is damaged."""
        while True:
            events = await self._store.events(conversation, after, limit)
            answers = await self._store.replies.said(conversation, after, limit)
            said = sorted([*events, *answers], key=_sequence)[:limit]
            entries = [self._entry(one) for one in said if not isinstance(one, Unreadable)]
            if entries or len(said) < limit:
                return entries
            after = _sequence(said[-1])  # all of them are damaged

    async def place(self, key: str) -> Place | None:
        """Return the newest conversation that a message of this connector opened or continued under the key."""
        found = await self._store.find_place(self._connector, key)
        return found and Place(conversation=found[0], tracking_number=found[1], last_sequence=found[2])

    async def original(self, source_id: str) -> Original | None:
        """Return what the connector handed over under the source id, or None if nothing was accepted."""
        found = await self._store.find_accepted(self._connector, source_id)
        if found is None:
            return None
        event, received_at = found
        pieces = await self._store.original(event)
        try:
            raw = pieces and b"".join([piece async for piece in pieces])
        except KeyError:  # it has expired meanwhile
            raw = None
        return Original(received_at=received_at, raw=raw or None)

    def _entry(self, said: Event | Said) -> Entry:
        return _asked(said.data) if isinstance(said, Event) else self._answered(said)

    def _answered(self, said: Said) -> Entry:
        return Entry(
            id=said.id,
            sequence=said.sequence,
            at=said.at,
            author="system" if said.automatic else "agent",
            name=said.author,
            text=said.text,
            attachments=answer_attachments(self._store, said),
        )


class HelpdeskPlace(ConnectorState):
    """The `delivery.base.Place` of one helpdesk; no connector can have the name under which it keeps things."""

    def __init__(self, store: Store, helpdesk: str) -> None:
        super().__init__(store, f"helpdesk/{helpdesk}")

    def iter_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield the clear content of a blob in pieces, in a thread."""
        return self._store.iter_blob(sha256)


def answer_attachments(store: Store, said: Said) -> tuple[Attachment, ...]:
    """The files of an answer, as they are served."""
    ids = (store.replies.attachment_id(said.id, index) for index in range(len(said.files)))
    return tuple(
        Attachment(
            id=id_,
            filename=file.filename,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            url=f"{store.base_url}/v1/attachments/{id_}",
        )
        for id_, file in zip(ids, said.files, strict=True)
    )


def _sequence(said: Event | Said | Unreadable) -> int:
    return said.data.conversation.sequence if isinstance(said, Event) else said.sequence


def _asked(ticket: Ticket) -> Entry:
    return Entry(
        id=ticket.message.id,
        sequence=ticket.conversation.sequence,
        at=ticket.message.received_at,
        author="customer",
        name=ticket.requester.name,
        text=ticket.message.text,
        source_id=ticket.message.source_id,
        attachments=ticket.attachments,
    )
