"""The one pass over a whole text: numerals with a unit, wide characters, and the words of bait."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from normalizer.facts.words import EAST_UNITS, MEASURES, NUMERALS, POWERS
from normalizer.safety.bait import BAITS


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
    lexicon = _lexicon()
    found = Scanned([], [], wide=False)
    for pattern, start, end in lexicon.automaton.find_matches_as_indexes(folded):
        unit = lexicon.units.get(pattern)
        if unit is not None:
            numeral = _numeral_before(folded, start + unit)
            if numeral >= 0:
                found.numerals.append((numeral, start + unit))
        elif rules := lexicon.baits.get(pattern):
            if start == 0 or folded[start] >= "\u2e80" or not folded[start - 1].isalpha():
                found.baits.append(Word(rules, start, end))
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
    automaton = AhoCorasick(list(patterns), matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
    return _Lexicon(automaton, units, baits)
