"""The rows that an acceptance writes, gathered table by table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
from sqlalchemy import Connection, bindparam, delete
from sqlalchemy.dialects.sqlite import insert

from model.event import Event
from model.json import Json
from model.ticket import Attachment, Channel, ConversationPart, Lane, Requester, Ticket
from store.arrival import Arrival, Content, Target, milliseconds
from store.bulk import run, write_rows
from store.conversations import Thread
from store.crypto import Vault
from store.redaction import Told, redaction_event, redaction_row
from store.schema import attachment, blob, cursor, dead_letter, delivery, message, original, outbox

_ENCODE = msgspec.json.Encoder().encode


class Rows:
    """Rows of one commit, written with a statement a table."""

    def __init__(self, vault: Vault, now: int, base_url: str) -> None:
        self._vault, self._now, self._base_url = vault, now, base_url
        self._forgotten: list[dict[str, Any]] = []
        self._messages: dict[tuple[str, str], dict[str, Any]] = {}
        self._originals: dict[tuple[str, str], dict[str, Any]] = {}
        self._attachments: list[dict[str, Any]] = []
        self._blobs: dict[str, dict[str, Any]] = {}
        self._deliveries: list[dict[str, Any]] = []
        self._outbox: list[dict[str, Any]] = []
        self._dead: list[dict[str, Any]] = []
        self._cursors: dict[tuple[str, str], dict[str, Any]] = {}

    def add_message(
        self,
        arrival: Arrival,
        *,
        status: str,
        detail: str | None = None,
        event: Event | None = None,
        letter: str | None = None,
    ) -> None:
        """Account for an arrival, by its event or its dead letter where it has one."""
        body = None
        if event is not None:
            body = self._vault.seal(_ENCODE(event), event.id.encode())
        self._messages[arrival.connector, arrival.source_id] = {
            "connector": arrival.connector,
            "source_id": arrival.source_id,
            "status": status,
            "detail": detail,
            "event": event.id if event else letter,
            "conversation": event and event.partitionkey,
            "sequence": event and event.data.conversation.sequence,
            "received_at": milliseconds(arrival.received_at),
            "accepted_at": self._now,
            "body": body,
        }

    def add_redaction(self, told: Told, sequence: int, lane: Lane) -> None:
        """Tell each helpdesk that had a message how it is now."""
        event = redaction_event(told, sequence, lane, datetime.fromtimestamp(self._now / 1000, UTC))
        sealed = self._vault.seal(_ENCODE(event), event.id.encode())
        row = redaction_row(told, sequence, self._now, sealed)
        self._messages[row["connector"], row["source_id"]] = row
        for helpdesk, options in told.helpdesks:
            job = {
                "event": event.id,
                "helpdesk": helpdesk,
                "conversation": event.partitionkey,
                "sequence": sequence,
                "lane": lane,
            }
            self._outbox.append(job)
            self._deliveries.append({**job, "options": options, "status": "due", "tries": 0})

    def replace_message(self, arrival: Arrival) -> None:
        """Forget how an arrival was accounted for before, be it in this commit."""
        self._messages.pop((arrival.connector, arrival.source_id), None)
        self._forgotten.append({"_connector": arrival.connector, "_source_id": arrival.source_id})

    def add_ticket(self, arrival: Arrival, event_id: str, thread: Thread, targets: list[Target]) -> None:
        """Make an accepted arrival the newest message of its conversation, with a job for each helpdesk."""
        assert arrival.draft is not None
        event = self._event(arrival, event_id, thread, self._add_files(arrival, event_id))
        self._add_original(arrival, secret=bool(arrival.draft.safety.redacted or arrival.draft.corrections))
        self.add_message(arrival, status="accepted", event=event)
        for target in targets:
            job = {
                "event": event_id,
                "helpdesk": target.helpdesk,
                "conversation": thread.id,
                "sequence": thread.last_sequence,
                "lane": event.lane,
            }
            self._outbox.append(job)
            self._deliveries.append(
                {**job, "options": orjson.dumps(target.options).decode(), "status": "due", "tries": 0}
            )

    def bury(self, arrival: Arrival) -> None:
        """Account for an arrival of which not even a stub could be made."""
        self._add_original(arrival, secret=False)
        letter = self._vault.uuid(b"dead", arrival.connector, arrival.source_id)
        self.add_message(arrival, status="dead", detail="normalize", letter=letter)
        self._dead.append({
            "id": letter,
            "stage": "normalize",
            "reason": arrival.dead,
            "connector": arrival.connector,
            "source_id": arrival.source_id,
            "event": None,
            "helpdesk": None,
            "buried_at": self._now,
        })  # fmt: skip

    def move_cursor(self, connector: str, stream: str, value: Json) -> None:
        """Move a stream's cursor; the last of several moves counts."""
        self._cursors[connector, stream] = {
            "connector": connector,
            "stream": stream,
            "value": orjson.dumps(value).decode(),
            "moved_at": self._now,
        }

    def write(self, connection: Connection) -> None:
        """Write everything, referenced rows first."""
        write_rows(connection, _FORGET, self._forgotten)
        if self._messages:
            self._number(connection)
        for statement, rows in (
            (_ADD_BLOB, list(self._blobs.values())),
            (_ADD_MESSAGE, list(self._messages.values())),
            (_ADD_ORIGINAL, list(self._originals.values())),
            (_ADD_ATTACHMENT, self._attachments),
            (_ADD_DELIVERY, self._deliveries),
            (_ADD_JOB, self._outbox),
            (_ADD_LETTER, self._dead),
            (_MOVE_CURSOR, list(self._cursors.values())),
        ):
            write_rows(connection, statement, rows)

    def _number(self, connection: Connection) -> None:
        """Give the messages the next positions: an original stands beside its message, at the end of its table."""
        ((last,),) = run(connection, _LAST).fetchall()
        for position, row in enumerate(self._messages.values(), last + 1):
            row["position"] = position
        for source, row in self._originals.items():
            row["message"] = self._messages[source]["position"]

    def _event(self, arrival: Arrival, id_: str, thread: Thread, attachments: tuple[Attachment, ...]) -> Event:
        trace = id_.replace("-", "")
        ticket = self._ticket(arrival, id_, thread, attachments)
        return Event(
            id=id_,
            source=f"/fanin/{arrival.connector}",
            subject=thread.tracking_number,
            time=datetime.fromtimestamp(self._now / 1000, UTC),
            partitionkey=thread.id,
            sequence=f"{thread.last_sequence:010d}",
            lane=ticket.triage.lane,
            traceparent=f"00-{trace}-{trace[:16]}-01",
            data=ticket,
        )

    def _ticket(self, arrival: Arrival, id_: str, thread: Thread, attachments: tuple[Attachment, ...]) -> Ticket:
        draft = arrival.draft
        assert draft is not None
        return Ticket(
            tracking_number=thread.tracking_number,
            conversation=ConversationPart(
                id=thread.id,
                kind="new" if thread.last_sequence == 1 else "follow_up",
                sequence=thread.last_sequence,
                visibility=arrival.visibility,
                transcript_url=f"{self._base_url}/v1/tickets/{thread.tracking_number}/transcript",
            ),
            channel=Channel(kind=arrival.channel, connector=arrival.connector, account=arrival.account),
            requester=msgspec.structs.replace(draft.requester, id=self._requester_id(draft.requester, id_)),
            message=msgspec.structs.replace(draft.message, id=id_),
            attachments=attachments,
            facts=draft.facts,
            triage=draft.triage,
            safety=draft.safety,
        )

    def _requester_id(self, requester: Requester, event_id: str) -> str:
        """The same for the same first identity; a requester without any is nobody else's."""
        first = requester.identities[0] if requester.identities else None
        return self._vault.known_uuid(b"requester", (f"{first.kind}:{first.value}" if first else event_id))

    def _add_original(self, arrival: Arrival, *, secret: bool) -> None:
        """Keep the message as it came: small in its row, since nothing else is ever the same."""
        content = arrival.original
        if content is None:
            return
        sealed = self._sealed(content)
        if sealed is None:
            self._add_blob(content)
        self._originals[arrival.connector, arrival.source_id] = {
            "secret": int(secret),
            "sha256": content.sha256,
            "media_type": arrival.media_type,
            "content": sealed,
            "stored_at": self._now,
        }

    def _add_files(self, arrival: Arrival, event_id: str) -> tuple[Attachment, ...]:
        assert arrival.draft is not None
        attachments = []
        for index, (file, content) in enumerate(zip(arrival.draft.files, arrival.files, strict=True)):
            id_ = self.add_attachment(event_id, index, content, file.filename, file.media_type)
            attachments.append(
                Attachment(
                    id=id_,
                    filename=file.filename,
                    media_type=file.media_type,
                    declared_media_type=file.declared_media_type,
                    size=content.size,
                    sha256=content.sha256,
                    inline=file.inline,
                    content_id=file.content_id,
                    url=f"{self._base_url}/v1/attachments/{id_}",
                )
            )
        return tuple(attachments)

    def add_attachment(self, owner: str, index: int, content: Content, filename: str, media_type: str) -> str:
        """Note a content as the owner's attachment with this number; returns its id."""
        self._add_blob(content)
        id_ = attachment_id(self._vault, owner, index)
        self._attachments.append({
            "id": id_,
            "event": owner,
            "sha256": content.sha256,
            "size": content.size,
            "filename": filename and self._vault.seal(filename.encode(), id_.encode()),
            "media_type": media_type,
            "stored_at": self._now,
        })  # fmt: skip
        return id_

    def _add_blob(self, content: Content) -> None:
        if content.sha256 in self._blobs:
            return
        self._blobs[content.sha256] = {
            "sha256": content.sha256,
            "size": content.size,
            "content": self._sealed(content),
            "stored_at": self._now,
        }

    def _sealed(self, content: Content) -> bytes | None:
        """What is small enough for the database, sealed; None of what is a file."""
        return None if content.clear is None else self._vault.seal(content.clear, content.sha256.encode())


def attachment_id(vault: Vault, owner: str, index: int) -> str:
    """The id under which a file of an event or an answer is served."""
    return vault.uuid(b"attachment", owner, "attachment", str(index))


_LAST = "SELECT coalesce(max(position), 0) FROM message"
_FORGET = delete(message).where(
    message.c.connector == bindparam("_connector"), message.c.source_id == bindparam("_source_id")
)
_ADD_BLOB = insert(blob).on_conflict_do_nothing()
_ADD_MESSAGE = insert(message)
_ADD_ORIGINAL = insert(original)
_ADD_ATTACHMENT = insert(attachment).on_conflict_do_nothing()
_ADD_DELIVERY = insert(delivery)
_ADD_JOB = insert(outbox)
_ADD_LETTER = insert(dead_letter)
_MOVE_CURSOR = insert(cursor)
_MOVE_CURSOR = _MOVE_CURSOR.on_conflict_do_update(
    index_elements=["connector", "stream"],
    set_={"value": _MOVE_CURSOR.excluded.value, "moved_at": _MOVE_CURSOR.excluded.moved_at},
)
