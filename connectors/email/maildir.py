"""The Maildir source: what lies in `new/` becomes a ticket and moves to `cur/`.

https://cr.yp.to/proto/maildir.html.  Files that are copied into `new/` instead of delivered by way of
`tmp/` are read too: a file is read when its size has not changed for a while.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from msgspec import Struct
from watchfiles import awatch

from connectors.base import Health, Held, Intake, State
from connectors.email.settings import EmailSettings, MaildirSource
from model.envelope import BlobRef, Envelope
from model.errors import Misconfigured, Transient

log = structlog.get_logger()

BATCH_COUNT, BATCH_BYTES = 50, 4 * 1024 * 1024
SPOOLED = 1024 * 1024
"""A larger message is not held in memory while it waits."""
HEAD = 64 * 1024
"""What is read of a message above `max_message_size`."""
PIECE = 256 * 1024
LONGEST_NAME = 220
"""Bytes of a name that are kept in `cur/`, where it gets longer; file systems allow 255."""
STREAM = "new"


class Found(Struct, frozen=True):
    """A file of the Maildir that is ready to be read."""

    path: Path
    size: int
    modified_at: datetime


class MaildirReader:
    """Reads one Maildir (see `connectors.base.Connector`)."""

    def __init__(self, name: str, settings: EmailSettings, source: MaildirSource, health: Health) -> None:
        self.name, self._settings, self._source, self._health = name, settings, source, health
        self._sizes: dict[str, tuple[int, float]] = {}
        self._done: set[Found] = set()
        """Files that are accepted but could not be moved; they are not read again while we run."""
        self._trouble: str | None = None

    async def run(self, intake: Intake, state: State) -> None:
        """Read until cancelled.  Raises Transient if the folder cannot be used."""
        _make_maildir(self._source.path)
        changed = asyncio.Event()
        watching = asyncio.create_task(self._watch(changed), name=f"watch {self.name}")
        try:
            await self._read(intake, state, changed)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def check(self) -> None:
        """Return if the Maildir can be read and changed.  Raises Misconfigured if not."""
        for folder in (self._source.path, *(self._source.path / part for part in ("new", "cur"))):
            there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
            if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
                raise Misconfigured(
                    f"{there} is not a folder that can be read and written: make it so for the user that fanin runs as"
                )

    async def backfill(
        self, intake: Intake, state: State, since: datetime, *, stream: str | None = None
    ) -> AsyncIterator[int]:
        """Hand over again what lies in `cur/` since a time, yielding how many were handed over so far.

        Raises Misconfigured if a folder is named.
        """
        if stream is not None:
            raise Misconfigured(f"{self.name}: there is no folder {stream}: a Maildir has but its own")
        count = 0
        found = sorted(_files(self._source.path / "cur"), key=lambda file: file.modified_at)
        for batch in _batches([file for file in found if file.modified_at >= since]):
            envelopes = [envelope for file in batch if (envelope := await self._envelope(file, state))]
            await intake.accept(envelopes, stream="backfill")
            count += len(envelopes)
            yield count

    async def held(self, intake: Intake, state: State) -> AsyncIterator[Held]:  # noqa: ARG002  it has no cursor
        """Yield what lies in `new/`.  Raises Transient if the folder cannot be read."""
        try:
            for batch in _batches(list(_files(self._source.path / "new"))):
                yield Held(ahead=await asyncio.to_thread(self._source_ids, batch))
        except OSError as error:
            raise Transient(f"{self._source.path} cannot be read: {error.strerror}") from None

    async def _watch(self, changed: asyncio.Event) -> None:
        """Wake the reader when the system announces a change; the poll finds what it does not announce."""
        try:
            async for _ in awatch(self._source.path / "new", recursive=False, debounce=50, step=20):
                changed.set()
        except (OSError, RuntimeError) as error:  # no more watches to be had, or the folder is gone
            log.warning("maildir.unwatched", connector=self.name, error=str(error), remedy="the poll goes on")

    async def _read(self, intake: Intake, state: State, changed: asyncio.Event) -> None:
        while True:
            changed.clear()
            self._trouble = None
            ready, resting = await asyncio.to_thread(self._look)
            for batch in _batches(ready):
                await self._hand_over(batch, intake, state)
            self._health.proven(lag=_age(resting))
            if self._trouble:
                self._health.retrying(self._trouble)
            pause = self._source.rest / 4 if resting else self._source.poll
            with suppress(TimeoutError):
                async with asyncio.timeout(pause.total_seconds()):
                    await changed.wait()

    async def _hand_over(self, batch: list[Found], intake: Intake, state: State) -> None:
        """Accept a batch, and only then move its files to `cur/`."""
        envelopes = await asyncio.gather(*(self._envelope(file, state) for file in batch))
        readable = [(file, envelope) for file, envelope in zip(batch, envelopes, strict=True) if envelope is not None]
        await intake.accept([envelope for _, envelope in readable], stream=STREAM)
        await asyncio.to_thread(self._acknowledge, [file for file, _ in readable])

    def _acknowledge(self, files: list[Found]) -> None:
        """Move what was accepted to `cur/`; a file that grew meanwhile stays, to be read as a whole."""
        for file in files:
            try:
                if file.path.stat().st_size == file.size:
                    file.path.rename(_free_name(self._source.path / "cur", file.path))
                    self._sizes.pop(file.path.name, None)
            except FileNotFoundError:
                continue  # somebody else moved it: it is accepted all the same
            except OSError as error:
                self._done.add(file)
                self._trouble = f"an accepted file cannot be moved to cur/: {error.strerror}"
                log.warning("message.unmoved", connector=self.name, error=error.strerror)

    def _look(self) -> tuple[list[Found], list[Found]]:
        """The files whose size has rested long enough, oldest first, and those that still may grow."""
        files = [file for file in _files(self._source.path / "new") if file not in self._done]
        found = sorted(files, key=lambda file: (file.modified_at, file.path.name))
        now = time.monotonic()
        self._sizes = {file.path.name: self._rested(file, now) for file in found}
        rest = self._source.rest.total_seconds()
        parts: tuple[list[Found], list[Found]] = ([], [])
        for file in found:
            parts[now - self._sizes[file.path.name][1] < rest].append(file)
        return parts

    def _rested(self, file: Found, now: float) -> tuple[int, float]:
        """The file's size and since when it has been that."""
        size, since = self._sizes.get(file.path.name, (-1, now))
        if size == file.size:
            return size, since
        # A file that was delivered by rename, or long before we started, has rested already.
        age = (datetime.now(UTC) - file.modified_at).total_seconds()
        return file.size, now - max(age, 0) if size == -1 else now

    async def _envelope(self, file: Found, state: State) -> Envelope | None:
        """Read a file; None if it is gone or cannot be read, which keeps nothing else from being read."""
        too_large = self._is_too_large(file)
        try:
            if too_large or file.size <= SPOOLED:
                raw: bytes | BlobRef = await asyncio.to_thread(_read_head, file.path, HEAD if too_large else file.size)
                digest = hashlib.sha256(raw).hexdigest() if isinstance(raw, bytes) else raw.sha256
            else:
                raw = await state.write_blob(_pieces(file.path))
                digest = raw.sha256
        except FileNotFoundError:
            return None
        except OSError as error:
            self._trouble = f"a file in new/ cannot be read: {error.strerror}"
            log.warning("message.unreadable", connector=self.name, error=error.strerror)
            return None
        return Envelope(
            connector=self.name,
            channel="email",
            account=self._settings.account,
            source_id=_source_id(file, digest),
            received_at=file.modified_at,
            raw=raw,
            size=file.size,
        )

    def _is_too_large(self, file: Found) -> bool:
        return file.size > self._settings.max_message_size

    def _source_ids(self, files: list[Found]) -> list[str]:
        """The source ids of those files that are still there."""
        found = []
        for file in files:
            with suppress(FileNotFoundError):
                digest = _digest(file.path, HEAD if self._is_too_large(file) else file.size)
                found.append(_source_id(file, digest))
        return found


