"""Several processes on one folder, of which one may have been stopped in the middle of a write."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from delivery.helpdesks import file
from delivery.helpdesks.file import FileHelpdesk
from model.errors import Transient
from tests.support.events import MemoryFiles, event


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LOCK_WAIT", 0.05)


@contextmanager
def held_by_another(folder: Path) -> Iterator[None]:
    """The lock of the folder, as a process that was stopped holds it."""
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def test_a_process_that_keeps_the_lock_is_named_and_nothing_is_written_past_it(tmp_path: Path) -> None:
    """Both `submit` and `check` fail in time, saying who holds the file; once it is free the event is written once."""
    desk = FileHelpdesk(tmp_path, MemoryFiles())
    await desk.submit(event(1), None, {})
    with held_by_another(tmp_path):
        with pytest.raises(Transient, match=f"process {os.getpid()}.*a very large tickets.jsonl.*let it go on"):
            await desk.submit(event(2), None, {})
        with pytest.raises(Transient, match="held by another fanin"):
            await desk.check()
    await desk.check()
    await desk.submit(event(2), None, {})
    await desk.submit(event(2), None, {})

    assert len((tmp_path / "tickets.jsonl").read_bytes().splitlines()) == 2
