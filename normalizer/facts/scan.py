"""The one pass over a whole text: numerals with a unit, wide characters, and the words of bait."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from normalizer.facts.words import EAST_UNITS, MEASURES, NUMERALS, POWERS
from normalizer.safety.bait import BAITS


class Word(NamedTuple):
    """A word of bait where it stands: its sides are pairs of a rule's number and 0 or 1."""

    sides: tuple[tuple[int, int], ...]
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
    numerals: dict[int, int]
    """Patterns of numerals and the place of their unit."""
    baits: dict[int, tuple[tuple[int, int], ...]]


def scan(folded: str) -> Scanned:
    """Everything in a text in lower case that one automaton can find; linear."""
    lexicon = _lexicon()
    found = Scanned([], [], wide=False)
    for pattern, start, end in lexicon.automaton.find_matches_as_indexes(folded):
        unit = lexicon.numerals.get(pattern)
        if unit is not None:
            found.numerals.append((start, start + unit))
        elif sides := lexicon.baits.get(pattern):
            if start == 0 or folded[start] >= "\u2e80" or not folded[start - 1].isalpha():
                found.baits.append(Word(sides, start, end))
        else:
            found = found._replace(wide=True)
    return found


@cache
def _lexicon() -> _Lexicon:
    patterns: dict[str, int] = {}
    numerals: dict[int, int] = {}
    baits: dict[int, tuple[tuple[int, int], ...]] = {}
    for numeral in (*NUMERALS, *POWERS, "半"):
        for measure in ("", " ", *MEASURES):
            for unit in EAST_UNITS:
                numerals[patterns.setdefault(f"{numeral}{measure}{unit}", len(patterns))] = 1 + len(measure)
    for number, bait in enumerate(BAITS):
        for side, words in enumerate((bait.first, bait.second)):
            for word in words:
                pattern = patterns.setdefault(word, len(patterns))
                baits[pattern] = (*baits.get(pattern, ()), (number, side))
    for wide in "０１２３４５６７８９ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ＄＃":
        patterns.setdefault(wide, len(patterns))
    automaton = AhoCorasick(
        list(patterns), matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA
    )
    return _Lexicon(automaton, numerals, baits)
