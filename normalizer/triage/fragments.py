"""The statistical model: which runs of characters, and which meanings together, speak for an emergency.

It is linear: each fragment of a message adds its weight, and the strongest can be shown as the reason.
`normalizer.triage.train` makes the file that it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations
from math import sqrt
from pathlib import Path

import msgspec
from ahocorasick_rs import AhoCorasick, Implementation
from msgspec import Struct

MAX_LETTERS = 600
"""Characters that are looked at: what is urgent is said early, and the cost stays flat."""
FILE = Path(__file__).parent / "model.bin"
LANE = 24
"""Bits in which the weights of one class are summed: room for 65,536 fragments."""
ZERO = 128
"""What a weight of nothing is written as, so that none is negative."""
_LETTERS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")


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
    """The fragments that speak for critical most, strongest first."""


class Model:
    """The weights, ready to be summed."""

    def __init__(self, weights: Weights) -> None:
        self._told = weights
        width = len(weights.bias)
        rows = [weights.weights[i : i + width] for i in range(0, len(weights.weights), width)]
        packed = [_pack(row) for row in rows]
        known = len(weights.fragments)
        self._fragments, self._pairs = packed[:known], dict(zip(weights.pairs, packed[known:], strict=True))
        self._critical = [row[0] - ZERO for row in rows[:known]]
        self._automaton = AhoCorasick(list(weights.fragments), implementation=Implementation.ContiguousNFA)

    def opinion(self, folded: str, meanings: Iterable[str]) -> Opinion:
        """What is thought of a folded text in which these meanings were found."""
        told = self._told
        found = {match[0] for match in self._automaton.find_matches_as_indexes(letters(folded), overlapping=True)}
        pairs = [row for name in pairs_of(meanings) if (row := self._pairs.get(name))]
        width = len(told.bias)
        ones = _unpack(sum(map(self._fragments.__getitem__, found)), width)
        others = _unpack(sum(pairs), width)
        step = told.fragment_scale / sqrt(len(found) or 1)
        scores = [
            bias + (one - ZERO * len(found)) * step + (other - ZERO * len(pairs)) * told.pair_scale
            for bias, one, other in zip(told.bias, ones, others, strict=True)
        ]
        best = max(range(1, width), key=scores.__getitem__)
        category, _, topic = told.topics[best - 1].partition("/")
        margin = scores[0] - told.threshold
        return Opinion(margin, category, topic, self._strongest(found) if margin >= 0 else ())

    def _strongest(self, found: set[int]) -> tuple[str, ...]:
        """The few fragments that speak for critical most, none within another."""
        chosen: list[str] = []
        for number in sorted(found, key=lambda each: (-self._critical[each], each))[:20]:
            fragment = self._told.fragments[number].strip()
            if self._critical[number] > 0 and not any(fragment in one or one in fragment for one in chosen):
                chosen.append(fragment)
        return tuple(chosen[:4])


def letters(folded: str) -> str:
    """What of a folded text the model looks at: words and numbers, each number alike."""
    return _DIGITS.sub("0", _LETTERS.sub(" ", f" {folded[:MAX_LETTERS]} "))


def pairs_of(meanings: Iterable[str]) -> Iterator[str]:
    """The names of meanings that are said in one message, alone and two by two."""
    said = sorted(meanings)
    yield from said
    for one, other in combinations(said, 2):
        yield f"{one}+{other}"


def _pack(row: Sequence[int]) -> int:
    """A row of weights as one number: summing rows is then one addition each, whatever their width."""
    return int.from_bytes(b"".join(each.to_bytes(LANE // 8, "little") for each in row), "little")


def _unpack(packed: int, width: int) -> list[int]:
    content = packed.to_bytes(width * LANE // 8, "little")
    step = LANE // 8
    return [int.from_bytes(content[i : i + step], "little") for i in range(0, len(content), step)]


@cache
def model() -> Model:
    """The model that is shipped, read once."""
    return Model(msgspec.msgpack.decode(FILE.read_bytes(), type=Weights))
