"""A daemon in a temporary folder, ended whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import Daemon


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


@pytest.fixture
def daemon(make_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon on the embedded default."""
    return make_daemon()
