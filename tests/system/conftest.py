"""A daemon in a temporary folder, ended whatever happens."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import Daemon
from tests.support.dovecot import Dovecot, started


@pytest.fixture
def make_daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Makes daemons, each in a folder of its own or in one that is named."""
    made: list[Daemon] = []

    def make(folder: Path | None = None, **settings: Any) -> Daemon:
        made.append(Daemon(folder or tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        if one.process is not None and one.process.poll() is None:
            one.kill()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path: Dovecot's sockets lie in it, and their names are limited."""
    path = Path(tempfile.mkdtemp(prefix="fanin-way-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def dovecot(server_folder: Path) -> Iterator[Dovecot]:
    """A server that runs through the whole session; tests must not stop it."""
    server = started(server_folder / "shared")
    yield server
    server.stop()


@pytest.fixture
def own_dovecot(server_folder: Path) -> Iterator[Dovecot]:
    """A server of the test's own, to be stopped, killed and started at will."""
    server = started(server_folder / uuid.uuid4().hex[:8])
    yield server
    server.kill()


@pytest.fixture
def daemon(make_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon on the embedded default."""
    return make_daemon()
