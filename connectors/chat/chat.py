"""What customers can do, whichever way they come: by HTTP request or by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from connectors.base import Entry, Intake, State
from connectors.chat import wire
from connectors.chat.batch import Batches
from connectors.chat.message import envelope, is_same, source_id, thread_key
from connectors.chat.problem import Refused
from connectors.chat.rate import Limiter
from connectors.chat.room import Listener, Rooms, said_after
from connectors.chat.session import Session, Sessions
from connectors.chat.settings import ChatSettings
from connectors.chat.upload import Uploads
from model.reply import Reply


class Chat:
    """A running chat: its sessions, its open sockets, and the way to the store."""

    def __init__(self, name: str, settings: ChatSettings, intake: Intake, state: State, proven: Any) -> None:
        self.settings, self.state = settings, state
        self.sessions = Sessions(settings, state)
        self.uploads = Uploads(settings, state)
        self.rooms = Rooms(settings.allow)
        self.batches = Batches(intake, proven)
        self.limiter = Limiter({rate: getattr(settings.rates, rate) for rate in type(settings.rates).model_fields})
        self._name = name

    async def write(
        self, session: Session, wanted: wire.PostMessage, *, listener: Listener | None = None
    ) -> wire.Acknowledged:
        """Store a message; it is durable when this returns.

        The same `client_msg_id` again is the same message.  Raises Refused if the message cannot be taken,
        Transient if the store does not take it now.
        """
        client_msg_id = self._checked(session, wanted)
        named = [one.upload_id for one in wanted.attachments]
        files = await self.uploads.bound(named, session) if named else ()
        handed = envelope(self._name, session, client_msg_id, wanted, files)
        receipt = await self.batches.accept(handed, session.thread)
        received_at, replayed = handed.received_at, receipt.status == "duplicate"
        if replayed:
            original = await self.state.original(source_id(session, client_msg_id))
            if not is_same(original, wanted, files):
                raise Refused("id_reused", "another message was sent with this client_msg_id")
            received_at = original.received_at if original else received_at
        elif receipt.status != "accepted":
            raise Refused("invalid", "the message was put aside: it cannot be read")
        if receipt.conversation_id is not None and not replayed:
            self.rooms.name(session.thread, receipt.conversation_id)
            self.rooms.tell(session.thread, listener)
        return wire.Acknowledged(
            client_msg_id=client_msg_id,
            message_id=receipt.message_id,
            seq=receipt.sequence or 0,
            tracking_number=receipt.tracking_number,
            received_at=received_at,
            replayed=replayed,
        )

    async def history(self, session: Session, after: int, limit: int) -> wire.History:
        """What was said after a place, at most so much of it."""
        place, entries = await said_after(self.state, thread_key(session), after, limit)
        await self.seen(session, after)
        return wire.History(
            messages=tuple(wire.Said(**shown(one)) for one in entries),
            last_seq=place.last_sequence if place else 0,
            tracking_number=place.tracking_number if place else None,
        )

    async def attachment(self, session: Session, seq: int, id_: str) -> tuple[wire.Attached, AsyncIterator[bytes]]:
        """A file of a message of the session's own conversation.  Raises Refused if there is none."""
        _, entries = await said_after(self.state, thread_key(session), seq - 1, 1)
        found = [one for one in (entries[0].attachments if entries else ()) if one.id == id_]
        if not found or entries[0].sequence != seq:
            raise Refused("not_found", "there is no such attachment")
        [one] = found
        shown_as = wire.Attached(id=one.id, filename=one.filename, media_type=one.media_type, size=one.size)
        return shown_as, self.state.read_blob(one.sha256)

    async def seen(self, session: Session, seq: int) -> None:
        """Note that the customer has seen everything up to a place; only where something depends on it."""
        place = await self.state.place(thread_key(session)) if self.settings.fallback and seq else None
        if place is None:
            return
        for _ in range(3):  # the customer's other devices note it too
            found = await self.state.get(_seen(place.conversation))
            if found and int(str(found[0])) >= seq:
                return
            version, until = found[1] if found else None, session.expires_at
            if await self.state.put(_seen(place.conversation), seq, version=version, expires=until):
                return

    async def deliver(self, reply: Reply, within: timedelta) -> None:
        """Show an answer to whoever listens; it is in the store, so everybody else finds it there."""
        telling = self.rooms.tell_conversation(reply.conversation)
        if telling:
            await asyncio.wait(telling, timeout=within.total_seconds())

    def _checked(self, session: Session, wanted: wire.PostMessage) -> str:
        """The id of a message that may be taken.  Raises Refused."""
        if wanted.client_msg_id is None:
            raise Refused("invalid", "client_msg_id is needed: a UUID that you keep until the message is acknowledged")
        if not wanted.text.strip() and not wanted.attachments:
            raise Refused("invalid", "a message needs a text or an attachment")
        allow = self.settings.allow
        if len(wanted.text) > allow.text:
            raise Refused("invalid", f"a text may have at most {allow.text} characters")
        if len(wanted.attachments) > allow.files:
            raise Refused("invalid", f"a message may have at most {allow.files} attachments")
        self.limiter.hit("messages", session.id)
        self.limiter.hit("app", session.app)
        return wanted.client_msg_id.lower()


def shown(entry: Entry) -> dict[str, Any]:
    """A message as customers see it: the fields of `wire.Said`."""
    _, slash, client_msg_id = (entry.source_id or "").rpartition("/")
    return {
        "message_id": entry.id,
        "seq": entry.sequence,
        "author": entry.author,
        "name": entry.name,
        "text": entry.text,
        "at": entry.at,
        "client_msg_id": client_msg_id if slash else None,
        "attachments": tuple(
            wire.Attached(id=one.id, filename=one.filename, media_type=one.media_type, size=one.size)
            for one in entry.attachments
        ),
    }


async def was_seen(state: State, reply: Reply) -> bool:
    """Whether the customer has seen an answer."""
    found = await state.get(_seen(reply.conversation))
    return found is not None and int(str(found[0])) >= reply.sequence


def _seen(conversation: str) -> str:
    return f"seen:{conversation}"
