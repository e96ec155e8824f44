"""The helpdesk that is a folder: `tickets.jsonl`, one CloudEvent a line, and `attachments/<sha256>`.

Useful as an archive, as the first thing that a new installation shows, and for helpdesks that import
files.  Several events share a sync of the disk; an event that stands in the file already is not written
again.  Several processes may write: each holds the file's lock (flock(2)) and first reads what others wrote.
A process that was stopped while it holds the lock may be in the middle of a line, so nobody writes past it:
the helpdesk then counts as down, and says who holds it up.  So it does while another reads a very large file for the
first time.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

from delivery.base import Files
from model.errors import Transient
from model.event import REDACTED, Event, TicketRef
from model.json import Json
from model.ticket import Attachment, Ticket
from model.together import Together
from store.crypto import sync_directory

log = structlog.get_logger()

_ENCODE = msgspec.json.Encoder().encode
_ID = re.compile(rb'\{"specversion":"1\.0","id":"([0-9a-f-]{36})"')
_IS_REDACTED = f'"type":"{REDACTED}"'.encode()
_DECODE = msgspec.json.Decoder(Event).decode
LEAST_FREE = 1024 * 1024
"""Bytes below which the disk counts as full."""
FEW, SMALL = 8, 1024 * 1024
"""An event with no more files, and no more bytes in them, is saved together with others."""
TOGETHER = 8
"""How many events are: so a round is at most 64 files and 8 MiB, for which an urgent one may have to wait."""
LOCK_WAIT = 3.0
"""Seconds for which the file's lock is waited for: a write takes milliseconds, and a thread that waits keeps the
daemon from stopping."""


class FileHelpdesk:
    """Appends events to a file, each once and durably."""

    def __init__(self, path: Path, files: Files) -> None:
        self._folder, self._files = path, files
        self._tickets = path / "tickets.jsonl"
        self._known: set[int] = set()
        self._read_to, self._number = 0, 0
        self._appends = Together(self._append_all)
        self._saves = Together(self._save_all, most=TOGETHER)

    async def submit(self, event: Event, ref: TicketRef | None, options: Mapping[str, Json]) -> TicketRef:  # noqa: ARG002  a file has no tickets to continue and no options
        """Append the event and the content of its attachments.  Raises Transient if the disk cannot take them."""
        if attachments := event.data.attachments:
            if len(attachments) <= FEW and sum(one.size for one in attachments) <= SMALL:
                await self._saves.ask(attachments)
            else:
                await self._save_alone(attachments)
        await self._appends.ask((uuid.UUID(event.id).int, _ENCODE(event) + b"\n"))
        return TicketRef(event.subject)

    async def check(self) -> None:
        """Return if the folder can be written.  Raises Transient if not, or if the disk is full."""
        try:
            await asyncio.to_thread(self._check)
        except OSError as error:
            raise _cannot_write(self._folder, error) from None

    async def _append_all(self, lines: Sequence[tuple[int, bytes]]) -> list[None]:
        try:
            await asyncio.to_thread(self._append, lines)
        except OSError as error:
            raise _cannot_write(self._tickets, error) from None
        return [None] * len(lines)

    async def _save_all(self, wanted: Sequence[Sequence[Attachment]]) -> list[Exception | None]:
        return await asyncio.to_thread(self._save, wanted)

    async def _save_alone(self, attachments: Sequence[Attachment]) -> None:
        """Save what takes long, a few files at a time, so that nobody else waits for it, nor for its thread."""
        for first in range(0, len(attachments), FEW):
            [failure] = await self._save_all([attachments[first : first + FEW]])
            if failure is not None:
                raise failure

    def _append(self, lines: Sequence[tuple[int, bytes]]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder / ".lock"):
            self._read_what_is_new()
            fresh = {id_: line for id_, line in lines if id_ not in self._known}
            if fresh:
                self._correct([line for line in fresh.values() if _IS_REDACTED in line])
                content = b"".join(fresh.values())
                _append_durably(self._tickets, content)
                self._known.update(fresh)
                self._read_to += len(content)

    def _read_what_is_new(self) -> None:
        """Take note of the events that others wrote, or a former process; of all, where the file is another one."""
        size, number = _identity(self._tickets)
        if size < self._read_to or number != self._number:
            self._known, self._read_to, self._number = set(), 0, number
        if size > self._read_to:
            ids, self._read_to = _read_ids(self._tickets, self._read_to)
            self._known |= ids

    def _correct(self, lines: Sequence[bytes]) -> None:
        """Exchange the tickets of messages that held a part of a secret, before the events that say so are added."""
        tickets = {event.data.message.id: event.data for event in map(_DECODE, lines)}
        if tickets and self._tickets.exists():
            _exchange(self._tickets, tickets)
            self._read_to, self._number = _identity(self._tickets)

    def _save(self, wanted: Sequence[Sequence[Attachment]]) -> list[Exception | None]:
        """Write the attachments of some events, and sync their folder once; for each event what kept them from it."""
        folder = self._folder / "attachments"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            failures = [self._save_one(folder, attachments) for attachments in wanted]
            sync_directory(folder)
        except OSError as error:
            return [_cannot_write(folder, error)] * len(wanted)
        return failures

    def _save_one(self, folder: Path, attachments: Sequence[Attachment]) -> Exception | None:
        """Write the content of attachments that are not there yet; what has expired is left out."""
        try:
            for attachment in attachments:
                try:
                    if not (folder / attachment.sha256).exists():
                        _copy(self._files.iter_blob(attachment.sha256), folder / attachment.sha256)
                except KeyError:
                    log.warning("attachment.expired", attachment=attachment.id)
        except OSError as error:
            return _cannot_write(folder, error)
        except Exception as error:  # noqa: BLE001  whatever it is, it is this event's alone
            return error
        return None

    def _check(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied")
        if shutil.disk_usage(self._folder).free < LEAST_FREE:
            raise OSError(28, "no space left on device")
        with _locked(self._folder / ".lock"):
            pass


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file; raises Transient, naming the holder, if another process keeps it."""
    with path.open("a+b") as lock:
        deadline = time.monotonic() + LOCK_WAIT
        while not _take(lock):
            if time.monotonic() > deadline:
                lock.seek(0)
                holder = lock.read(20).decode("ascii", "replace") or "unknown"
                raise Transient(
                    f"{path} is held by another fanin (process {holder}), which has not let go for {LOCK_WAIT:g} s: "
                    "it reads a very large tickets.jsonl for the first time, which passes, "
                    "or it is stopped: then let it go on, or end it"
                )
            time.sleep(0.002)
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        lock.flush()
        yield


