"""The way of a message from its connector to the store, without a daemon around it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from fanin.isolation import Isolation, Journal
from fanin.pipeline import Pipeline
from store.arrival import Target
from store.store import Store


def make_pipeline(store: Store, folder: Path) -> Pipeline:
    """A pipeline that has heard nothing yet, and whose messages all go to one helpdesk."""
    isolation = Isolation(Journal(folder / "parsing"), time_limit=timedelta(seconds=10), memory=2**30)
    return Pipeline(store, isolation, lambda *_: (Target(helpdesk="desk"),), lambda: None)


def processes(of: int | None = None) -> set[int]:
    """The children that run now of a process, by its id; else of this one."""
    tasks = Path(f"/proc/{of or os.getpid()}/task").iterdir()
    pids = {int(pid) for one in tasks for pid in (one / "children").read_text().split()}
    return {pid for pid in pids if b"fanin.child" in _command(pid)}


def _command(pid: int) -> bytes:
    """With what a process was started; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
