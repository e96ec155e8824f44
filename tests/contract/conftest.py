"""Servers for the contracts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.redis import RedisServer, started


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server for all tests of a module, each of which wipes it."""
    server = started(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
