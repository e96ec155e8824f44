"""Request Tracker keeps the contract of helpdesks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from delivery.base import Helpdesk
from delivery.helpdesks.rt.helpdesk import RtHelpdesk
from delivery.helpdesks.rt.settings import RtSettings
from model.event import Event
from model.settings import Secret
from tests.contract.helpdesks import CONTENT, HelpdeskContract
from tests.support.events import MemoryPlace
from tests.support.http_desk import Front, Trouble
from tests.support.rt import Rt

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.timeout(240)]


class TestRt(HelpdeskContract):
    """A real one, behind a front that can refuse connections."""

    kind = "rt"

    @pytest.fixture
    async def helpdesk(self, rt: Rt) -> AsyncIterator[Helpdesk]:
        """A queue without tickets of ours."""
        self.rt, self.front = rt, Front(rt.url)
        self.settings = RtSettings(
            kind="rt",
            url=rt.url,
            token=Secret(rt.tokens["fanin"]),
            queue="Support",
            server_limit=timedelta(seconds=2),
        )
        async with self.front.serving():
            self.settings = self.settings.model_copy(update={"url": self.front.url})
            self.place = MemoryPlace(CONTENT)
            yield RtHelpdesk(self.settings, self.place)

    async def stored(self, helpdesk: Any) -> list[Event]:
        """The events of the markers, whose attachments must be there."""
        found = await asyncio.to_thread(self.rt.events)
        for ticket, event in found:
            if event.data.attachments:
                files = await asyncio.to_thread(self.rt.files, str(ticket))
                assert files["a"] == CONTENT
        return [event for _, event in found]

    def take_down(self, helpdesk: Any) -> None:
        """Let it drop every connection."""
        self.front.fail_all(Trouble(drops=True))

    def bring_up(self, helpdesk: Any) -> None:
        """Let it answer again."""
        self.front.fail_all(None)

    def again(self, helpdesk: Any) -> Helpdesk:
        """Another process on the same store."""
        return RtHelpdesk(self.settings, self.place)