def _make_maildir(path: Path) -> None:
    try:
        for part in ("tmp", "new", "cur"):
            (path / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Transient(f"cannot make the Maildir {path}: {error.strerror}") from None


def _files(folder: Path) -> Iterator[Found]:
    """The messages in a folder: regular files whose names do not begin with a dot."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield Found(Path(entry.path), status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _batches(files: list[Found]) -> Iterator[list[Found]]:
    """Groups that are small enough to be held in memory together."""
    batch: list[Found] = []
    size = 0
    for file in files:
        if batch and (len(batch) == BATCH_COUNT or size + file.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch


def _read_head(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most)


def _digest(path: Path, most: int) -> str:
    """The SHA-256 of the file's first bytes, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while most > 0 and (piece := file.read(min(PIECE, most))):
            digest.update(piece)
            most -= len(piece)
    return digest.hexdigest()


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


def _source_id(file: Found, digest: str) -> str:
    return f"{_base(file.path)}:{digest[:16]}"


def _base(path: Path) -> str:
    """The unique part of a file's name, without the flags that mail readers add; bytes that are no UTF-8 escaped."""
    return os.fsencode(path.name).partition(b":")[0].decode("utf-8", "backslashreplace")


def _free_name(folder: Path, path: Path) -> Path:
    """A name in `cur/` that is not taken: files are copied in under the same names again and again."""
    base = os.fsdecode(os.fsencode(path.name).partition(b":")[0][:LONGEST_NAME])
    target = folder / f"{base}:2,"
    while target.exists():
        target = folder / f"{base}.{time.time_ns()}:2,"
    return target


def _age(files: list[Found]) -> timedelta:
    return max((datetime.now(UTC) - file.modified_at for file in files), default=timedelta(0))
