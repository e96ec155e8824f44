"""How the n-gram model is made of the word lists: `python -m normalizer.language.train`.

A model of a language says how probable a letter is after the up to five before it (Witten-Bell smoothing);
the lists in `words/` are what it learns from.  Of all languages together it keeps, for each run of letters,
how much it speaks for each of them, and only where that differs from what the shorter run says.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

LANGUAGES = ("de", "en", "es", "fr", "id", "it", "pt", "tr", "vi")
ORDER = 6
SCALE = 20
"""Steps of the quantisation for one unit of the natural logarithm."""

_ALPHABET = 140
_DIFFERENCE = 6
"""Steps by which a run must differ from its shorter one in some language to be kept."""

Counts = Mapping[str, Mapping[str, int]]


def train(words: Mapping[str, Iterable[str]]) -> dict[str, bytes]:
    """For each run of letters a byte a language: the logarithm of its probability, less the mean, plus 128."""
    counts = [_counts(words[language]) for language in LANGUAGES]
    runs = {context + letter for count in counts for context, after in count.items() for letter in after}
    model: dict[str, bytes] = {}
    for run in sorted(runs, key=lambda run: (len(run), run)):
        logs = [math.log(_probability(count, run[:-1], run[-1])) for count in counts]
        mean = sum(logs) / len(logs)
        vector = bytes(min(255, max(0, round((log - mean) * SCALE) + 128)) for log in logs)
        if len(run) == 1 or _differs(vector, _known(model, run[1:])):
            model[run] = vector
    return model


def pack(model: Mapping[str, bytes]) -> bytes:
    """The model as a file: the runs, a line each, a NUL, and their vectors in the same order."""
    return zlib.compress("\n".join(model).encode() + b"\0" + b"".join(model.values()), 9)


def _counts(words: Iterable[str]) -> Counts:
    """How often each letter follows each context, word ends (`$`) included, for words that begin with `^`."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in words:
        padded = f"^{word}$"
        for end in range(1, len(padded)):
            for start in range(max(0, end - ORDER + 1), end + 1):
                counts[padded[start:end]][padded[end]] += 1
    return counts


def _probability(counts: Counts, context: str, letter: str) -> float:
    probability = 1 / _ALPHABET
    for start in range(len(context), -1, -1):
        after = counts.get(context[start:])
        if after is None:
            break
        total, kinds = sum(after.values()), len(after)
        probability = (after.get(letter, 0) + kinds * probability) / (total + kinds)
    return probability


def _known(model: Mapping[str, bytes], run: str) -> bytes:
    """The vector of the longest end of the run that the model has."""
    return next(model[run[start:]] for start in range(len(run)) if run[start:] in model)


def _differs(one: bytes, other: bytes) -> bool:
    return any(abs(a - b) >= _DIFFERENCE for a, b in zip(one, other, strict=True))


def read_words() -> dict[str, list[str]]:
    """The word lists that are shipped."""
    folder = Path(__file__).parent / "words"
    return {language: (folder / f"{language}.txt").read_text("utf-8").split() for language in LANGUAGES}


if __name__ == "__main__":
    (Path(__file__).parent / "ngrams.bin").write_bytes(pack(train(read_words())))
