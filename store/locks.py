"""One process reads a connector of a data_dir, and one delivers: locks that the kernel frees when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import Misconfigured


@contextmanager
def turn(folder: Path, name: str) -> Iterator[None]:
    """Wait for a lock (flock on `<folder>/<name>`) and hold it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def process_lock(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of a connector, or of the delivery (flock on `<folder>/<name>`).

    Raises Misconfigured, naming the holder's process id, if another process holds it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise Misconfigured(
                f"{name} is being done by another fanin (process {holder}) on this data_dir: "
                "stop that one, or give this one a data_dir of its own"
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