def _take(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _copy(pieces: Iterator[bytes], target: Path) -> None:
    """Write a file that has its name only when it is whole and synced."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".")
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            for piece in pieces:
                _write_whole(file, piece)
            os.fsync(descriptor)
        Path(name).rename(target)
    except BaseException:
        Path(name).unlink()
        raise


def _read_ids(path: Path, start: int) -> tuple[set[int], int]:
    """The ids of the events from a place in the file on, and where it ends.

    A last line that was torn by a crash is cut off: whoever holds the lock knows that nobody is writing it.
    """
    ids: set[int] = set()
    whole = start
    with path.open("r+b") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                break
            whole += len(line)
            if found := _ID.match(line):
                ids.add(uuid.UUID(found[1].decode()).int)
        file.truncate(whole)
    return ids, whole


def _identity(path: Path) -> tuple[int, int]:
    """The size of a file, and the number by which one that was exchanged is told from it; zeros for none."""
    found = path.stat() if path.exists() else None
    return (found.st_size, found.st_ino) if found else (0, 0)


def _exchange(path: Path, tickets: Mapping[str, Ticket]) -> None:
    """Write the file anew with other tickets for some messages, in one step."""
    with path.open("rb") as old, tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as new:
        try:
            for line in old:
                found = _ID.match(line)
                ticket = tickets.get(found[1].decode()) if found else None
                new.write(line if ticket is None else _ENCODE(_with(_DECODE(line), ticket)) + b"\n")
            new.flush()
            os.fchmod(new.fileno(), path.stat().st_mode & 0o777)
            os.fsync(new.fileno())
            Path(new.name).rename(path)
        except BaseException:
            Path(new.name).unlink()
            raise
    sync_directory(path.parent)


def _with(event: Event, ticket: Ticket) -> Event:
    return msgspec.structs.replace(event, data=ticket)


def _append_durably(path: Path, content: bytes) -> None:
    """Append and sync; where that fails the file is as it was."""
    is_new = not path.exists()
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            _write_whole(file, content)
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise
    if is_new:
        sync_directory(path.parent)


def _write_whole(file: io.FileIO, content: bytes) -> None:
    """Write all of it: a disk that fills up takes a part and says so only at the next write."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _cannot_write(path: Path, error: OSError) -> Transient:
    return Transient(f"cannot write {path}: {error.strerror}")
