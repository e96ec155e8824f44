"""The statistical model: which words, parts of words, and meanings together, speak for an emergency.

It is linear: each fragment of a message adds its weight, and the strongest can be shown as the reason.
`normalizer.triage.train` makes the file that it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, combinations
from math import sqrt
from pathlib import Path

import msgspec
from ahocorasick_rs import AhoCorasick, Implementation
from msgspec import Struct
from rapidfuzz.utils import default_process

MAX_BEGINNING = 400
MAX_END = 200
"""Characters that are looked at: what is urgent is said early, or at last, and the cost stays flat."""
FILE = Path(__file__).parent / "model.bin"
LANE = 32
"""Bits in which the weights of one class are summed: as many as an unsigned integer of C has."""
ZERO = 128
"""What a weight of nothing is written as, so that none is negative."""
STRONG = 12
"""Of 127: the weight from which on a fragment may be shown as a reason."""
MAX_SHOWN = 4
MAX_TRIED = 8
"""Fragments that are shown, and of which they are chosen."""


class Weights(Struct, frozen=True, kw_only=True):
    """The file of the model."""

    topics: tuple[str, ...]
    """`category/topic` of each class; class 0, before them, is `critical`."""
    fragments: tuple[str, ...]
    pairs: tuple[str, ...]
    """`meaning` and `meaning+meaning` that count besides fragments."""
    fragment_scale: float
    pair_scale: float
    """What one step of a weight is worth."""
    bias: tuple[float, ...]
    weights: bytes
    """A byte for each class of each fragment, then of each pair; 128 is nothing."""
    threshold: float
    """From which score on a message is critical."""


class Opinion(Struct, frozen=True):
    """What the model thinks: how likely it is critical, what it is about, and why."""

    critical: float
    """The logarithm of the odds, less the threshold: critical from 0 on."""
    category: str
    topic: str
    fragments: tuple[str, ...] = ()
    """The words around the fragments that speak for critical most, strongest first."""


class Model:
    """The weights, ready to be summed."""

    def __init__(self, weights: Weights) -> None:
        self._told = weights
        width = len(weights.bias)
        rows = [weights.weights[i : i + width] for i in range(0, len(weights.weights), width)]
        packed = [_pack(row) for row in rows]
        known = len(weights.fragments)
        self._fragments = packed[:known]
        self._alone, self._together = _by_meaning(weights.pairs, packed[known:])
        strong = [number for number, row in enumerate(rows[:known]) if row[0] >= ZERO + STRONG]
        self._strong = sorted(strong, key=lambda number: -rows[number][0])
        self._rank = {number: rank for rank, number in enumerate(self._strong)}
        self._automaton = automaton(weights.fragments)

    def opinion(self, folded: str, meanings: Iterable[str]) -> Opinion:
        """What is thought of a folded text in which these meanings were found."""
        told = self._told
        looked_at = letters(folded)
        found = found_in(self._automaton, looked_at)
        pairs = self._rows(frozenset(meanings))
        width = len(told.bias)
        ones = _unpack(sum(map(self._fragments.__getitem__, found)), width)
        others = _unpack(sum(pairs), width)
        step = told.fragment_scale / sqrt(len(found) or 1)
        none, no_pair = ZERO * len(found), ZERO * len(pairs)
        scores = [
            bias + (one - none) * step + (other - no_pair) * told.pair_scale
            for bias, one, other in zip(told.bias, ones, others, strict=True)
        ]
        best = scores.index(max(scores[1:]), 1)
        category, _, topic = told.topics[best - 1].partition("/")
        margin = scores[0] - told.threshold
        return Opinion(margin, category, topic, self._strongest(looked_at, found) if margin >= 0 else ())

    def _rows(self, said: frozenset[str]) -> list[int]:
        """The weights of the meanings that are said, and of each two of them; most have none together."""
        rows = [self._alone[one] for one in self._alone.keys() & said]
        for one in self._together.keys() & said:
            others = self._together[one]
            rows += map(others.__getitem__, others.keys() & said)
        return rows

    def _strongest(self, looked_at: str, found: set[int]) -> tuple[str, ...]:
        """The words around the few fragments that speak for critical most, none within another."""
        chosen: list[str] = []
        for rank in sorted(map(self._rank.__getitem__, self._rank.keys() & found))[:MAX_TRIED]:
            words = _words_around(looked_at, self._told.fragments[self._strong[rank]])
            if not any(words in one or one in words for one in chosen):
                chosen.append(words)
            if len(chosen) == MAX_SHOWN:
                break
        return tuple(chosen)


def _words_around(text: str, fragment: str) -> str:
    """A fragment with the words that it begins and ends in; at most its own length and 20 characters on each side."""
    start = text.find(fragment)
    end = start + len(fragment)
    start += len(fragment) - len(fragment.lstrip())
    end -= len(fragment) - len(fragment.rstrip())
    first = text.rfind(" ", max(0, start - 20), start) + 1 or start
    last = text.find(" ", end, end + 20)
    return text[first : last if last >= 0 else end]


def automaton(fragments: Sequence[str]) -> AhoCorasick:
    """What finds fragments; of the three kinds this one is as quick as any in little memory."""
    return AhoCorasick(fragments, implementation=Implementation.ContiguousNFA)


def found_in(automaton: AhoCorasick, looked_at: str) -> set[int]:
    """The numbers of the fragments that stand in a text."""
    return {number for number, _, _ in automaton.find_matches_as_indexes(looked_at, overlapping=True)}


def letters(folded: str) -> str:
    """What of a folded text the model looks at: its words, with nothing but spaces between them."""
    if len(folded) > MAX_BEGINNING + MAX_END:
        folded = f"{folded[:MAX_BEGINNING]} {folded[-MAX_END:]}"
    return f" {default_process(folded)} "


def fragments_of(looked_at: str) -> set[str]:
    """What the model may know of a text: words, two of them side by side, the beginnings and the ends of longer ones,
    and runs of two and three characters where a character is a syllable or a word.  Numbers say nothing.
    """
    found: set[str] = set()
    before = ""
    for word in looked_at.split():
        if any(map(_is_dense, word)):
            runs = (word[start : start + size] for size in (2, 3) for start in range(len(word) - size + 1))
            found.update(run for run in runs if all(map(_is_dense, run)))
            before = ""
        elif any(map(str.isdecimal, word)):
            before = ""
        else:
            found |= {f" {word} ", *(f" {word[:size]}" for size in (4, 6) if len(word) > size)}
            found |= {f"{word[-4:]} "} if len(word) > 4 else set()
            found |= {f" {before} {word} "} if before else set()
            before = word
    return found


def _is_dense(letter: str) -> bool:
    """Whether a character says as much as a syllable or a word: kana, Han, Hangul."""
    return "\u3040" <= letter <= "\ud7a3"


def pairs_of(meanings: Iterable[str]) -> Iterator[str]:
    """The meanings that are said in one message, alone and two by two (`one+other`, in alphabetical order)."""
    said = sorted(meanings)
    return chain(said, map("+".join, combinations(said, 2)))


def _by_meaning(pairs: Sequence[str], rows: Sequence[int]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """The weights of meanings by their names, and those of pairs by the name of one and then of the other."""
    alone: dict[str, int] = {}
    together: dict[str, dict[str, int]] = {}
    for pair, row in zip(pairs, rows, strict=True):
        one, _, other = pair.partition("+")
        if other:
            together.setdefault(one, {})[other] = row
        else:
            alone[one] = row
    return alone, together


def _pack(row: bytes) -> int:
    """A row of weights as one number: summing rows is then one addition each, whatever their width."""
    return int.from_bytes(b"".join(each.to_bytes(LANE // 8, "little") for each in row), "little")


def _unpack(packed: int, width: int) -> list[int]:
    return memoryview(packed.to_bytes(width * LANE // 8, "little")).cast("I").tolist()


@cache
def model() -> Model:
    """The model that is shipped, read once."""
    return Model(msgspec.msgpack.decode(FILE.read_bytes(), type=Weights))
