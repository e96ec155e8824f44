"""How long a text is to X, and how a longer one becomes several.

Counted as twitter-text 3 does (docs.x.com, counting characters): 280 of a Latin text, 140 characters of a CJK one, and
23 for each link.
"""

from __future__ import annotations

import re
import unicodedata

LINK = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that count as one; all others count as two."""
_LINK = re.compile(r"https?://\S+")
_WORD = re.compile(r"\s*\S+")
_NUMBERING = len(" (99/99)")


def weight(text: str) -> int:
    """How many characters X counts."""
    links = len(_LINK.findall(text))
    return links * LINK + sum(map(_weight, unicodedata.normalize("NFC", _LINK.sub("", text))))


def _weight(letter: str) -> int:
    return 1 if any(first <= ord(letter) <= last for first, last in _LIGHT) else 2


def shortened(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer."""
    if weight(text) <= most:
        return text
    return _pieces(text, most - 2)[0].rstrip() + "…"


def split(text: str, most: int) -> list[str]:
    """The text in parts that are short enough, numbered (1/3) where there are several; cut between words."""
    if weight(text) <= most:
        return [text]
    pieces = _pieces(text, most - _NUMBERING)
    return [f"{piece} ({place}/{len(pieces)})" for place, piece in enumerate(pieces, 1)]


def _pieces(text: str, most: int) -> list[str]:
    pieces, present = [], ""
    for word in _WORD.findall(text):
        for part in [word] if weight(word.strip()) <= most else _letters(word, most):
            if weight((present + part).strip()) > most:
                pieces.append(present.strip())
                present = ""
            present += part
    return [*pieces, present.strip()] if present.strip() else pieces


def _letters(word: str, most: int) -> list[str]:
    """A word that is too long for one piece, such as a sentence of a script without spaces."""
    parts, size = [""], 0
    for letter in word:
        if size + _weight(letter) > most:
            parts.append("")
            size = 0
        parts[-1] += letter
        size += _weight(letter)
    return parts
