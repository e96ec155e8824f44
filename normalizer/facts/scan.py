"""The one pass over a whole text: numerals with a unit, wide characters, and the words of bait."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from normalizer.facts.words import EAST_UNITS, MEASURES, NUMERALS, POWERS
from normalizer.safety.bait import BAITS

MAX_BEGINNING = 12_000
MAX_END = 4_000
"""Characters of a text of an alphabet that are searched for the words of bait, all that it is searched for: who wants a
reader to follow a link says so early, or at last.
"""


class Word(NamedTuple):
    """A word of bait where it stands, and the numbers of the rules that have it."""

    rules: tuple[int, ...]
    start: int
    end: int


class Scanned(NamedTuple):
    """What the pass found."""

    numerals: list[tuple[int, int]]
    """Where a numeral stands and where the unit behind it begins."""
    baits: list[Word]
    wide: bool
    """Whether there are full-width digits or letters."""


class _Lexicon(NamedTuple):
    automaton: BytesAhoCorasick
    units: dict[int, int]
    """Patterns that hold a unit, and where in them it begins."""
    baits: dict[int, tuple[int, ...]]


def scan(folded: str, whole: bytes) -> Scanned:
    """Everything in a text in lower case, given in UTF-8 as well, that one automaton can find; linear."""
    found = Scanned([], [], wide=False)
    end = len(folded) - MAX_END
    if end <= MAX_BEGINNING or any(first in whole for first in _EASTERN):
        return _scan(folded, whole, 0, found)
    found = _scan(folded, folded[:MAX_BEGINNING].encode(), 0, found)
    return _scan(folded, folded[end:].encode(), end, found)


def _scan(folded: str, part: bytes, first: int, found: Scanned) -> Scanned:
    """What was found before, and what is in a part of a text, in UTF-8, that begins at its character `first`."""
    lexicon = _lexicon()
    at, done = first, 0
    for pattern, left, right in lexicon.automaton.find_matches_as_indexes(part):
        start = at + len(part[done:left].decode())
        at, done = start + len(part[left:right].decode()), right
        unit = lexicon.units.get(pattern)
        if unit is not None:
            numeral = _numeral_before(folded, start + unit, first)
            if numeral >= 0:
                found.numerals.append((numeral, start + unit))
        elif rules := lexicon.baits.get(pattern):
            if start == first or folded[start] >= "\u2e80" or not folded[start - 1].isalpha():
                found.baits.append(Word(rules, start, at))
        else:
            found = found._replace(wide=True)
    return found


def _numeral_before(folded: str, unit: int, first: int) -> int:
    """Where the numeral stands to which a unit belongs, a measure word or a space between them; -1 for none."""
    at = unit - 1
    if at > first and (folded[at] in MEASURES or folded[at] == " "):
        at -= 1
    return at if at >= first and (folded[at] in NUMERALS or folded[at] in POWERS or folded[at] == "半") else -1


@cache
def _lexicon() -> _Lexicon:
    patterns: dict[str, int] = {}
    units: dict[int, int] = {}
    baits: dict[int, tuple[int, ...]] = {}
    for unit in EAST_UNITS:
        for before in (*NUMERALS, *POWERS, *MEASURES, "半") if unit.isascii() else ("",):
            units[patterns.setdefault(before + unit, len(patterns))] = len(before)
    for number, bait in enumerate(BAITS):
        for word in bait.words:
            pattern = patterns.setdefault(word, len(patterns))
            baits[pattern] = (*baits.get(pattern, ()), number)
    for wide in "０１２３４５６７８９ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＄＃":
        patterns.setdefault(wide, len(patterns))
    # 6 MB, for a third of the time of a contiguous NFA, which on most messages would cost more than all else here.
    automaton = BytesAhoCorasick(
        [pattern.encode() for pattern in patterns],
        matchkind=MatchKind.LeftmostLongest,
        implementation=Implementation.DFA,
    )
    return _Lexicon(automaton, units, baits)


_EASTERN = tuple(bytes([first]) for first in (*range(0xE4, 0xF5), 0xE3))
"""Bytes of UTF-8 that characters of East Asia begin with, and no letters of an alphabet."""
