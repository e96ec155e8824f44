"""The helpdesk of docs/adding-a-helpdesk.md keeps the contract."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from delivery.base import Helpdesk
from examples.tracker import TrackerHelpdesk
from model.event import Event
from tests.contract.helpdesks import HelpdeskContract
from tests.support.events import event

TABLE = "CREATE TABLE entry (event TEXT PRIMARY KEY, ticket TEXT NOT NULL, options TEXT NOT NULL, body BLOB NOT NULL)"


class TestTracker(HelpdeskContract):
    """A database in a folder of its own."""

    @pytest.fixture
    def helpdesk(self, tmp_path: Path) -> Helpdesk:
        """A tracker without entries."""
        self.path = tmp_path / "tracker.db"
        self._ask(TABLE)
        return TrackerHelpdesk(self.path)

    async def stored(self, helpdesk: Any) -> list[Event]:
        """Its entries, oldest first."""
        return [msgspec.json.decode(body, type=Event) for (body,) in self._ask("SELECT body FROM entry ORDER BY rowid")]

    def take_down(self, helpdesk: Any) -> None:
        """Take the database away."""
        self.path.rename(self.path.with_suffix(".away"))

    def bring_up(self, helpdesk: Any) -> None:
        """Put it back."""
        self.path.with_suffix(".away").rename(self.path)

    def again(self, helpdesk: Any) -> Helpdesk:
        """Another process on the same database."""
        return TrackerHelpdesk(self.path)

    async def test_options_reach_the_entry(self, helpdesk: Helpdesk) -> None:
        """What the route says is kept beside the event."""
        await helpdesk.submit(event(1), None, {"queue": "Security"})

        assert self._ask("SELECT options FROM entry") == [('{"queue":"Security"}',)]

    def _ask(self, statement: str) -> list[Any]:
        database = sqlite3.connect(self.path)
        try:
            return database.execute(statement).fetchall()
        finally:
            database.close()
