"""What `fanin check` asks of Request Tracker, and what a pause asks."""

from __future__ import annotations

import secrets
from typing import Any

from delivery.helpdesks.rt.client import Refused, RtSession
from delivery.helpdesks.rt.message import NOBODY
from delivery.helpdesks.rt.settings import RtSettings
from delivery.helpdesks.rt.ticket import items
from model.errors import CredentialsRejected

RIGHTS = (
    "SeeQueue, CreateTicket, ShowTicket, ShowTicketComments, ReplyToTicket, CommentOnTicket, ModifyTicket "
    "and ShowOutgoingEmail"
)
NO_STATUS = "fanin-check"
"""A status that no lifecycle has: RT looks at the right to create first, then refuses the ticket."""
PROBE = f"fanin-check@check.{NOBODY}"
SCRIPS = "“On Create Autoreply To Requestors” and “On Correspond Notify Requestors and Ccs”"


async def check(rt: RtSession, settings: RtSettings) -> None:
    """Return if a ticket would be taken in the configured queue; nothing is written.

    Raises CredentialsRejected or Transient.
    """
    try:
        queue = await rt.get(f"/queue/{settings.queue}")
        await rt.post("/ticket", {"Queue": settings.queue, "Status": NO_STATUS})
    except Refused as error:
        if error.status != 400:
            raise no_right(error, settings) from None
    if settings.custom_field not in {field.get("name") for field in queue.get("TicketCustomFields", ())}:
        raise CredentialsRejected(
            f"the queue {settings.queue} has no ticket custom field {settings.custom_field} that we may see",
            remedy=_make_field(settings),
        )


async def prove(rt: RtSession, settings: RtSettings) -> list[str]:
    """Write a ticket and a correspondence, read back what RT drops in silence, and delete the ticket."""
    await check(rt, settings)
    value = f"check-{secrets.token_hex(4)}"
    ticket = await _create(rt, settings, value)
    number = ticket["id"]
    try:
        fields = {one["name"]: one.get("values") for one in (await rt.get(f"/ticket/{number}")).get("CustomFields", ())}
        if fields.get(settings.custom_field) != [value]:
            raise CredentialsRejected(
                f"RT dropped what was written into the custom field {settings.custom_field}",
                remedy=_make_field(settings),
            )
        await rt.post(
            f"/ticket/{number}/correspond", {"Content": "written by fanin check", "ContentType": "text/plain"}
        )
        notes = await _mails(rt, str(number), settings)
    except Refused as error:
        raise no_right(error, settings) from None
    finally:
        deleted = await _delete(rt, str(number))
    return [*notes, *([] if deleted else [f"ticket {number} was written by this check and may be deleted by hand"])]


def no_right(error: Refused, settings: RtSettings) -> CredentialsRejected:
    """The error of a right that fanin's user lacks."""
    if error.status == 404:
        return CredentialsRejected(
            f"there is no REST 2 at {settings.url}", remedy="set `url` to the address of an RT 5"
        )
    return CredentialsRejected(
        str(error),
        remedy=f"give fanin's user the rights {RIGHTS} in the queue {settings.queue}, and see that it exists",
    )


async def _create(rt: RtSession, settings: RtSettings, value: str) -> Any:
    fields: dict[str, Any] = {
        "Queue": settings.queue,
        "Subject": "written by fanin check",
        "Content": "written by fanin check",
        "CustomFields": {settings.custom_field: value},
    }
    if not settings.mails_requester:
        fields |= {"Requestor": PROBE, "SquelchMailTo": PROBE}
    try:
        return await rt.post("/ticket", fields)
    except Refused as error:
        raise no_right(error, settings) from None


async def _mails(rt: RtSession, number: str, settings: RtSettings) -> list[str]:
    """Whether RT mailed the requester his own words, as far as the ticket's history tells."""
    if settings.mails_requester:
        note = (
            f"RT mails requesters as its scrips say; {SCRIPS} would send them their own words: "
            f"let them not apply to what fanin's user writes into {settings.queue}"
        )
        return [note]
    history = await rt.get(f"/ticket/{number}/history", fields="Type", per_page="100")
    sent = [item["id"] for item in items(history) if item.get("Type") == "EmailRecord"]
    for transaction in sent:
        found = await rt.get(f"/transaction/{transaction}/attachments", fields="Headers")
        if any(PROBE in str(item.get("Headers")) for item in items(found)):
            return [f"RT mails requesters although it was asked not to: switch off {SCRIPS} for {settings.queue}"]
    return []


async def _delete(rt: RtSession, number: str) -> bool:
    try:
        await rt.put(f"/ticket/{number}", {"Status": "deleted"})
        return bool((await rt.get(f"/ticket/{number}")).get("Status") == "deleted")
    except Refused:
        return False


def _make_field(settings: RtSettings) -> str:
    return (
        f"create a custom field {settings.custom_field} (Enter one value, applies to Tickets), apply it to the queue "
        f"{settings.queue}, and give fanin's user SeeCustomField and ModifyCustomField on it"
    )
