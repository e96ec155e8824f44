"""Makes the statistical model of triage from the labelled messages: `python -m normalizer.triage.train`.

Development only (it needs numpy).  The model is the linear one of `normalizer.triage.fragments`, fitted by
stochastic gradient descent on the logistic loss (critical or not) and the softmax loss (which topic); the
threshold is the highest that finds nearly all critical messages of situations left out of the fit.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import yaml

from model.rules import Negation
from normalizer.triage.fold import fold
from normalizer.triage.fragments import FILE, ZERO, Model, Weights, automaton, found_in, fragments_of, letters, pairs_of
from normalizer.triage.labelled import Labelled, read_labelled
from normalizer.triage.lexicon import Lexicon

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "config" / "triage"
LEAST_SEEN, LEAST_TOGETHER = 3, 15
"""In so many messages must a fragment stand, and a meaning or a pair of them, to be known: rarer ones cost as much as
others, and say no more than chance."""
EPOCHS = 10
RATE = 0.5
DECAY = 1e-3
DROPPED = 0.4
"""The share of fragments that each step does not see, so that none is relied on alone."""
PAIR_VALUE = 0.3
"""What a pair of meanings counts, where all fragments together have the length 1."""
CRITICAL_WEIGHT = 1.5
"""How much worse a critical message missed is than a false alarm."""
FOLDS = 3
RECALL = 0.85
"""The share of critical messages, of situations that the model has not heard of, that the threshold lets through."""
Example = tuple[list[int], list[int], int, int]
"""The numbers of its fragments and of its pairs, 1 where it is critical, and the number of its topic."""


def main() -> None:
    """Fit, choose the threshold, write the file."""
    messages = read_labelled(ROOT / "tests" / "data" / "triage" / "train")
    threshold = _threshold(messages)
    weights = fit(messages, threshold)
    FILE.write_bytes(msgspec.msgpack.encode(weights))
    sys.stderr.write(f"{len(messages)} messages, threshold {threshold:.2f}, {FILE.stat().st_size >> 10} KiB\n")


def fit(messages: Sequence[Labelled], threshold: float = 0.0) -> Weights:
    """Fit the model to messages."""
    lexicon = shipped_lexicon()
    topics = tuple(sorted({each.label for each in messages}))
    texts = [letters(fold(each.text)) for each in messages]
    said = [list(pairs_of(meanings(lexicon, each.text))) for each in messages]
    fragments = _seen(map(fragments_of, texts), LEAST_SEEN)
    pairs = _seen(said, LEAST_TOGETHER)
    finder = automaton(fragments)
    places = {name: number for number, name in enumerate(pairs, len(fragments))}
    examples = [
        (
            sorted(found_in(finder, text)),
            [places[name] for name in names if name in places],
            int(each.urgency == "critical"),
            topics.index(each.label),
        )
        for each, text, names in zip(messages, texts, said, strict=True)
    ]
    matrix, bias = _descend(examples, len(places) + len(fragments), len(topics))
    ones, others = matrix[: len(fragments)], matrix[len(fragments) :]
    return Weights(
        topics=topics,
        fragments=tuple(fragments),
        pairs=tuple(pairs),
        fragment_scale=float(_scale(ones)),
        pair_scale=float(_scale(others)) * PAIR_VALUE,
        bias=tuple(map(float, bias)),
        weights=_bytes(ones) + _bytes(others),
        threshold=threshold,
    )


def _seen(found: Iterable[Iterable[str]], least: int) -> list[str]:
    """What is found in so many messages, in order."""
    times = Counter(each for some in found for each in some)
    return sorted(each for each, number in times.items() if number >= least)


def _threshold(messages: Sequence[Labelled]) -> float:
    """The highest score that RECALL of the critical messages reach when what they tell is left out of the fit.

    A situation is left out whole, in all languages that tell it: what is to be known is how the model does on what
    it has not heard of.
    """
    lexicon = shipped_lexicon()
    situations = {each.situation: None for each in messages}
    folds = {situation: number % FOLDS for number, situation in enumerate(situations)}
    scores = []
    for fold_number in range(FOLDS):
        fitted = Model(fit([each for each in messages if folds[each.situation] != fold_number]))
        scores += [
            fitted.opinion(fold(each.text), meanings(lexicon, each.text)).critical
            for each in messages
            if folds[each.situation] == fold_number and each.urgency == "critical"
        ]
    return sorted(scores)[int((1 - RECALL) * len(scores))]


def meanings(lexicon: Lexicon, text: str) -> set[str]:
    """The names of what is said in a text."""
    return {lexicon.names[meaning] for meaning in lexicon.find(fold(text))}


def shipped_lexicon() -> Lexicon:
    """The words that are shipped."""
    documents = [yaml.safe_load(path.read_text()) for path in sorted(WORDS.glob("*.yaml"))]
    words: dict[str, Any] = {}
    negation = Negation()
    for document in documents:
        words |= document.get("words", {})
        if "negation" in document:
            negation = msgspec.convert(
                {
                    key: [word for line in lists for word in (line if isinstance(line, list) else [line])]
                    for key, lists in document["negation"].items()
                },
                Negation,
            )
    flat = {name: [str(word) for line in lists for word in line] for name, lists in words.items()}
    return Lexicon(flat, negation)


def _descend(examples: Sequence[Example], rows: int, topics: int) -> tuple[Any, Any]:
    """Weights and biases by AdaGrad; what is random is the same each time."""
    chance = np.random.default_rng(7)
    matrix = np.zeros((rows, topics + 1))
    history = np.full_like(matrix, 1e-2)
    bias = np.zeros(topics + 1)
    for epoch in range(EPOCHS):
        rate = RATE / (1 + epoch / 10)
        for number in chance.permutation(len(examples)):
            ones, others, critical, topic = examples[number]
            kept = np.array(ones, dtype=int)[chance.random(len(ones)) >= DROPPED]
            added = np.array(others, dtype=int)[chance.random(len(others)) >= DROPPED / 2]
            used = np.concatenate([kept, added])
            values = np.concatenate([np.full(len(kept), 1 / (len(kept) or 1) ** 0.5), np.full(len(added), PAIR_VALUE)])
            gradient = _gradient(bias + values @ matrix[used], critical, topic)
            step = np.outer(values, gradient) + DECAY * matrix[used]
            history[used] += step**2
            matrix[used] -= rate * step / np.sqrt(history[used])
            bias -= 0.02 * rate * gradient
    return matrix, bias


def _gradient(scores: Any, critical: int, topic: int) -> Any:
    gradient = np.empty_like(scores)
    gradient[0] = (1 / (1 + np.exp(-scores[0])) - critical) * (CRITICAL_WEIGHT if critical else 1)
    odds = np.exp(scores[1:] - scores[1:].max())
    gradient[1:] = odds / odds.sum()
    gradient[1 + topic] -= 1
    return gradient


def _scale(matrix: Any) -> Any:
    return np.abs(matrix).max() / 127


def _bytes(matrix: Any) -> bytes:
    rounded: bytes = (np.rint(matrix / _scale(matrix)) + ZERO).astype(np.uint8).tobytes()
    return rounded


if __name__ == "__main__":
    main()
