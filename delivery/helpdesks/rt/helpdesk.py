"""Writes events into Request Tracker: one ticket a conversation, one correspondence a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from weakref import WeakValueDictionary

import msgspec
import structlog

from delivery.base import AnswerFile, Answers, Place, Setback
from delivery.helpdesks.rt import answers, probe
from delivery.helpdesks.rt.attempts import Attempts
from delivery.helpdesks.rt.client import Refused, RtSession, Unclear, session
from delivery.helpdesks.rt.files import Sorted, as_links, form, sort
from delivery.helpdesks.rt.message import body, marker_name, requestor, requestor_address, subject, warning
from delivery.helpdesks.rt.settings import RtSettings
from delivery.helpdesks.rt.ticket import Written, changes, find_conversation, find_event, reopening, wanted
from model.errors import CredentialsRejected, Permanent, Transient
from model.event import REDACTED, Event, TicketRef
from model.json import Json

log = structlog.get_logger()

_ENCODE = msgspec.json.Encoder().encode


class RtHelpdesk:
    """A queue of Request Tracker (see `delivery.base.Helpdesk`, `Provable` and `Answering`).

    RT knows no idempotency key.  Each message carries its event as an attachment, which is there exactly
    when the message is; it is looked for before anything is written, and a request whose outcome is unclear
    is not repeated while RT may still be at work on it.
    """

    def __init__(self, settings: RtSettings, place: Place) -> None:
        self._settings, self._place = settings, place
        self._attempts = Attempts(place, settings.timeout + settings.server_limit)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:
        """Write the event, once.  Raises Transient, Permanent or CredentialsRejected."""
        turn = self._turns.setdefault(event.id, asyncio.Lock())
        async with turn, session(self._settings) as rt:
            try:
                return TicketRef(await self._deliver(rt, event, ref, options))
            except Refused as error:
                raise Transient(str(error)) from None

    async def check(self) -> None:
        """Return if RT would take a ticket in the configured queue.  Leaves no trace."""
        async with session(self._settings) as rt:
            await probe.check(rt, self._settings)

    async def prove(self) -> list[str]:
        """Write a ticket, a correspondence and the custom field, read them back, and delete the ticket."""
        async with session(self._settings) as rt:
            return await probe.prove(rt, self._settings)

    async def answers(self, after: Json | None) -> Answers:
        """Read what agents answered since."""
        async with session(self._settings) as rt:
            return await answers.read(rt, self._settings, after)

    async def read_answer_file(self, file: AnswerFile) -> AsyncIterator[bytes]:
        """Yield the content of an agent's file."""
        async with session(self._settings) as rt:
            yield await answers.content(rt, file.id)

    async def tell(self, setback: Setback) -> None:
        """Comment on the ticket that an answer did not reach the customer, and open it again, once."""
        turn = self._turns.setdefault(setback.id, asyncio.Lock())
        async with turn, session(self._settings) as rt:
            try:
                await self._tell(rt, setback)
            except Refused as error:
                raise Permanent(str(error)) from None

    async def _tell(self, rt: RtSession, setback: Setback) -> None:
        if await find_event(rt, setback.id):
            return
        version = await self._attempts.refuse_unclear(setback.id)
        ticket = await _usable(rt, setback.ticket.value)
        if ticket is None:
            raise Permanent(f"ticket {setback.ticket.value} is gone")
        fields: dict[str, Json] = {
            "Content": warning(setback),
            "ContentType": "text/plain",
            **await reopening(rt, ticket, self._settings.reopen_to),
        }
        marker = (marker_name(setback.id), _ENCODE(setback))
        async with self._attempts.begun(setback.id, version, Unclear):
            await rt.post(f"/ticket/{ticket['id']}/comment", fields, form(fields, marker, (), self._place))

    async def _deliver(self, rt: RtSession, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> str:
        if known := await find_event(rt, event.id):
            return known.ticket
        version = await self._attempts.refuse_unclear(event.id)
        if event.type == REDACTED and (first := await find_event(rt, event.data.message.id)):
            return await self._correct(rt, event, first, version)
        number = ref.value if ref else await find_conversation(rt, self._settings.custom_field, event)
        found = await sort(event.data.attachments, self._place, self._settings)
        message = _Message(event, found, version, {str(key): str(value) for key, value in options.items()})
        if number and (ticket := await _usable(rt, number)):
            await self._change(rt, ticket, message)
            try:
                return await self._continue(rt, ticket, message)
            except Refused as error:
                log.warning("ticket.refused", event_id=event.id, ticket=number, reason=str(error))
        return await self._open(rt, message, follows=number)

    async def _correct(self, rt: RtSession, event: Event, first: Written, version: int | None) -> str:
        """Put the message without its secret beside the first form of it, which REST 2 cannot take away."""
        number = first.transaction
        notes = (
            f"A secret was seen later in the message of transaction {number}: this is what it says without it.",
            f"RT keeps the first form until somebody runs: rt-shredder --plugin 'Objects=Transaction,{number}'",
        )
        log.warning("message.uncorrected", event_id=event.id, ticket=first.ticket, transaction=number)
        message = _Message(event, Sorted((), notes), version, {})
        try:
            await self._write(rt, f"/ticket/{first.ticket}/comment", {}, message)
        except Refused:
            await self._write(rt, f"/ticket/{first.ticket}/correspond", {}, message)
        return first.ticket

    async def _continue(self, rt: RtSession, ticket: Mapping[str, Any], message: _Message) -> str:
        """Add the event to the ticket, which it reopens.  Raises Refused if RT does not let us."""
        number = str(ticket["id"])
        fields = {"Subject": subject(message.event.data), **await reopening(rt, ticket, self._settings.reopen_to)}
        await self._write(rt, f"/ticket/{number}/correspond", fields, message)
        return number

    async def _change(self, rt: RtSession, ticket: Mapping[str, Any], message: _Message) -> None:
        """Give the ticket what the route asks for; a refusal must not keep the message back."""
        try:
            if fields := await changes(rt, ticket, message.options):
                await rt.put(f"/ticket/{ticket['id']}", fields)
        except Refused as error:
            log.warning("ticket.unchanged", event_id=message.event.id, ticket=str(ticket["id"]), reason=str(error))

    async def _open(self, rt: RtSession, message: _Message, *, follows: str | None) -> str:
        """Open a ticket, where the route wants it or else in the configured queue."""
        fields = self._new(message, follows)
        try:
            return await self._create(rt, fields, message)
        except Refused as error:
            if error.status == 403 and fields["Queue"] != self._settings.queue:
                log.warning("queue.refused", event_id=message.event.id, queue=fields["Queue"], reason=str(error))
                return await self._create_or_fail(rt, fields | {"Queue": self._settings.queue}, message)
            raise _hopeless(error, self._settings) from None

    async def _create_or_fail(self, rt: RtSession, fields: Mapping[str, Json], message: _Message) -> str:
        try:
            return await self._create(rt, fields, message)
        except Refused as error:
            raise _hopeless(error, self._settings) from None

    async def _create(self, rt: RtSession, fields: Mapping[str, Json], message: _Message) -> str:
        answer = await self._write(rt, "/ticket", fields, message)
        number = answer.get("id") if isinstance(answer, dict) else None
        if number is None:
            raise Unclear("RT did not say which ticket it created")
        return str(number)

    def _new(self, message: _Message, follows: str | None) -> dict[str, Json]:
        """The fields of a new ticket."""
        settings, ticket = self._settings, message.event.data
        fields: dict[str, Json] = {
            "Queue": settings.queue,
            "Subject": subject(ticket),
            "Requestor": requestor(ticket.requester),
            **wanted(message.options),
        }
        own = fields.get("CustomFields")
        fields["CustomFields"] = {
            **(own if isinstance(own, dict) else {}),
            settings.custom_field: ticket.tracking_number,
        }
        if not settings.mails_requester:
            fields["SquelchMailTo"] = requestor_address(ticket.requester)
        if follows:
            # as an address, because RT links no ticket that is deleted
            fields["RefersTo"] = f"{settings.url}/Ticket/Display.html?id={follows}"
        return fields

    async def _write(self, rt: RtSession, path: str, fields: Mapping[str, Json], message: _Message) -> Any:
        """Write the message with its files, or, where RT refuses that, with links to them."""
        async with self._attempts.begun(message.event.id, message.version, Unclear):
            try:
                return await self._post(rt, path, fields, message.event, message.files)
            except Refused as error:
                if error.status not in (400, 413) or not message.files.parts:
                    raise
                log.warning("files.refused", event_id=message.event.id, reason=str(error))
            return await self._post(rt, path, fields, message.event, as_links(message.event.data.attachments))

    async def _post(self, rt: RtSession, path: str, fields: Mapping[str, Json], event: Event, files: Sorted) -> Any:
        content, content_type = body(event, files.notes, self._settings.body)
        marker = (marker_name(event.id), _ENCODE(event))
        fields = {**fields, "Content": content, "ContentType": content_type}
        try:
            return await rt.post(path, fields, form(fields, marker, files.parts, self._place))
        except KeyError:
            raise Transient("a file expired while it was being sent") from None


class _Message(msgspec.Struct, frozen=True):
    """An event on its way: with its files, the version of its attempt, and the route's options."""

    event: Event
    files: Sorted
    version: int | None
    options: dict[str, str]


async def _usable(rt: RtSession, number: str) -> Mapping[str, Any] | None:
    """The ticket, or the one it was merged into; None where it is gone, deleted, or not ours to see."""
    if not number.isdigit():
        return None
    try:
        ticket: Mapping[str, Any] = await rt.get(f"/ticket/{number}")
    except Refused as error:
        if error.status not in (403, 404):
            raise
        return None
    return None if ticket.get("Status") == "deleted" else ticket


def _hopeless(error: Refused, settings: RtSettings) -> CredentialsRejected | Permanent:
    """What to make of a ticket that RT does not let us create."""
    if error.status in (403, 404):
        return probe.no_right(error, settings)
    return Permanent(str(error))
