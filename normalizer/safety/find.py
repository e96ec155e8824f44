"""All secrets of a text.

Each kind is looked for only where a few passes over the bytes, which cost next to nothing, leave a doubt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from normalizer.safety import ideographs, phrases
from normalizer.safety.cards import cards
from normalizer.safety.found import Found, merged, replaced
from normalizer.safety.keys import keys
from normalizer.safety.keystore import keystores
from normalizer.safety.tokens import one_time_passwords, tokens

UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
"""Characters that nobody sees and that mail programs and phones put into long words."""
_UNSEEN = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_WIDE = re.compile(rb"\xef\xbc[\x90-\x99\xa1-\xba]")
_IDEOGRAPHS = bytes(range(0xE3, 0xEA))
"""The first bytes of ideographs in UTF-8."""
_WORD = bytes(120 if chr(code).isalnum() or chr(code) in "_-" else 32 for code in range(128)) + b" " * 128
_LONG_WORD = b"x" * 16
_ALNUM = bytes(120 if chr(code).isalnum() else 32 for code in range(128)) + b" " * 128
_LONG = b"x" * 51
_DIGITS = bytes(100 if 48 <= code <= 57 else 32 for code in range(256))
_HEX = bytes(104 if chr(code) in "0123456789abcdefABCDEF" else 32 for code in range(128)) + b" " * 128
_BETWEEN_DIGITS = b" -\xc2\xa0"
_BETWEEN_HEX = b" \t\r\n>:-"
_SHORTEST_CARD = b"d" * 13
_KEY = b"h" * 64
_NUMBERS = bytes(110 if 48 <= code <= 57 or code == 44 else 32 for code in range(256))
_ARRAY = b"n" * 63
_BETWEEN_NUMBERS = b" \t\r\n"
_LEAST_COMMAS = 31
_TINY = 12
"""A text of fewer bytes holds no secret."""


def find(text: str) -> list[Found]:
    """The secrets in a text, in order and free of overlaps."""
    if len(text) < _TINY:
        return []
    raw = text.encode("utf-8", "replace")
    if len(raw) != len(text):
        if _is_styled(raw):
            text = text.translate(_plain())
            raw = text.encode("utf-8", "replace")
        if any(unseen in text for unseen in _UNSEEN):
            return merged([*_search(text, raw), *_unseen(text)])
    return merged(_search(text, raw))


def redact(text: str) -> str:
    """`text` with markers in the place of secrets."""
    return replaced(text, find(text))


def find_in_header(text: str) -> list[Found]:
    """The secrets in a field of a header, in which folding may have lost blanks."""
    found = find(text)
    return found if text.isascii() else merged([*found, *phrases.phrases(text, glued=True)])


def find_across(texts: Sequence[str]) -> list[list[Found]]:
    """The secrets in texts that belong together, read as one: one list for each."""
    if len(texts) == 1:
        return [find(texts[0])]
    whole = find("\n".join(texts))
    each: list[list[Found]] = []
    start = 0
    for text in texts:
        end = start + len(text)
        each.append([
            Found(max(one.start, start) - start, min(one.end, end) - start, one.kind)
            for one in whole
            if one.start < end and one.end > start
        ])  # fmt: skip
        start = end + 1
    return each


def mapped(found: Sequence[Found], places: Sequence[int]) -> Iterator[Found]:
    """Secrets of a text that was made of another; `places` has where each of its characters stood."""
    for one in found:
        yield Found(places[one.start], places[one.end - 1] + 1, one.kind)


def _is_styled(raw: bytes) -> bool:
    """Whether letters or digits are in a text that are ASCII in another dress: full-width or mathematical."""
    return b"\xef\xbd" in raw or b"\xf0\x9d" in raw or (b"\xef\xbc" in raw and _WIDE.search(raw) is not None)


def _unseen(text: str) -> Iterator[Found]:
    """Secrets with characters in them that nobody sees."""
    places = [place for place, character in enumerate(text) if not UNSEEN.match(character)]
    seen = "".join(text[place] for place in places)
    yield from mapped(merged(_search(seen, seen.encode("utf-8", "replace"))), places)


def _search(text: str, raw: bytes) -> Iterator[Found]:
    """Every kind of secret, each where it may be."""
    listed = phrases.may_hold(raw, text)
    if listed:
        yield from phrases.phrases(text)
    if len(raw) != len(text) and len(raw) - len(raw.translate(None, _IDEOGRAPHS)) >= ideographs.LEAST:
        yield from ideographs.phrases(text, listed=listed)
    if _SHORTEST_CARD in raw.translate(_DIGITS, _BETWEEN_DIGITS):
        yield from cards(text)
    flat = raw if len(raw) == len(text) else text.encode("ascii", "replace")
    spread = _KEY in raw.translate(_HEX, _BETWEEN_HEX)
    array = raw.count(b",") >= _LEAST_COMMAS and _ARRAY in raw.translate(_NUMBERS, _BETWEEN_NUMBERS)
    words = flat.translate(_WORD)
    if spread or array or _LONG_WORD in words or b"-----BEGIN" in flat:
        yield from keys(text, list(_runs(flat.translate(_ALNUM), _LONG)), spread=spread, array=array)
        yield from tokens(text, _runs(words, _LONG_WORD))
    yield from one_time_passwords(text, flat)
    if "iphertext" in text or "IPHERTEXT" in text:
        yield from keystores(text)


def _runs(shape: bytes, least: bytes) -> Iterator[tuple[int, int]]:
    """Where as many letters as `least` has, and more, stand in a row."""
    place = shape.find(least)
    while place >= 0:
        end = shape.find(b" ", place)
        end = end if end >= 0 else len(shape)
        yield place, end
        place = shape.find(least, end)


@cache
def _plain() -> dict[int, str]:
    """The ASCII character that each styled one stands for."""
    blocks = (*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800))
    return {
        code: plain
        for code in blocks
        if len(plain := unicodedata.normalize("NFKC", chr(code))) == 1 and plain.isascii()
    }
