"""Every helpdesk keeps the contract, and what it has of its own."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from delivery.base import Helpdesk
from delivery.helpdesks.file import FileHelpdesk
from delivery.helpdesks.webhook import WebhookHelpdesk
from delivery.helpdesks.webhook_settings import WebhookSettings
from model.errors import Transient
from model.event import Event
from model.settings import Secret
from tests.contract.helpdesks import CONTENT, HelpdeskContract
from tests.support.events import MemoryFiles, event
from tests.support.helpdesk import MemoryHelpdesk
from tests.support.http_desk import Trouble
from tests.support.webhook import SECRET, Receiver


class TestMemory(HelpdeskContract):
    """The twin that other tests use."""

    @pytest.fixture
    def helpdesk(self) -> Helpdesk:
        """An empty one."""
        return MemoryHelpdesk()

    async def stored(self, helpdesk: MemoryHelpdesk) -> list[Event]:
        """What it took."""
        return helpdesk.events

    def take_down(self, helpdesk: MemoryHelpdesk) -> None:
        """Let everything fail."""
        helpdesk.down = Transient("down")

    def bring_up(self, helpdesk: MemoryHelpdesk) -> None:
        """Let everything pass."""
        helpdesk.down = None

    def again(self, helpdesk: MemoryHelpdesk) -> Helpdesk:
        """It remembers."""
        return helpdesk


class TestFile(HelpdeskContract):
    """The folder."""

    kind = "file"

    @pytest.fixture
    def helpdesk(self, tmp_path: Path) -> Helpdesk:
        """A folder that does not exist yet."""
        self.folder = tmp_path / "tickets"
        return FileHelpdesk(self.folder, MemoryFiles(CONTENT))

    async def stored(self, helpdesk: Any) -> list[Event]:
        """The lines of the file, whose attachments must be there."""
        path = self.folder / "tickets.jsonl"
        events = (
            [msgspec.json.decode(line, type=Event) for line in path.read_bytes().splitlines()] if path.exists() else []
        )
        for attachment in (one for each in events for one in each.data.attachments):
            saved = (self.folder / "attachments" / attachment.sha256).read_bytes()
            assert hashlib.sha256(saved).hexdigest() == attachment.sha256
        return events

    def take_down(self, helpdesk: Any) -> None:
        """Put a file where the folder should be."""
        self.folder.parent.mkdir(exist_ok=True)
        self.folder.write_text("in the way")

    def bring_up(self, helpdesk: Any) -> None:
        """Take it away."""
        self.folder.unlink()

    def again(self, helpdesk: Any) -> Helpdesk:
        """A new reader of the same folder."""
        return FileHelpdesk(self.folder, MemoryFiles(CONTENT))

    async def test_a_torn_last_line_is_cut(self, helpdesk: Helpdesk) -> None:
        """What a crash left half written is removed at the start, and its event written whole."""
        await helpdesk.submit(event(1), None, {})
        path = self.folder / "tickets.jsonl"
        with path.open("ab") as file:
            file.write(msgspec.json.encode(event(2))[:100])

        await self.again(helpdesk).submit(event(2), None, {})

        assert [one.id for one in await self.stored(helpdesk)] == [event(1).id, event(2).id]

    async def test_an_expired_attachment_does_not_keep_the_ticket_back(self, helpdesk: Helpdesk) -> None:
        """A ticket whose attachment is gone from the store is delivered without the file."""
        await helpdesk.submit(event(1, files=(b"not there",)), None, {})

        assert (self.folder / "tickets.jsonl").read_bytes().count(b"\n") == 1

    async def test_no_half_written_attachment_is_left(self, helpdesk: Helpdesk) -> None:
        """The folder of attachments holds whole files alone."""
        await helpdesk.submit(event(1, files=(CONTENT,)), None, {})

        assert [path.name for path in (self.folder / "attachments").iterdir()] == [hashlib.sha256(CONTENT).hexdigest()]


class TestWebhook(HelpdeskContract):
    """A receiver that keeps to Standard Webhooks."""

    kind = "webhook"

    @pytest.fixture
    async def helpdesk(self) -> AsyncIterator[Helpdesk]:
        """A receiver that has nothing."""
        self.receiver = Receiver()
        async with self.receiver.serving():
            yield self._made()

    def _made(self) -> Helpdesk:
        return WebhookHelpdesk(
            WebhookSettings(kind="webhook", url=self.receiver.url, secret=Secret(SECRET), allow_private=True)
        )

    async def stored(self, helpdesk: Any) -> list[Event]:
        """What it took."""
        return list(self.receiver.events.values())

    def take_down(self, helpdesk: Any) -> None:
        """Drop every connection."""
        self.receiver.fail_all(Trouble(drops=True))

    def bring_up(self, helpdesk: Any) -> None:
        """Answer again."""
        self.receiver.fail_all(None)

    def again(self, helpdesk: Any) -> Helpdesk:
        """Another process that posts to it."""
        return self._made()
