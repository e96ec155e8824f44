"""A connector that reads an emulated X into memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from connectors.x.connector import XConnector
from connectors.x.settings import XSettings
from model.clock import Clock
from model.envelope import Envelope
from model.spoken import Spoken
from tests.support.clock import ManualClock
from tests.support.memory import MemoryHealth, MemoryIntake, MemoryState
from tests.support.x_emulator import Emulator
from tests.support.x_world import ACCOUNT

CONSENT = {"client_id": "client", "refresh_token": "refresh-0"}


class Reader:
    """The connector, with what the daemon gives it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.world = emulator, emulator.world
        emulator.limits["mentions"] = [10**6, 10**6]
        self.intake, self.state, self.health = MemoryIntake(), MemoryState(), MemoryHealth()
        self.clock: Clock | None = None
        self.given: dict[str, Any] = {
            "kind": "x",
            "user_id": ACCOUNT,
            "bearer_token": "app-token",
            "api_base": emulator.url,
            "start": "all",
            "poll": "20 ms",
            "loopback_media": True,
            "budget": {"per_day": "1000 USD", "per_month": "10000 USD"},
        }

    def stop_time(self) -> ManualClock:
        """Let the connector and X go by a clock that the test moves."""
        self.clock = self.world.clock = clock = ManualClock(patient=True)
        return clock

    def connector(self, **more: Any) -> XConnector:
        """A connector as a process that was just started makes it."""
        return XConnector("reader", XSettings.model_validate(self.given | more), self.health, self.clock)

    @asynccontextmanager
    async def running(self, **more: Any) -> AsyncIterator[asyncio.Task[None]]:
        """The connector at work."""
        task = asyncio.create_task(self.connector(**more).run(self.intake, self.state))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def read(self, count: int, **more: Any) -> list[Spoken]:
        """Run until that many messages are accepted; what they say."""
        async with self.running(**more):
            await self.intake.until_accepted(count)
        return [said(one) for one in self.intake.accepted]


def said(envelope: Envelope) -> Spoken:
    """What a message says."""
    assert isinstance(envelope.raw, bytes)
    return msgspec.json.decode(envelope.raw, type=Spoken)


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    """A reader of an account that nobody has mentioned yet."""
    async with Emulator().serving() as emulator:
        yield Reader(emulator)
