"""X keeps the contracts of connectors and of speakers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.base import Connector
from connectors.x.connector import XConnector
from connectors.x.settings import XSettings
from tests.contract.connectors import ConnectorContract, Source
from tests.support.memory import MemoryHealth
from tests.support.x_emulator import Emulator
from tests.support.x_world import ACCOUNT


def settings(emulator: Emulator, **more: Any) -> XSettings:
    """Settings of a connector that reads the emulator's account from its beginning."""
    given = {
        "kind": "x",
        "user_id": ACCOUNT,
        "bearer_token": emulator.bearer,
        "api_base": emulator.url,
        "start": "all",
        "poll": "20 ms",
        "loopback_media": True,
        "budget": {"per_day": "1000 USD", "per_month": "1000 USD"},
    }
    return XSettings.model_validate(given | more)


class Mentions(Source):
    """The mentions of an account; with each since_id that is asked for, X may forget what is before it."""

    def __init__(self, emulator: Emulator) -> None:
        emulator.limits["mentions"] = [10**6, 10**6]
        self.emulator, self.numbers = emulator, dict[int, int]()

    def put(self, number: int) -> None:
        """A post that mentions the account."""
        self.numbers[int(self.emulator.world.mention(f"number {number};"))] = number

    def spoil(self) -> None:
        """A post that lacks what every post has."""
        name = int(self.emulator.world.mention("x"))
        self.emulator.world.posts[name] = {"id": str(name), "text": None, "edit_history_tweet_ids": 3}

    def acknowledged(self) -> set[int]:
        """What lies before the newest since_id."""
        since = max((int(query.get("since_id", 0)) for _, query in self.emulator.asked), default=0)
        return {number for name, number in self.numbers.items() if name <= since}

    def connector(self, health: MemoryHealth) -> Connector:
        """A reader with the app's token."""
        return XConnector("reader", settings(self.emulator), health)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """X on this machine."""
    async with Emulator().serving() as served:
        yield served


class TestX(ConnectorContract):
    """Mentions on X."""

    kind = "x"

    @pytest.fixture
    def source(self, emulator: Emulator) -> Source:
        """An account that nobody has mentioned yet."""
        return Mentions(emulator)
