"""A Redis of the test's own, to be stopped, killed and frozen at will, and a store beside it."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from store.store import Store
from tests.support.redis import RedisServer, started

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let connections to a killed server go unclosed: redis-py drops them so, in the middle of a command."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True)
def _dropped() -> Iterator[None]:
    """What was dropped so is found in the test that dropped it, and not in the next one."""
    yield
    gc.collect()


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
