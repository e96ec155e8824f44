"""A helpdesk, as an example: a tracker whose cases are rows of an SQLite database of its own.

CREATE TABLE entry (event TEXT PRIMARY KEY, ticket TEXT NOT NULL, options TEXT NOT NULL, body BLOB NOT NULL)
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from delivery.settings import HelpdeskSettings
from model.errors import Transient
from model.event import Event, TicketRef
from model.json import Json
from model.settings import FilePath

_encode = msgspec.json.encode


class TrackerSettings(HelpdeskSettings):
    """A tracker."""

    kind: Literal["tracker"]
    """A tracker in SQLite."""
    path: FilePath
    """Its database, which must exist."""

    def describe(self) -> str:
        """Which database it is."""
        return str(self.path)


class TrackerHelpdesk:
    """Writes each event as an entry of its ticket (see `delivery.base.Helpdesk`)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:
        """Add the event to the ticket, or open one.  Raises Transient if the database cannot take it."""
        ticket = ref.value if ref else event.data.tracking_number
        return TicketRef(await asyncio.to_thread(self._add, event, ticket, options))

    async def check(self) -> None:
        """Return if the database can be written.  Raises Transient if not."""
        await asyncio.to_thread(self._probe)

    def _add(self, event: Event, ticket: str, options: Mapping[str, Json]) -> str:
        """Add an entry unless the event has one; returns the ticket in which the event is."""
        with self._opened() as database:
            row = (event.id, ticket, _encode(options).decode(), _encode(event))
            database.execute("INSERT INTO entry VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            found = database.execute("SELECT ticket FROM entry WHERE event = ?", (event.id,)).fetchone()
            return str(found[0])

    def _probe(self) -> None:
        """Take the lock of a writer and give it back."""
        with self._opened():
            pass

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The database in a transaction that is committed at the end of the block."""
        try:
            database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
            try:
                database.execute("BEGIN IMMEDIATE")
                yield database
                database.execute("COMMIT")
            finally:
                database.close()
        except sqlite3.OperationalError as error:
            raise Transient(f"the tracker cannot be written: {error}; is {self._path} there, and ours?") from None
