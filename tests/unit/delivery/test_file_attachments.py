"""The file helpdesk saves the attachments of several events at once, and each answers for its own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery.helpdesks import file
from delivery.helpdesks.file import FileHelpdesk
from model.errors import Permanent
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
