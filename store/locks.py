"""Locks between the processes of a data_dir, which the kernel frees when their holder dies, however it dies."""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import Misconfigured
from store.folder import usable


@contextmanager
def turn(folder: Path, name: str) -> Iterator[None]:
    """Wait for a lock (flock on `<folder>/<name>`) and hold it."""
    descriptor = _open(folder / name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def process_lock(folder: Path, name: str) -> Iterator[None]:
    """Hold the lock of a connector, or of the delivery (flock on `<folder>/<name>`).

    Raises Misconfigured, naming the holder's process id, if another process holds it, or if the file cannot be opened.
    """
    with usable(folder.parent):
        descriptor = _open(folder / name)
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


class NamedLocks:
    """Any number of locks between processes, by name, in one file.

    Each name is one byte of the file's range, which need not exist: an open file description lock of
    Linux (fcntl(2), F_OFD_SETLK).  It ends with `release`, or with the process.  A process that is stopped
    or hangs keeps what it holds, so nobody can take over what it may still be doing.

    Within a process a name may be taken again; its own order is up to the process.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = _open(path)

    def take(self, name: str) -> bool:
        """Take a lock; False if another process holds it.  Never waits."""
        try:
            self._set(name, fcntl.F_WRLCK)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, name: str) -> None:
        """Give a lock back."""
        self._set(name, fcntl.F_UNLCK)

    def close(self) -> None:
        """Give everything back."""
        os.close(self._descriptor)

    def _set(self, name: str, kind: int) -> None:
        place = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 2
        # struct flock: type, whence, start, length, pid
        fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0))


def _open(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
