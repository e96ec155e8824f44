"""Large content: files named by the SHA-256 of what is in them, encrypted as they are written.

A file is synced before the commit that names it, so that no committed row ever points at nothing.  A file
that no row names is an upload that was never bound or content that has expired: the sweep removes it a
day after it was last written or offered again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from model.envelope import BlobRef
from model.errors import Transient
from store.crypto import CHUNK, StreamSealer, Vault, sync_directory

ORPHAN_AGE = timedelta(days=1)


class BlobFiles:
    """A folder of encrypted files: `ab/abcdef…`."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder, self._vault = folder, vault
        self.unfinished = folder / "tm"
        for one in (folder, self.unfinished):  # `parents` would give the outer one the mode of the umask
            one.mkdir(mode=0o700, exist_ok=True)

    async def write(self, chunks: AsyncIterator[bytes]) -> BlobRef:
        """Store a stream whose length is not known.  Raises Transient if the disk cannot take it."""
        writer = await asyncio.to_thread(self._begin)
        try:
            async for chunk in chunks:
                await asyncio.to_thread(writer.add, chunk)
            ref = await asyncio.to_thread(writer.finish_stream)
            await asyncio.to_thread(sync_directory, self.path(ref.sha256).parent)
        finally:
            writer.discard()
        return ref

    def put(self, contents: Sequence[tuple[str, bytes]]) -> None:
        """Store contents that are in memory, by their digests, and sync each folder once for all of them.

        Blocks on the disk; raises Transient if that cannot take them.
        """
        try:
            folders = {self._put(sha256, content) for sha256, content in contents}
            for folder in filter(None, folders):
                sync_directory(folder)
        except OSError as error:
            raise _cannot_write(error) from None

    def _put(self, sha256: str, content: bytes) -> Path | None:
        """Write and sync a file; the folder in which its name is new."""
        path = self.path(sha256)
        if self._offered_again(path):
            return None
        writer = self._begin()
        try:
            writer.seal_last(content)
            writer.finish(sha256)
        finally:
            writer.discard()
        return path.parent

    def read(self, sha256: str) -> Iterator[bytes]:
        """Yield the clear content in pieces.

        Raises FileNotFoundError if there is no such file, Permanent if it is damaged.
        """
        return self._vault.open_file(self.path(sha256), sha256)

    def path(self, sha256: str) -> Path:
        """Where the file of that name is or would be."""
        return self._folder / sha256[:2] / sha256

    def orphans(self, now: float) -> Iterator[Path]:
        """Yield the files, unfinished ones included, that nobody has written or offered for a day."""
        for path in self._folder.glob("*/*"):
            if _is_old(path, now):
                yield path

    def remove(self, path: Path, now: float) -> bool:
        """Remove a file unless somebody offers its content at this moment; whether it is gone.

        It is put aside first: whoever offers it before that has made it fresh, and it goes back; whoever
        comes later does not find it, and writes it anew.
        """
        aside = path.with_name(f"{path.name}.old")
        try:
            path.rename(aside)
        except FileNotFoundError:
            return False
        if not _is_old(aside, now):
            aside.rename(path)
            return False
        aside.unlink()
        return True

    def _begin(self) -> _FileWriter:
        try:
            return _FileWriter(self, self._vault.seal_stream())
        except OSError as error:
            raise _cannot_write(error) from None

    @staticmethod
    def _offered_again(path: Path) -> bool:
        """Whether the file is there; if so it counts as fresh, so that the sweep leaves it alone."""
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return True


class _FileWriter:
    """Writes one file under a temporary name and gives it its own when it is whole and synced."""

    def __init__(self, files: BlobFiles, sealer: StreamSealer) -> None:
        self._files, self._sealer = files, sealer
        self._digest, self._size, self._pending = hashlib.sha256(), 0, bytearray()
        descriptor, name = tempfile.mkstemp(dir=files.unfinished)
        self._file, self._temporary = os.fdopen(descriptor, "wb"), Path(name)
        self._file.write(sealer.head)

    def add(self, chunk: bytes) -> None:
        """Take the next part of a stream."""
        self._digest.update(chunk)
        self._size += len(chunk)
        self._pending += chunk
        try:
            # The last piece is sealed as such, so one byte at least is kept back.
            while len(self._pending) > CHUNK:
                self._file.write(self._sealer.piece(bytes(self._pending[:CHUNK]), final=False))
                del self._pending[:CHUNK]
        except OSError as error:
            raise _cannot_write(error) from None

    def finish_stream(self) -> BlobRef:
        """Finish the file under the digest of what was added."""
        ref = BlobRef(self._digest.hexdigest(), self._size)
        self.seal_last(self._pending)
        self.finish(ref.sha256)
        return ref

    def seal_last(self, content: bytes | bytearray) -> None:
        """Take all that is left to be written."""
        left = memoryview(content)
        try:
            while len(left) > CHUNK:
                self._file.write(self._sealer.piece(left[:CHUNK], final=False))
                left = left[CHUNK:]
            self._file.write(self._sealer.piece(left, final=True))
        except OSError as error:
            raise _cannot_write(error) from None

    def finish(self, sha256: str) -> None:
        """Sync the file and give it its name, which is durable once its folder is synced."""
        path = self._files.path(sha256)
        try:
            self._file.write(self._sealer.trailer(sha256))
            self._file.flush()
            os.fsync(self._file.fileno())
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._temporary.rename(path)
        except OSError as error:
            raise _cannot_write(error) from None

    def discard(self) -> None:
        """Remove what is left when the file was not finished; afterwards harmless."""
        try:
            self._file.close()
        except OSError as error:  # a full disk is noticed again when the rest is flushed
            _ = error
        self._temporary.unlink(missing_ok=True)


def _is_old(path: Path, now: float) -> bool:
    """Whether nobody wrote or offered the file for a day; one that is gone is not old."""
    try:
        return path.stat().st_mtime < now - ORPHAN_AGE.total_seconds()
    except FileNotFoundError:
        return False


def _cannot_write(error: OSError) -> Transient:
    return Transient(f"cannot write to the blob folder: {error.strerror}")
