"""Writes what means the same in the same characters, so that words can be compared."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

_SPACE = re.compile(r"\s+")
_SILENT = "'’‘ʼ`´\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"
"""Characters within words that people leave out as often as not, or that cannot be seen."""
_ACCENTED = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), 0x451)
"""Letters of the Latin script that NFKC composes, and ё."""


def fold(text: str) -> str:
    """Return `text` without what writing it otherwise changes: width and compatibility forms (NFKC), case,
    accents of Latin letters, traditional for simplified characters, apostrophes, invisible characters, and
    runs of white space.
    """
    if text.isascii():
        return _SPACE.sub(" ", text.lower().replace("'", "").replace("`", ""))
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SPACE.sub(" ", folded.translate(_plain()))


@cache
def _plain() -> dict[int, str | None]:
    """What each character is written as; the pairs of Chinese ones come from OpenCC (Apache-2.0)."""
    traditional, simplified = (Path(__file__).parent / "simplified.txt").read_text().split("\n")[:2]
    table: dict[int, str | None] = {ord(one): other for one, other in zip(traditional, simplified, strict=True)}
    table |= {code: _bare(chr(code)) for code in _ACCENTED}
    table |= dict.fromkeys(map(ord, _SILENT))
    table |= dict.fromkeys(range(0x300, 0x370))
    return table | {ord("ı"): "i", ord("đ"): "d", ord("ł"): "l", ord("ø"): "o"}


def _bare(letter: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", letter) if not unicodedata.combining(one)) or letter
