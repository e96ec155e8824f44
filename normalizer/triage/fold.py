"""Writes what means the same in the same characters, so that words can be compared."""

from __future__ import annotations

import codecs
import re
import unicodedata
from array import array
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_SILENT = "'’‘ʼ`´\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"
"""Characters within words that people leave out as often as not, or that cannot be seen."""
_BLANK = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
"""White space that NFKC leaves as it is."""
_MARKS = range(0x300, 0x370)
_HALVES = range(0xD800, 0xE000)
"""Halves of surrogate pairs, which are no characters."""
_ACCENTED = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), 0x451, 0x401)
"""Letters of the Latin script that NFKC composes, and ё."""
_SIGNS = {chr(ord(one) + 0xFEE0): one for one in "!(),:;?~"} | {"\u3000": " ", "\xa0": " ", "…": "..."}
"""What most texts of East Asia are punctuated with, as NFKC writes it."""
_STROKED = {"ı": "i", "đ": "d", "ł": "l", "ø": "o"}
"""Letters whose mark is no accent to Unicode."""
_USUAL = (
    "àáâãäåèéêëìíîïĩòóôõöùúûüũưỳýñçğşđøłıßăơạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỵỷỹ"
    "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїє“”«»–—•€¿¡\u0307\u0301\u200b‘’"
)
"""Letters and signs of the alphabets of our customers, beside ASCII."""


class _Page(NamedTuple):
    """Letters as bytes: a page of 256 in which a text of an alphabet is folded in a microsecond or two."""

    encoding: Any
    plain: bytes
    """What each byte is folded to."""
    silent: bytes
    """The bytes that are left out."""
    letters: str
    """What the bytes stand for."""


def fold(text: str) -> str:
    """Return `text` without what writing it otherwise changes: width and compatibility forms (NFKC), case,
    accents of Latin letters, traditional for simplified characters, apostrophes, invisible characters, and
    runs of white space.
    """
    page = _page()
    if text.isascii():
        written = text.lower().encode()
    else:
        lower = _compatible(text).lower()
        try:
            written, _ = codecs.charmap_encode(lower, "strict", page.encoding)
        except UnicodeEncodeError:
            return _spaced(_unpaged(lower))
    plain = written.translate(page.plain, page.silent)
    return _spaced(plain.decode() if plain.isascii() else codecs.charmap_decode(plain, "strict", page.letters)[0])


def _compatible(text: str) -> str:
    """The text in NFKC; most texts are so already, or once the commonest signs are, and that is told quickly."""
    if unicodedata.is_normalized("NFKC", text):
        return text
    for sign in set(_SIGN.findall(text)):
        text = text.replace(sign, _SIGNS[sign])
    return unicodedata.normalize("NFKC", text)


def _spaced(text: str) -> str:
    """A text with one space where there were several."""
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _unpaged(lower: str) -> str:
    """What `fold` makes of a text in lower case with a character that is not on the page."""
    lower = _MARKED.sub(lambda marked: _plain(marked[0]), lower)
    traditional, table = _han()
    for one in set(traditional.findall(lower)):
        lower = lower.replace(one, chr(table[ord(one)]))
    return lower


@cache
def _plain(letter: str) -> str:
    """What a single letter of an alphabet, or a sign, is folded to."""
    if letter in _SILENT or ord(letter) in _MARKS:
        return ""
    if letter in _BLANK:
        return " "
    if ord(letter) in _HALVES:
        return "?"
    if letter in _STROKED:
        return _STROKED[letter]
    if ord(letter) not in _ACCENTED:
        return letter
    return "".join(one for one in unicodedata.normalize("NFD", letter) if not unicodedata.combining(one)) or letter


@cache
def _page() -> _Page:
    """The page: ASCII where it always is, and the other letters in the places of its capitals and behind it."""
    free = iter([*range(ord("A"), ord("Z") + 1), *range(128, 256)])
    places = {chr(code).lower(): code for code in range(128) if not 65 <= code <= 90}
    places |= {letter: next(free) for letter in dict.fromkeys(_USUAL)}
    letters = ["\ufffe"] * 256
    for letter, place in places.items():
        letters[place] = letter
    plain = bytes(places.get(_plain(letter), place) for place, letter in enumerate(letters))
    silent = bytes(place for letter, place in places.items() if not _plain(letter))
    return _Page(codecs.charmap_build("".join(letters)), plain, silent, "".join(letters))


@cache
def _han() -> tuple[re.Pattern[str], array[int]]:
    """Finds a traditional character, and the table by which they are simplified.

    The pairs come from OpenCC (Apache-2.0); as an array they take a tenth of the memory of a dict.
    """
    traditional, simplified = (Path(__file__).parent / "simplified.txt").read_text().split("\n")[:2]
    pairs = {ord(one): ord(other) for one, other in zip(traditional, simplified, strict=True) if one < "\uffff"}
    table = array("I", [pairs.get(code, code) for code in range(max(pairs) + 1)])
    return re.compile(f"[{''.join(map(chr, pairs))}]"), table


_SIGN = re.compile(f"[{''.join(_SIGNS)}]")
_MARKED = re.compile(f"[{re.escape(_SILENT)}{_BLANK}\u0300-\u036f\ud800-\udfff{''.join(map(chr, _ACCENTED))}]")
