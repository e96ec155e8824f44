"""An emulated Weibo for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.clock import FastClock
from tests.support.weibo import Desk
from tests.support.weibo_emulator import Emulator, served
from tests.support.weibo_world import World


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An account that nobody has written to; an hour takes a third of a minute."""
    clock = FastClock(200)
    emulator = Emulator(World(now=clock.now), limit=2000)
    async with served(emulator) as address:
        yield Desk(emulator, address, clock)
