"""Large content in files of its own."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from model.errors import Permanent
from store.crypto import CHUNK, Vault
from store.retention import Retention
from store.store import Store
from tests.support.drafts import arrival, batch, draft, file

FOREVER = timedelta(days=10_000)
KEEP = Retention(messages=FOREVER, attachments=FOREVER, originals=FOREVER, dead_letters=FOREVER)


async def pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    """The content in pieces of a size."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("left", [0, 1, 11, 12, 40])
def test_a_value_that_was_cut_is_damaged(left: int) -> None:
    """However little is left of a sealed value, opening it says so."""
    vault = Vault(bytes(32))

    with pytest.raises(Permanent, match="damaged"):
        vault.open(vault.seal(b"for the test, and long enough")[:left])


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
async def test_a_stream_is_read_back_as_it_was_written(store: Store, length: int) -> None:
    """Content of any length comes back byte for byte, under its digest."""
    content = random.Random(length).randbytes(length)

    ref = await store.write_blob(pieces(content, 70_000))

    assert (ref.sha256, ref.size) == (hashlib.sha256(content).hexdigest(), length)
    assert b"".join(store.iter_blob(ref.sha256)) == content


async def test_a_file_on_disk_is_not_readable(store: Store, tmp_path: Path) -> None:
    """What is written is encrypted as it is written."""
    ref = await store.write_blob(pieces(b"customer secret " * 10_000, 1000))

    stored = (tmp_path / "blobs" / ref.sha256[:2] / ref.sha256).read_bytes()

    assert b"customer" not in stored


@pytest.mark.parametrize("damage", ["flip", "cut", "drop"])
async def test_damage_is_noticed(store: Store, tmp_path: Path, damage: str) -> None:
    """A file that was changed, cut off, or lost a piece from its middle is refused."""
    ref = await store.write_blob(pieces(random.Random(1).randbytes(3 * CHUNK), 1 << 20))
    path = tmp_path / "blobs" / ref.sha256[:2] / ref.sha256
    stored = bytearray(path.read_bytes())
    sealed = CHUNK + 16
    if damage == "flip":
        stored[1000] ^= 1
    elif damage == "cut":
        del stored[7 + 2 * sealed :]
    else:
        del stored[7 + sealed : 7 + 2 * sealed]
    path.write_bytes(stored)

    with pytest.raises(Permanent):
        list(store.iter_blob(ref.sha256))


async def test_a_stream_that_breaks_leaves_nothing(store: Store, tmp_path: Path) -> None:
    """What the source raises passes through, and no file stays behind."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * CHUNK
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.write_blob(broken())

    assert [path for path in (tmp_path / "blobs").glob("*/*") if path.is_file()] == []


async def test_the_sweep_removes_what_nobody_named_for_a_day(store: Store, tmp_path: Path) -> None:
    """An unbound file goes after a day; a bound one and a fresh one stay."""
    bound, content = file(b"b" * 100_000), b"b" * 100_000
    [kept] = await store.keep([(bound.sha256, content)])
    arriving = arrival(draft(1, files=(bound,)))
    await store.accept(batch(msgspec.structs.replace(arriving, files=(kept,))))
    old = await store.write_blob(pieces(b"o" * 100_000, 1000))
    fresh = await store.write_blob(pieces(b"f" * 100_000, 1000))
    yesterday = time.time() - 100_000
    for sha256 in (bound.sha256, old.sha256):
        os.utime(tmp_path / "blobs" / sha256[:2] / sha256, (yesterday, yesterday))

    await store.expire(KEEP, datetime.now(UTC))

    names = {path.name for path in (tmp_path / "blobs").glob("*/*")}
    assert names == {bound.sha256, fresh.sha256}


async def test_what_has_expired_goes_and_a_replay_stays_a_duplicate(store: Store) -> None:
    """After retention the content is gone, but the message is still recognised."""
    made = draft(1, files=(file(b"attached"),))
    [receipt] = await store.accept(batch(arrival(made)))
    [due], _ = await store.pair(receipt.conversation_id or "", "desk")
    await store.bury(due, "for the test", datetime.now(UTC))
    gone = Retention(messages=timedelta(0), attachments=timedelta(0), originals=timedelta(0), dead_letters=timedelta(0))

    await store.expire(gone, datetime.now(UTC) + timedelta(seconds=5))

    assert await store.events(receipt.conversation_id or "", 0) == []
    with pytest.raises(KeyError):
        await anext(store.read_blob(made.files[0].sha256))
    [again] = await store.accept(batch(arrival(made)))
    assert (again.status, again.message_id) == ("duplicate", receipt.message_id)


async def test_what_is_still_to_be_delivered_does_not_expire(store: Store) -> None:
    """Retention waits for the delivery."""
    [receipt] = await store.accept(batch(arrival(draft(1))))
    gone = Retention(messages=timedelta(0), attachments=timedelta(0), originals=timedelta(0), dead_letters=timedelta(0))

    await store.expire(gone, datetime.now(UTC) + timedelta(seconds=5))

    assert len(await store.events(receipt.conversation_id or "", 0)) == 1


async def test_a_file_under_anothers_name_is_refused(store: Store, tmp_path: Path) -> None:
    """Two files that were exchanged on the disk do not pass for each other."""
    one, two = [await store.write_blob(pieces(content, 1000)) for content in (b"1" * 100_000, b"2" * 100_000)]
    paths = [tmp_path / "blobs" / ref.sha256[:2] / ref.sha256 for ref in (one, two)]
    first, second = (path.read_bytes() for path in paths)
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)

    with pytest.raises(Permanent):
        list(store.iter_blob(one.sha256))


async def test_the_sweep_leaves_what_is_offered_while_it_works(store: Store, tmp_path: Path) -> None:
    """A file that is offered again between the sweep's look and its removal stays."""
    content = b"c" * 100_000
    sha256 = hashlib.sha256(content).hexdigest()
    await store.keep([(sha256, content)])
    path = tmp_path / "blobs" / sha256[:2] / sha256
    os.utime(path, (1, 1))
    [orphan] = store._blobs.orphans(time.time())
    await store.keep([(sha256, content)])

    assert not store._blobs.remove(orphan, time.time())

    assert b"".join(store.iter_blob(sha256)) == content


async def test_a_file_that_goes_while_it_is_looked_at_is_no_matter(store: Store, tmp_path: Path) -> None:
    """The sweep passes over a file that another has renamed or removed."""
    assert not store._blobs.remove(tmp_path / "blobs" / "ab" / "gone", time.time())


async def test_nobody_else_may_look_into_the_folders(store: Store, tmp_path: Path) -> None:
    """Neither the folder of all files nor one in it is open to others, whatever the umask."""
    await store.write_blob(pieces(b"content", 10))

    folders = [tmp_path / "blobs", *(tmp_path / "blobs").iterdir()]

    assert {oct(folder.stat().st_mode & 0o777) for folder in folders} == {"0o700"}
