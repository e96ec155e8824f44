"""A text as bytes, one for each character, in which what a secret needs can be told by a few passes in C.

Nearly all texts hold no secret, and the guard reads every one: what a pass over the bytes excludes need not be
looked for in words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Characters that nobody sees and that mail programs and phones put into long words."""
_UNSEEN = re.compile(f"[{UNSEEN}]")
LONG = 40
"""Letters and digits in a row that are no word: a hash, a key, an address."""
KEY = 64
"""Hexadecimal digits of a key."""
_LEAST_RUN = 35
_HEAD = 8
"""Letters by which a run is looked for: `re` is quickest with some, but few, that stand fast."""
_RUN = re.compile(b"x" * _HEAD + b"x{%d,}" % (LONG - _HEAD))
_TOKEN_RUN = re.compile(b"x" * _HEAD + b"x{%d,}" % (_LEAST_RUN - _HEAD))
_ALNUM = bytes(120 if chr(code).isalnum() else 32 for code in range(128)) + b" " * 128
_WORD = bytes(120 if chr(code).isalnum() or chr(code) in "_-" else 32 for code in range(128)) + b" " * 128
_NEEDLE = b"x" * _LEAST_RUN
_DIGITS = bytes(100 if 48 <= code <= 57 else 32 for code in range(256))
_BETWEEN = b"abcdefABCDEF \t\r\n>:,-\xa0"
"""What may stand between the digits of a card number, of an array of numbers or of a key that is parted."""
_LEAST_DIGITS = b"d" * 13
_TYPOGRAPHIC = "’‘“”„…–—•€™œŒ\u2009\u202f"
"""What texts in the letters of Latin-1 have beside them."""
_WIDE = re.compile(rb"\xef(?:\xbc[\x90-\x99\xa1-\xba]|\xbd[\x81-\x9a])")
_MATHEMATICAL = re.compile(rb"\xf0\x9d[\x90-\x9f]")
"""Letters and digits in another dress, in UTF-8."""


class View(NamedTuple):
    """A text, and what the passes over it show."""

    text: str
    flat: bytes
    """A byte for each character: Latin-1, and a question mark for what that has not."""
    raw: bytes
    """UTF-8; empty where all letters are in Latin-1."""
    runs: Sequence[tuple[int, int]]
    """Where `LONG` and more ASCII letters and digits stand in a row."""
    rest: bytes
    """`flat` without those runs."""
    has_long: bool
    """Whether a word of letters, digits, hyphens and underscores is as long as a token."""


def view(text: str) -> View:
    """How a text looks; letters and digits in another dress, full-width or mathematical, count as plain ones."""
    flat = _latin(text)
    raw = b""
    if flat is None:
        text, raw = _utf8(text)
        if _WIDE.search(raw) or _MATHEMATICAL.search(raw):
            text, raw = _utf8(text.translate(_plain()))
        flat = text.encode("latin-1", "replace")
    if _NEEDLE not in flat.translate(_WORD):
        return View(text, flat, raw, (), flat, has_long=False)
    runs = [found.span() for found in _RUN.finditer(flat.translate(_ALNUM))]
    return View(text, flat, raw, runs, _without(flat, runs), has_long=True)


def seen(text: str) -> str:
    """What is seen of a text."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def has_digits(looks: View) -> bool:
    """Whether so many digits stand together that they may be a card number, an array, or a part of a key."""
    return _LEAST_DIGITS in looks.rest.translate(_DIGITS, _BETWEEN)


def has_pieces(looks: View) -> bool:
    """Whether a run may be the greater part of a key that is parted: it is shorter than a key."""
    return any(end - start < KEY for start, end in looks.runs)


def words_of(looks: View, size: int) -> list[int]:
    """Where words of exactly so many letters, digits, hyphens and underscores begin; 35 or more, less than `LONG`."""
    if not looks.has_long or _NEEDLE not in looks.rest.translate(_WORD):
        return []
    spans = (found.span() for found in _TOKEN_RUN.finditer(looks.flat.translate(_WORD)))
    return [start for start, end in spans if end - start == size]


def _utf8(text: str) -> tuple[str, bytes]:
    """The text, with question marks for what is no character, and its bytes."""
    try:
        return text, text.encode()
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
        return raw.decode(), raw


def _latin(text: str) -> bytes | None:
    """The text in Latin-1, without the typographic marks beside it; None where it has other letters."""
    if text.isascii():
        return text.encode()
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        if text[error.start] not in _TYPOGRAPHIC:
            return None
    for mark in _TYPOGRAPHIC:
        text = text.replace(mark, "?")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None


def _without(flat: bytes, runs: Sequence[tuple[int, int]]) -> bytes:
    pieces, position = [], 0
    for start, end in runs:
        pieces.append(flat[position:start])
        position = end
    pieces.append(flat[position:])
    return b" ".join(pieces)


@cache
def _plain() -> dict[int, str]:
    """The ASCII character that each styled one stands for."""
    blocks = (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800))
    return {
        code: plain
        for code in blocks
        if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1 and plain.isascii()
    }
