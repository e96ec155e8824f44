"""Whether a message that could not be read holds a secret all the same."""

from __future__ import annotations

import binascii
import quopri
import re
from collections import Counter
from collections.abc import Iterator

from model.ticket import SecretKind
from normalizer.safety.find import find

MOST = 4 * 1024 * 1024
"""Bytes that are looked at."""
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([bfnrt\x22/\\]))")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "/": "/", "\\": "\\"}
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{40,100}\r?\n)*[A-Za-z0-9+/]{16,100}={0,2}")


def secrets_in(raw: bytes) -> Counter[SecretKind]:
    """The secrets in bytes: in the clear, in JSON, as quoted-printable, or in base64; linear in their number."""
    return Counter(one.kind for text in _texts(raw[:MOST]) for one in find(text))


def _texts(raw: bytes) -> Iterator[str]:
    text = raw.decode("utf-8", "replace")
    yield text
    if "\\" in text:
        yield _unescaped(text)
    if b"=" in raw:
        yield quopri.decodestring(raw).decode("utf-8", "replace")
    for block in _BASE64.finditer(raw):
        try:
            yield binascii.a2b_base64(block[0]).decode("utf-8", "replace")
        except binascii.Error:
            continue


def _unescaped(text: str) -> str:
    """What JSON says (RFC 8259), whole or cut off, with line ends and letters in the place of their escapes."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else _ESCAPED[found[2]], text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
