"""A Redis of the test's own, to be stopped, killed and frozen at will, and a store beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.store import Store
from tests.support.redis import RedisServer, started


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server that runs."""
    server = started(tmp_path / "redis")
    yield server
    server.kill()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store, empty."""
    opened = await Store.open(tmp_path / "data")
    yield opened
    await opened.close()
