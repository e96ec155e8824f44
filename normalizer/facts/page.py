"""A text as the readers of facts see it: folded, and with the places where a fact may stand.

Everything that is done to the whole text is done here, by functions that take about a nanosecond a
character; all else looks at a few characters around a digit or a dot.
"""

from __future__ import annotations

import re

from normalizer.facts.scan import scan
from normalizer.facts.url import urls
from normalizer.facts.words import CLOSING, LABELS, LONGEST_LABEL, WEAK, Label

MAX_DEAR = 200
"""Checks of more than some ten microseconds that a text is worth, so that no text can keep a thread busy."""
MOST_WEAK = 6
"""Words between a number and its name."""


class Page:
    """A text of one message, and its language as a BCP 47 code."""

    __slots__ = ("baits", "dear", "folded", "hosts", "language", "latin", "numerals", "shape", "text", "urls")

    def __init__(self, text: str, language: str | None) -> None:
        self.dear = MAX_DEAR
        self.text, self.language = text, language
        self.folded = _folded(text)
        try:
            encoded = self.folded.encode()
        except UnicodeEncodeError:
            self.text, self.folded = _SURROGATE.sub("\ufffd", text), _SURROGATE.sub("\ufffd", self.folded)
            encoded = self.folded.encode()
        self.numerals, self.baits, wide = scan(self.folded, encoded)
        if wide:
            self.text = unwiden(self.text)
            self.folded = _folded(self.text)
            self.numerals, self.baits, _ = scan(self.folded, self.folded.encode())
        self.latin = self.folded.encode("latin-1", "replace")
        self.shape = self.latin.translate(_SHAPES)
        self.urls, self.hosts = urls(self.text, self.folded, self.latin)

    def afford(self) -> bool:
        """Whether one more dear check may be made."""
        self.dear -= 1
        return self.dear >= 0

    def run(self, at: int) -> tuple[int, int]:
        """Where the letters, digits, hyphens and underscores around a place begin and end."""
        end = self.shape.find(b" ", at)
        return self.shape.rfind(b" ", 0, at) + 1, end if end >= 0 else len(self.text)

    def before(self, at: int) -> tuple[Label | None, int]:
        """What the words directly before a place say of what stands there, and where they begin."""
        first = at - LONGEST_LABEL if at > LONGEST_LABEL else 0
        words = self.folded[first:at].rstrip(CLOSING)
        for _ in range(MOST_WEAK):
            word = _last(words)
            start = len(words) - len(word)
            if word in LABELS:
                return LABELS[word], first + start
            if word not in WEAK:
                break
            words = words[:start].rstrip(CLOSING)
        return None, at


def _last(words: str) -> str:
    """The word that the text ends with; of a script without spaces the longest one that says something."""
    if not words:
        return ""
    if words[-1] >= "\u2e80":
        for length in _ENDINGS.get(words[-1], ()):
            word = words[-length:]
            if word in LABELS or word in WEAK:
                return word
        return ""
    word = words.rpartition(" ")[2]
    if word.isascii() and word.isalpha():
        return word
    matched = _WORD_BACKWARDS.match(words[::-1])
    word = words[-matched.end() :] if matched else ""
    return word if word in LABELS or not word.endswith("$") else "$"


def unwiden(text: str) -> str:
    """The text with full-width digits, letters, signs and dots as ordinary ones, each in its place."""
    return _WIDE.sub(lambda wide: chr(ord(wide[0]) - 0xFEE0), text)


def _folded(text: str) -> str:
    """The text in lower case, character by character."""
    if not text.isascii():
        try:
            return text.encode("latin-1").translate(_LOWER).decode("latin-1")  # a quarter of the time
        except UnicodeEncodeError:
            pass
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    shorter = lower.replace("i\u0307", "i")  # that is İ, the one letter whose lower case is longer
    return shorter if len(shorter) == len(text) else text.replace("İ", "i").lower()


_WIDE = re.compile("[＃＄＋．／０-９＠Ａ-Ｚａ-ｚ]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD_BACKWARDS = re.compile(r"[^\W\d_\u2e80-\U0010ffff]+|[$€£¥￥₩₫₽₺₱฿₹](?:[a-z]{1,2}\b)?")
_LENGTHS = (6, 5, 4, 3, 2, 1)


def _endings() -> dict[str, tuple[int, ...]]:
    """How long the words are that end with a character, the longest first."""
    words = [*LABELS, *WEAK]
    return {
        last: tuple(n for n in _LENGTHS if any(len(word) == n and word[-1] == last for word in words))
        for last in {word[-1] for word in words if word[-1] >= "\u2e80"}
    }


_ENDINGS = _endings()
_LOWER = "".join(map(chr, range(256))).lower().encode("latin-1")
_SHAPES = bytes(
    ord("0") if chr(code).isdigit() and code < 128
    else ord("a") if (code < 128 and chr(code).isalpha()) or chr(code) in "-_"
    else ord(" ")
    for code in range(256)
)  # fmt: skip
