"""Which language of the Latin script a few words are in, by the runs of letters in them."""

from __future__ import annotations

import re
import zlib
from functools import cache
from math import sqrt
from pathlib import Path
from typing import NamedTuple

from normalizer.language.train import LANGUAGES, ORDER, SCALE

MAX_LETTERS = 80
"""Letters that are looked at: a longer text has no need of this."""


def scores(text: str) -> dict[str, float]:
    """For each language of the model how much the words speak for it, as a logarithm; {} without any word."""
    vectors = []
    model = _model()
    for word in _WORD.findall(text[: MAX_LETTERS * 2].casefold()):
        padded = f"^{word}$"
        vectors += [_vector(model, padded, end) for end in range(1, len(padded))]
    if not vectors:
        return {}
    total = [sum(column) for column in zip(*vectors[:MAX_LETTERS], strict=True)]
    mean = sum(total) / len(total)
    weight = 1 / (SCALE * sqrt(min(len(vectors), MAX_LETTERS)))
    return {language: (one - mean) * weight for language, one in zip(LANGUAGES, total, strict=True)}


def _vector(model: _Model, padded: str, end: int) -> bytes:
    """What the longest known run that ends here says."""
    for start in range(max(0, end - ORDER + 1), end + 1):
        place = model.places.get(padded[start : end + 1])
        if place is not None:
            return model.vectors[place : place + len(LANGUAGES)]
    return _NEUTRAL


class _Model(NamedTuple):
    """Runs of letters, and their vectors one behind the other: as objects they would take twice the memory."""

    places: dict[str, int]
    vectors: bytes


@cache
def _model() -> _Model:
    """The runs and their vectors, read once."""
    packed = zlib.decompress((Path(__file__).parent / "ngrams.bin").read_bytes())
    runs, _, vectors = packed.partition(b"\0")
    width = len(LANGUAGES)
    return _Model({name: number * width for number, name in enumerate(runs.decode().split("\n"))}, vectors)


_NEUTRAL = bytes([128] * len(LANGUAGES))
_WORD = re.compile(r"[^\W\d_]{1,40}")
