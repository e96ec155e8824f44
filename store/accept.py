"""Acceptance: many batches become conversations, messages, jobs and cursors, in one transaction.

In reading order: what is known already is looked up for the whole group at once; each arrival is then
decided in memory, in the order in which it came, seeing what was decided before it; at the end each
table is written with one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

import msgspec
from sqlalchemy import Connection, bindparam, select

from model.draft import Draft
from model.envelope import Receipt
from store.arrival import Arrival, Batch, Target, milliseconds
from store.bulk import among, select_among
from store.conversations import Thread, Threads
from store.crypto import Vault
from store.redaction import correct
from store.rows import Rows
from store.schema import conversation, message


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What acceptance has to know of the configuration."""

    base_url: str
    """What every link in a ticket begins with."""
    helpdesks: frozenset[str] | None = None
    """The helpdesks that are configured now; None: whichever are named."""


class Known(msgspec.Struct, frozen=True):
    """A message that the store holds, as far as a receipt needs it."""

    status: str
    event: str | None
    conversation: str | None
    sequence: int | None
    tracking_number: str | None

    def receipt(self, status: str | None = None) -> Receipt:
        """The receipt of a message like this one, as it is or under another status."""
        return msgspec.convert(
            {
                "status": status or self.status,
                "message_id": None if self.status == "dead" else self.event,
                "conversation_id": self.conversation,
                "sequence": self.sequence,
                "tracking_number": self.tracking_number,
            },
            Receipt,
        )


class Acceptance:
    """Accepts the batches of one commit."""

    def __init__(self, connection: Connection, vault: Vault, now: datetime, terms: Terms) -> None:
        self._connection, self._vault, self._terms = connection, vault, terms
        self._rows = Rows(vault, milliseconds(now), terms.base_url)
        self._sources: dict[tuple[str, str], Known] = {}
        self._events: dict[str, Known] = {}
        self._threads = Threads(connection, vault, now)

    def run(self, batches: Sequence[Batch]) -> list[list[Receipt]]:
        """Accept every batch and return its receipts, in order."""
        arrivals = [arrival for batch in batches for arrival in batch.arrivals]
        events = [event_id(self._vault, arrival) for arrival in arrivals]
        self._look_up(arrivals, events)
        receipts = iter([self._accept(arrival, event) for arrival, event in zip(arrivals, events, strict=True)])
        for batch in batches:
            if batch.cursor is not None:
                self._rows.move_cursor(batch.connector, batch.stream, batch.cursor)
        self._threads.write()
        self._rows.write(self._connection)
        return [list(islice(receipts, len(batch.arrivals))) for batch in batches]

    def _look_up(self, arrivals: list[Arrival], events: list[str]) -> None:
        """Fetch whatever the decisions may depend on."""
        by_connector: dict[str, list[str]] = {}
        for arrival in arrivals:
            by_connector.setdefault(arrival.connector, []).append(arrival.source_id)
        self._sources = known_sources(self._connection, by_connector)
        self._events = _known_events(self._connection, events)
        fresh = {
            event: arrival.draft
            for arrival, event in zip(arrivals, events, strict=True)
            if arrival.draft and event not in self._events
        }
        self._threads.look_up(fresh)

    def _accept(self, arrival: Arrival, event: str) -> Receipt:
        source = (arrival.connector, arrival.source_id)
        if known := self._sources.get(source):
            let_in = known.status == "ignored" and arrival.draft is not None  # by a later rule
            if not let_in and known.status != "retried":
                return known.receipt("duplicate" if known.status == "accepted" else known.status)
            self._rows.replace_message(arrival)
        known = self._decide(arrival, event)
        self._sources[source] = known
        return known.receipt()

    def _decide(self, arrival: Arrival, event: str) -> Known:
        if arrival.draft is None:
            return self._set_aside(arrival)
        if same := self._events.get(event):
            self._rows.add_message(arrival, status="duplicate", detail=event)
            return msgspec.structs.replace(same, status="duplicate")
        thread = self._threads.place(arrival, event)
        self._correct(arrival.draft, event, thread)
        known = Known("accepted", event, thread.id, thread.last_sequence, thread.tracking_number)
        self._rows.add_ticket(arrival, event, thread, _targets(arrival, thread, self._terms.helpdesks))
        self._events[event] = known
        return known

    def _correct(self, made: Draft, event: str, thread: Thread) -> None:
        """Write anew what this message shows to have held a part of a secret; told before the message itself."""
        for told in correct(self._connection, self._vault, thread.id, made.corrections, event):
            self._rows.add_redaction(told, thread.last_sequence, made.triage.lane)
            thread.last_sequence += 1

    def _set_aside(self, arrival: Arrival) -> Known:
        """Account for a message that becomes no ticket."""
        if arrival.ignored is not None:
            self._rows.add_message(arrival, status="ignored", detail=arrival.ignored)
            return Known("ignored", None, None, None, None)
        self._rows.bury(arrival)
        return Known("dead", None, None, None, None)


