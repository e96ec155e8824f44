"""Encryption of what is stored, and keyed digests of what must only be recognised.

One master key; everything else is derived from it (HKDF, RFC 5869), so that no key serves two ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from model.errors import Misconfigured, Permanent

CHUNK = 256 * 1024
"""Clear bytes in each encrypted piece of a stream."""

REMEMBERED = 10_000
"""Digests of each kind that are held in memory."""

_NONCE, _TAG, _SALT, _TRAILER = 12, 16, 16, 16
_VERSION = b"\x01"
_HEAD = len(_VERSION) + _SALT


class Vault:
    """Encrypts with keys derived from one secret, and recognises without storing."""

    def __init__(self, master: bytes) -> None:
        self._content = AESGCM(_derive(master, b"content"))
        self._stream = _derive(master, b"stream")
        self._digest = _derive(master, b"digest")
        self._begun: dict[bytes, blake2b] = {}
        self.known_digest = lru_cache(maxsize=REMEMBERED)(self.digest)
        """`digest`, of what is asked for again with every message of a conversation."""
        self.known_uuid = lru_cache(maxsize=REMEMBERED)(self.uuid)
        """`uuid`, likewise."""

    def seal(self, clear: bytes, context: bytes = b"") -> bytes:
        """Encrypt a value; it opens only with the same context."""
        nonce = os.urandom(_NONCE)
        return nonce + self._content.encrypt(nonce, clear, context)

    def open(self, sealed: bytes, context: bytes = b"") -> bytes:
        """Decrypt what `seal` returned.  Raises Permanent if it was changed or cut, or the key is another."""
        try:
            return self._content.decrypt(sealed[:_NONCE], sealed[_NONCE:], context)
        except (InvalidTag, ValueError):  # ValueError where not even the nonce is whole
            raise Permanent("stored content cannot be decrypted: it is damaged, or the key is another") from None

    def seal_stream(self) -> StreamSealer:
        """Begin to encrypt a file in pieces of CHUNK bytes."""
        return StreamSealer(self, os.urandom(_SALT))

    def open_file(self, path: Path, name: str) -> Iterator[bytes]:
        """Yield the clear pieces of a file that a StreamSealer sealed under the name.

        Raises FileNotFoundError if there is none, and Permanent where it was changed, cut, or has another's name.
        """
        with path.open("rb") as file:
            left = os.fstat(file.fileno()).st_size - _HEAD - _TRAILER
            head = file.read(_HEAD)
            if left < _TAG or head[:1] != _VERSION:
                raise Permanent("a stored file is cut off, or was written by another version")
            cipher, count = self.file_cipher(head[1:]), 0
            while left > 0:
                piece = file.read(min(CHUNK + _TAG, left))
                left -= len(piece) or left
                yield _open_piece(cipher, count, piece, final=left == 0)
                count += 1
            if file.read() != self.trailer(head[1:], name):
                raise Permanent("a stored file holds what another name stands for")

    def file_cipher(self, salt: bytes) -> AESGCM:
        """The cipher of one file: no two files share a key, so that no two pieces can share key and nonce."""
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"fanin file").derive(self._stream))

    def trailer(self, salt: bytes, name: str) -> bytes:
        """What ties a file to its name, which is known only when the last byte of its content is."""
        return self.digest(b"file", salt.hex(), name)

    def digest(self, purpose: bytes, *parts: str) -> bytes:
        """A keyed digest of 16 bytes (BLAKE2b, RFC 7693): equal for equal parts, meaningless to anybody else.

        `purpose` is at most 16 bytes; digests for different purposes are unrelated.
        """
        begun = self._begun.get(purpose)
        if begun is None:  # half of the work is the key's, and is done once
            begun = self._begun[purpose] = blake2b(key=self._digest, person=purpose, digest_size=16)
        digest = begun.copy()
        digest.update("\0".join(parts).encode())
        return digest.digest()

    def uuid(self, purpose: bytes, *parts: str) -> str:
        """A UUIDv8 (RFC 9562 section 5.8) derived from the parts with the store's key."""
        text = self.digest(purpose, *parts).hex()
        variant = "89ab"[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


class StreamSealer:
    """The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015) over AES-GCM, with a key a file.

    Pieces cannot be left out, moved or cut off at the end without being noticed.
    """

    def __init__(self, vault: Vault, salt: bytes) -> None:
        self._vault, self._salt, self._count = vault, salt, 0
        self._cipher = vault.file_cipher(salt)
        self.head = _VERSION + salt

    def piece(self, clear: bytes | memoryview, *, final: bool) -> bytes:
        """Encrypt the next CHUNK bytes, or the rest as the final piece."""
        nonce = _piece_nonce(self._count, final=final)
        self._count += 1
        return self._cipher.encrypt(nonce, clear, None)

    def trailer(self, name: str) -> bytes:
        """The end of the file, once its name is known."""
        return self._vault.trailer(self._salt, name)


def load_master_key(path: Path, supplied: str | None, *, create: bool) -> bytes:
    """The master key: the supplied secret, else the one in `path`, created there if there is none and it may be.

    Raises Misconfigured if the supplied secret is too short, or the file is missing or no key.
    """
    if supplied is not None:
        if len(supplied) < 32:
            raise Misconfigured(
                "store.encryption_key: expected at least 32 characters; make one with: openssl rand -hex 32"
            )
        return _derive(supplied.encode(), b"supplied")
    if not path.exists():
        if not create:
            raise Misconfigured(
                f"the key {path} is missing, and the database beside it was written with it: restore it from a backup, "
                "or give store.encryption_key_file if that was its key"
            )
        _create_key(path)
    key = path.read_bytes()
    if len(key) != 32:
        raise Misconfigured(
            f"{path} is not a key of 32 bytes: restore it from a backup; without it nothing stored opens"
        )
    return key


def _create_key(path: Path) -> None:
    """Write a new key so that either all of it is there after a crash or nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # fails where another process was first: its key is then the key
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable (POSIX fsync of a directory)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"fanin " + purpose).derive(master)


def _open_piece(cipher: AESGCM, count: int, piece: bytes, *, final: bool) -> bytes:
    try:
        return cipher.decrypt(_piece_nonce(count, final=final), piece, None)
    except InvalidTag:
        raise Permanent("a stored file cannot be decrypted: it is damaged, or the key is another") from None


def _piece_nonce(count: int, *, final: bool) -> bytes:
    return count.to_bytes(_NONCE - 1, "big") + bytes([final])
