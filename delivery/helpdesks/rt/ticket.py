"""Tickets of Request Tracker: how the right one is found, and what a message changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from delivery.helpdesks.rt.client import Refused, RtSession
from delivery.helpdesks.rt.message import marker_name
from model.event import Event
from model.json import Json

OPEN = ("new", "open", "stalled")
"""Statuses of RT's default lifecycle in which a ticket is worked on; of others RT is asked."""
FIELD = "cf."
"""What an option begins with that sets a custom field."""


class Written(msgspec.Struct, frozen=True):
    """Where an event stands: the number of a ticket, and of the transaction that wrote it."""

    ticket: str
    transaction: str


async def find_event(rt: RtSession, event_id: str) -> Written | None:
    """Where the event stands already, or None: RT keeps an index of the names of attachments."""
    query = [{"field": "Filename", "value": marker_name(event_id)}]
    found = await rt.get("/attachments", query=msgspec.json.encode(query).decode(), fields="TransactionId")
    for item in items(found):
        if transaction := item.get("TransactionId"):
            of = await rt.get(f"/transaction/{transaction}")
            if of.get("Object", {}).get("type") == "ticket":
                return Written(str(of["Object"]["id"]), str(transaction))
    return None


async def find_conversation(rt: RtSession, field: str, event: Event) -> str | None:
    """The newest ticket of the conversation, known by its tracking number, or None.  For a lost database."""
    query = f"'CF.{{{field}}}' = '{event.data.tracking_number}'"
    try:
        found = await rt.get("/tickets", query=query, orderby="id", order="DESC", per_page="1")
    except Refused:
        return None  # there is no such field, which `check` says
    return next((str(item["id"]) for item in items(found) if "id" in item), None)


def items(answer: Any) -> list[dict[str, Any]]:
    """The items of a collection that we may see."""
    listed = answer.get("items") if isinstance(answer, dict) else None
    return [item for item in listed or () if isinstance(item, dict)]


def wanted(options: Mapping[str, str]) -> dict[str, Json]:
    """The fields of a ticket that a route's options ask for; others are not RT's."""
    fields: dict[str, Json] = {name.title(): value for name, value in options.items() if name in ("queue", "priority")}
    if own := {name[len(FIELD) :]: value for name, value in options.items() if name.startswith(FIELD)}:
        fields["CustomFields"] = dict(own)
    return fields


async def changes(rt: RtSession, ticket: Mapping[str, Any], options: Mapping[str, str]) -> dict[str, Json]:
    """What has to be set for the ticket to be as the route asks, except what a person has set since."""
    fields = wanted(options)
    own = fields.pop("CustomFields", None)
    queue = str(fields.get("Queue", ""))
    if queue and queue in (str(ticket["Queue"]["id"]), await _queue_name(rt, ticket)):
        del fields["Queue"]
    if str(fields.get("Priority", "")) == str(ticket.get("Priority")):
        fields.pop("Priority", None)
    if fields:
        by_people = await _set_by_people(rt, ticket)
        fields = {name: value for name, value in fields.items() if name not in by_people}
    filled = {one["name"] for one in ticket.get("CustomFields", ()) if one.get("values")}
    if isinstance(own, dict) and (empty := {name: value for name, value in own.items() if name not in filled}):
        fields["CustomFields"] = empty
    return fields


async def reopening(rt: RtSession, ticket: Mapping[str, Any], status: str) -> dict[str, Json]:
    """The status to set with a message, where the ticket is one that nobody works on."""
    if ticket.get("Status") in OPEN:
        return {}
    found = await rt.get("/tickets", query=f"id = {ticket['id']} AND Status = '__Inactive__'", per_page="1")
    return {"Status": status} if items(found) else {}


async def _queue_name(rt: RtSession, ticket: Mapping[str, Any]) -> str | None:
    try:
        return str((await rt.get(f"/queue/{ticket['Queue']['id']}")).get("Name"))
    except Refused:
        return None


async def _set_by_people(rt: RtSession, ticket: Mapping[str, Any]) -> set[str]:
    """The fields whose last change is of somebody else than who opened the ticket, which was us."""
    query = msgspec.json.encode([{"field": "Type", "value": "Set"}]).decode()
    history = await rt.get(
        f"/ticket/{ticket['id']}/history",
        query=query,
        fields="Field,Creator",
        orderby="id",
        order="ASC",
        per_page="100",
    )
    last = {item.get("Field"): item.get("Creator", {}).get("id") for item in items(history)}
    return {str(field) for field, who in last.items() if who != ticket.get("Creator", {}).get("id")}
