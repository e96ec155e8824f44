"""Weibo keeps the contract of connectors, against the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.weibo.connector import WeiboConnector
from connectors.weibo.settings import WeiboSettings
from tests.contract.connectors import ConnectorContract, Source
from tests.support.clock import FastClock
from tests.support.memory import MemoryHealth
from tests.support.weibo_emulator import Emulator, served
from tests.support.weibo_world import World


class Comments(Source):
    """Comments to the account, as the emulator lists them."""

    def __init__(self, emulator: Emulator, address: str, clock: FastClock) -> None:
        self.emulator, self.address, self.clock = emulator, address, clock
        self.numbers: dict[int, int] = {}

    def put(self, number: int) -> None:
        """Somebody comments."""
        self.numbers[self.emulator.world.comment("2489518277", f"number {number};")] = number

    def acknowledged(self) -> set[int]:
        """Whoever asks for what comes after an id has told that the rest is safe; the id itself is asked for too."""
        asked = (fields for name, fields in self.emulator.asked if name == "comments/to_me")
        since = max((int(fields.get("since_id", -1)) + 1 for fields in asked), default=0)
        return {number for id_, number in self.numbers.items() if id_ <= since}

    def connector(self, health: MemoryHealth) -> WeiboConnector:
        """A reader from the beginning, that looks often."""
        return weibo(self.address, self.clock, health)

    def spoil(self) -> None:
        """Something without author, time or text, and something without so much as a number."""
        self.emulator.world.add_odd("comments_to_me", {"user": None, "created_at": 5, "text": None})
        self.emulator.world.add_odd("comments_to_me", {"id": "x"})


def weibo(address: str, clock: FastClock, health: MemoryHealth, **settings: Any) -> WeiboConnector:
    """A connector that reads the emulator."""
    values = {
        "kind": "weibo",
        "uid": "1902538057",
        "access_token": "token",
        "api_base": address,
        "loopback_media": True,
        "start": "all",
        "poll": "2 s",
        "reconcile": "20 s",
        "calls_per_hour": 50_000,
        **settings,
    }
    return WeiboConnector("reader", WeiboSettings.model_validate(values), health, clock)


class TestWeibo(ConnectorContract):
    """Comments, read from the emulator seven at a time."""

    kind = "weibo"

    @pytest.fixture
    async def source(self) -> AsyncIterator[Comments]:
        """An account that nobody has written to."""
        clock = FastClock(200)
        emulator = Emulator(World(now=clock.now), limit=50_000)
        emulator.most = 7
        async with served(emulator) as address:
            yield Comments(emulator, address, clock)
