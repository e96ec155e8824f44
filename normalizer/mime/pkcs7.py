"""What an opaque S/MIME signature holds: RFC 8551 section 3.5.2, in the BER of RFC 5652.

Nothing is verified here.  The signed entity is only taken out, so that it can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_DETACHED = ("application/pkcs7-signature", "application/x-pkcs7-signature")
"""What a signature beside the words it signs is called, and by some programs one around them."""
MAX_SIZE = 16 * 1024 * 1024
MAX_VALUES = 200_000
_MAX_DEPTH = 16
_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = (bytes.fromhex("2a864886f70d010703"), bytes.fromhex("2a864886f70d0109100117"))
_END = b"\x00\x00"
_OCTETS, _CONSTRUCTED_OCTETS = 0x04, 0x24


class _Value(NamedTuple):
    """A value: its tag, where its content begins and ends, and where the next value begins."""

    tag: int
    start: int
    end: int
    next: int


def may_be_pkcs7(media_type: str, name: str | None) -> bool:
    """Whether a part may be such a message, by its type or its name (RFC 8551 section 3.2.1)."""
    return media_type in _TYPES or (name or "").lower().endswith(".p7m")


def may_hold_words(media_type: str, name: str | None) -> bool:
    """Whether a part may be a signature around what it signs, also one that is called detached."""
    return may_be_pkcs7(media_type, name) or media_type in _DETACHED or (name or "").lower().endswith(".p7s")


def is_signed(content: bytes) -> bool:
    """Whether this is a signature, with or without what it signs."""
    return _kind(content) == _SIGNED


def is_enveloped(content: bytes) -> bool:
    """Whether this is encrypted."""
    return _kind(content) in _ENVELOPED


def signed_content(content: bytes) -> bytes | None:
    """What a signature signs, None where it does not hold it or is none."""
    if len(content) > MAX_SIZE or not is_signed(content):
        return None
    ber = _Ber(content)
    try:
        _, wrapped = ber.children(ber.value(0, len(content)))
        signed = next(ber.children(wrapped))
        _, _, encapsulated, *_ = ber.children(signed)
        _, explicit = ber.children(encapsulated)
        return b"".join(ber.octets(next(ber.children(explicit))))
    except (IndexError, ValueError, StopIteration):
        return None


def _kind(content: bytes) -> bytes:
    """The object identifier of what this is, nothing where it is no message of this syntax."""
    ber = _Ber(content[:MAX_SIZE])
    try:
        kind = next(ber.children(ber.value(0, len(ber.content))))
    except (IndexError, ValueError, StopIteration):
        return b""
    return content[kind.start : kind.end]


class _Ber:
    """Reads values, and knows how many it may still read; what is no value is an error."""

    __slots__ = ("content", "left")

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.left = MAX_VALUES

    def value(self, position: int, limit: int, depth: int = 0) -> _Value:
        """The value at an offset, in the definite or the indefinite form; it ends with what it is in, at `limit`."""
        content = self.content
        if position + 2 > limit:
            raise ValueError(position)
        tag, length, start = content[position], content[position + 1], position + 2
        self.left -= 1
        if self.left < 0 or depth > _MAX_DEPTH:
            raise ValueError(position)
        if length == 0x80:
            end = start
            while not content.startswith(_END, end, limit):
                end = self.value(end, limit, depth + 1).next
            return _Value(tag, start, end, end + len(_END))
        if length > 0x80:
            size = length & 0x7F
            length, start = int.from_bytes(content[start : start + size]), start + size
        if start + length > limit:
            raise ValueError(position)
        return _Value(tag, start, start + length, start + length)

    def children(self, value: _Value) -> Iterator[_Value]:
        """The values inside a value."""
        position = value.start
        while position < value.end:
            child = self.value(position, value.end)
            yield child
            position = child.next

    def octets(self, value: _Value, depth: int = 0) -> Iterator[bytes]:
        """The pieces of an octet string."""
        if value.tag == _OCTETS:
            yield self.content[value.start : value.end]
        elif value.tag == _CONSTRUCTED_OCTETS and depth < _MAX_DEPTH:
            for piece in self.children(value):
                yield from self.octets(piece, depth + 1)
