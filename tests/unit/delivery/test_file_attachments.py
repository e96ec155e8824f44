"""The file helpdesk saves the attachments of several events at once, and each answers for its own."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery.helpdesks import file
from delivery.helpdesks.file import FileHelpdesk
from model.errors import Permanent
from store.crypto import sync_directory
from tests.support.events import MemoryFiles, event

DAMAGED = b"damaged"


class Files(MemoryFiles):
    """Contents of which one cannot be read."""

    def iter_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield the content, or fail in the middle of it."""
        for piece in super().iter_blob(sha256):
            yield piece
            if sha256 == hashlib.sha256(DAMAGED).hexdigest():
                raise Permanent("damaged")


@pytest.mark.parametrize("small", [0, 1000])
async def test_one_damaged_attachment_fails_its_event_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: int
) -> None:
    """Of events that are saved together or apart, the damaged one fails; the others are there with their files."""
    monkeypatch.setattr(file, "SMALL", small)
    contents = [b"one", DAMAGED, b"three", b"one", b"last"]
    desk = FileHelpdesk(tmp_path, Files(*contents))

    submits = [desk.submit(event(number, files=(content,)), None, {}) for number, content in enumerate(contents, 1)]
    outcomes = await asyncio.gather(*submits, return_exceptions=True)

    assert [isinstance(one, Permanent) for one in outcomes] == [False, True, False, False, False]
    assert (tmp_path / "tickets.jsonl").read_bytes().count(b"\n") == 4
    saved = {path.name: path.read_bytes() for path in (tmp_path / "attachments").iterdir()}
    assert saved == {hashlib.sha256(one).hexdigest(): one for one in (b"one", b"three", b"last")}


async def test_a_cancelled_submit_takes_no_other_with_it(tmp_path: Path) -> None:
    """Events that wait for the same round are written although one of them is given up meanwhile."""
    contents = [b"one", b"two", b"three"]
    desk = FileHelpdesk(tmp_path, Files(*contents))
    submits = [
        asyncio.create_task(desk.submit(event(number, files=(content,)), None, {}))
        for number, content in enumerate(contents, 1)
    ]
    await asyncio.sleep(0)
    submits[0].cancel()

    await asyncio.wait(submits)

    assert submits[0].cancelled()
    written = (tmp_path / "tickets.jsonl").read_text()
    assert [f'"id":"{event(number).id}"' in written for number in (2, 3)] == [True, True]


class Slow(MemoryFiles):
    """Contents that are not read before they may be, but for one."""

    def __init__(self, quick: bytes, *contents: bytes) -> None:
        super().__init__(quick, *contents)
        self._quick = hashlib.sha256(quick).hexdigest()
        self.begun, self.allowed = threading.Event(), threading.Event()

    def iter_blob(self, sha256: str) -> Iterator[bytes]:
        """Yield the content, when its time has come."""
        if sha256 != self._quick:
            self.begun.set()
            self.allowed.wait(60)
        return super().iter_blob(sha256)


async def test_an_event_of_many_small_files_keeps_no_other_waiting(tmp_path: Path) -> None:
    """While hundreds of tiny files are being written for one event, another with a single file is delivered."""
    many = tuple(b"%d" % number for number in range(500))
    files = Slow(b"urgent", *many)
    desk = FileHelpdesk(tmp_path, files)
    bulk = asyncio.create_task(desk.submit(event(1, files=many), None, {}))
    await asyncio.to_thread(files.begun.wait, 60)

    try:
        async with asyncio.timeout(20):
            await desk.submit(event(2, files=(b"urgent",)), None, {})
    finally:
        files.allowed.set()
        await bulk

    lines = (tmp_path / "tickets.jsonl").read_text().splitlines()
    assert [f'"id":"{event(number).id}"' in line for number, line in zip((2, 1), lines, strict=True)] == [True, True]
    assert len(list((tmp_path / "attachments").iterdir())) == 501


@pytest.mark.parametrize(("events", "files", "most"), [(100, 1, 8), (40, 8, 64), (2, 100, 16)])
async def test_nobody_waits_for_more_than_a_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: int, files: int, most: int
) -> None:
    """However many files are asked for at once, a thread writes and syncs a bounded number before the next turn."""
    contents = [tuple(b"%d of %d" % (number, one) for number in range(files)) for one in range(events)]
    written = [0]

    def noted(folder: Path) -> None:
        if folder.name == "attachments":
            written.append(sum(not path.name.startswith(".") for path in folder.iterdir()))
        sync_directory(folder)

    monkeypatch.setattr(file, "sync_directory", noted)
    desk = FileHelpdesk(tmp_path, MemoryFiles(*(one for many in contents for one in many)))

    await asyncio.gather(*(desk.submit(event(one, files=many), None, {}) for one, many in enumerate(contents, 1)))

    assert max(written) == events * files
    assert max(after - before for before, after in zip(sorted(written), sorted(written)[1:], strict=False)) <= most
