"""What travels on the queue: CloudEvents 1.0 in structured JSON mode."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from model.ticket import Lane, Ticket

RECEIVED = "fanin.message.received.v1"
REDACTED = "fanin.message.redacted.v1"
"""The data is the ticket of a message that was received before, under the same `message.id`, without a secret that was
seen later: it takes the place of what was there."""
TICKET_SCHEMA = "https://fanin.invalid/schema/ticket-1.json"
"""Identifies the version of the ticket format; the document itself is `fanin schema ticket`."""


class Event(Struct, frozen=True, kw_only=True):
    """A CloudEvent (https://github.com/cloudevents/spec, version 1.0) whose data is a ticket.

    `id` is derived from the message's source, so a consumer that remembers ids never books one twice.
    `partitionkey` is the conversation and `sequence` orders the events of it; lower-case names without
    separators are what the specification asks of extension attributes.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str = RECEIVED
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str = TICKET_SCHEMA
    partitionkey: str
    sequence: str
    lane: Lane
    traceparent: str
    data: Ticket


class Job(Struct, frozen=True, kw_only=True):
    """A trigger to deliver an event to a helpdesk; the ledger, not the job, says whether it is due."""

    event: str
    helpdesk: str
    conversation: str
    sequence: int
    lane: Lane

    @property
    def id(self) -> str:
        """The key under which a queue recognises the job."""
        return f"{self.event}.{self.helpdesk}"


class TicketRef(Struct, frozen=True):
    """The helpdesk's own name for the case, opaque to us."""

    value: str