def event_id(vault: Vault, arrival: Arrival) -> str:
    """The id of the message's event, the same wherever and however often the message is found.

    A mail is itself in whichever mailbox it lies; everything else is named by its account and source.
    """
    if arrival.draft and arrival.draft.fingerprint:
        return vault.uuid(b"mail", arrival.draft.fingerprint.hex())
    return vault.uuid(b"message", arrival.channel, arrival.account, arrival.source_id)


def known_sources(connection: Connection, by_connector: dict[str, list[str]]) -> dict[tuple[str, str], Known]:
    """The messages that the store has, of those named by connector and source id."""
    found = {}
    for connector, source_ids in by_connector.items():
        for source_id, *known in select_among(connection, _KNOWN_SOURCES, source_ids, connector):
            found[connector, source_id] = Known(*known)
    return found


def known_receipts(connection: Connection, asked: Sequence[tuple[str, Sequence[str]]]) -> list[dict[str, Receipt]]:
    """For each (connector, source ids) the receipts of those messages that need not be understood again."""
    by_connector: dict[str, list[str]] = {}
    for connector, source_ids in asked:
        by_connector.setdefault(connector, []).extend(source_ids)
    found = {
        source: known.receipt("duplicate" if known.status == "accepted" else None)
        for source, known in known_sources(connection, by_connector).items()
        if known.status not in _MAY_CHANGE
    }
    return [
        {id_: found[connector, id_] for id_ in source_ids if (connector, id_) in found}
        for connector, source_ids in asked
    ]


def _known_events(connection: Connection, events: list[str]) -> dict[str, Known]:
    return {known[1]: Known(*known) for _, *known in select_among(connection, _KNOWN_EVENTS, events)}


_MAY_CHANGE = ("ignored", "retried")
"""A later rule may let it in; somebody asked for it again."""
_KNOWN = select(
    message.c.source_id,
    message.c.status,
    message.c.event,
    message.c.conversation,
    message.c.sequence,
    conversation.c.tracking_number,
).outerjoin(conversation, conversation.c.id == message.c.conversation)
_KNOWN_EVENTS = _KNOWN.where(among(message.c.event))
_KNOWN_SOURCES = _KNOWN.where(message.c.connector == bindparam("connector"), among(message.c.source_id))


def _targets(arrival: Arrival, thread: Thread, configured: frozenset[str] | None) -> list[Target]:
    """The helpdesks of the message: a conversation stays with those that it has.

    A follow-up that matches another route changes how its helpdesks treat it, not which they are.
    Where none of them is configured any more, the message goes where a new one would.
    """
    wanted = {target.helpdesk: target for target in arrival.targets}
    if thread.helpdesks is None:
        thread.helpdesks = list(wanted)
    staying = [
        wanted.get(name, Target(helpdesk=name)) for name in thread.helpdesks if configured is None or name in configured
    ]
    return staying or list(wanted.values())
