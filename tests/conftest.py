"""Servers, and a store with the pipeline that fills it, which tests of several kinds share."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fanin.pipeline import Pipeline
from store.store import Store
from tests.support import dovecot as imap
from tests.support import rt as tracker
from tests.support.dovecot import Dovecot
from tests.support.pipeline import make_pipeline
from tests.support.rt import Rt


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store, empty."""
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    """A pipeline whose messages all go to one helpdesk."""
    return make_pipeline(store, tmp_path)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path: Dovecot's sockets lie in it, and their names are limited."""
    path = Path(tempfile.mkdtemp(prefix="fanin-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def dovecot(server_folder: Path) -> Iterator[Dovecot]:
    """A server that runs through the whole session; tests must not stop it."""
    server = imap.started(server_folder / "shared")
    yield server
    server.stop()


@pytest.fixture
def own_dovecot(server_folder: Path) -> Iterator[Dovecot]:
    """A server of the test's own, to be stopped, killed and started at will."""
    server = imap.started(server_folder / uuid.uuid4().hex[:8])
    yield server
    server.kill()


@pytest.fixture(scope="session")
def rt_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rt]:
    """A Request Tracker that runs through the whole session."""
    server = tracker.started(tmp_path_factory.mktemp("rt"))
    yield server
    server.stop()


@pytest.fixture
def rt(rt_server: Rt) -> Rt:
    """The same, with everything forgotten that was written before."""
    rt_server.forget()
    return rt_server
