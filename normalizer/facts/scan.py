"""The one pass over a whole text: numerals with a unit, wide characters, and the words of bait."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

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
    automaton: AhoCorasick
    units: dict[int, int]
    """Patterns that hold a unit, and where in them it begins."""
    baits: dict[int, tuple[int, ...]]


def scan(folded: str) -> Scanned:
    """Everything in a text in lower case that one automaton can find; linear."""
    found = Scanned([], [], wide=False)
    end = len(folded) - MAX_END
    if end <= MAX_BEGINNING or folded.encode().translate(None, _WESTERN):
        return _scan(folded, 0, found)
    return _scan(folded[end:], end, _scan(folded[:MAX_BEGINNING], 0, found))


def _scan(folded: str, first: int, found: Scanned) -> Scanned:
    """What was found before, and what is in a part of a text that begins at `first`."""
    lexicon = _lexicon()
    for pattern, start, end in lexicon.automaton.find_matches_as_indexes(folded):
        unit = lexicon.units.get(pattern)
        if unit is not None:
            numeral = _numeral_before(folded, start + unit)
            if numeral >= 0:
                found.numerals.append((first + numeral, first + start + unit))
        elif rules := lexicon.baits.get(pattern):
            if start == 0 or folded[start] >= "\u2e80" or not folded[start - 1].isalpha():
                found.baits.append(Word(rules, first + start, first + end))
        else:
            found = found._replace(wide=True)
    return found


def _numeral_before(folded: str, unit: int) -> int:
    """Where the numeral stands to which a unit belongs, a measure word or a space between them; -1 for none."""
    at = unit - 1
    if at > 0 and (folded[at] in MEASURES or folded[at] == " "):
        at -= 1
    return at if at >= 0 and (folded[at] in NUMERALS or folded[at] in POWERS or folded[at] == "半") else -1


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
    # A DFA would be a third faster on long texts and take 6 MB.
    automaton = AhoCorasick(
        list(patterns), matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA
    )
    return _Lexicon(automaton, units, baits)


_WESTERN = bytes(range(0xE3))
"""Bytes of UTF-8 that no character of East Asia begins with."""
