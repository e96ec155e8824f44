"""Servers that tests of several kinds share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.rt import Rt, started


@pytest.fixture(scope="session")
def rt_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rt]:
    """A Request Tracker that runs through the whole session."""
    server = started(tmp_path_factory.mktemp("rt"))
    yield server
    server.stop()


@pytest.fixture
def rt(rt_server: Rt) -> Rt:
    """The same, with everything forgotten that was written before."""
    rt_server.forget()
    return rt_server
