"""Finds what is said: one automaton over the words of all meanings, in all languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from model.rules import Negation
from normalizer.triage.fold import fold

NEGATION_GAP = 6
"""Characters that may stand between a word and what denies it."""
_BREAKS = frozenset(".,;:!?。,、!?;·…-")
_SPACED = ("LATIN", "CYRILLIC", "GREEK")
"""Scripts that leave spaces between words; Hangul does, but its words take endings and prefixes."""


class Hit(NamedTuple):
    """A word that was found: its meaning, and where it stands in the folded text."""

    meaning: int
    start: int
    end: int


class _Word(NamedTuple):
    meanings: tuple[int, ...]
    begins: bool  # nothing of its script may stand before it
    ends: bool  # nothing of its script may stand after it


class Lexicon:
    """The words of all meanings, compiled."""

    def __init__(self, meanings: Mapping[str, Iterable[str]], negation: Negation) -> None:
        self.names = (*meanings, "")
        self._denial = len(self.names) - 1
        self._denied_before = _forms(negation.before)
        self._denied_after = _forms(negation.after)
        self._deniable = {self.names.index(name) for name in negation.of if name in meanings}
        owners: dict[str, set[int]] = {}
        for number, words in enumerate(meanings.values()):
            for word in words:
                owners.setdefault(word, set()).add(number)
        patterns: dict[tuple[str, bool, bool], set[int]] = {}
        for word, numbers in owners.items():
            if form := _form(word):
                patterns.setdefault(form, set()).update(numbers)
        self._words = [_Word(tuple(sorted(m)), begins, ends) for (_, begins, ends), m in patterns.items()]
        texts = [text for text, _, _ in patterns]
        self._automaton = AhoCorasick(texts, implementation=Implementation.ContiguousNFA) if texts else None

    def find(self, folded: str) -> list[Hit]:
        """Every word of a meaning in a folded text, where it is whole and not denied."""
        if self._automaton is None:
            return []
        hits: list[Hit] = []
        last = len(folded)
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            word = self._words[number]
            if word.begins and start and folded[start - 1].isalnum() and _is_spaced(folded[start - 1]):
                continue
            if word.ends and end < last and folded[end].isalnum() and _is_spaced(folded[end]):
                continue
            hits += [
                Hit(meaning, start, end) for meaning in word.meanings if not self._denied(folded, meaning, start, end)
            ]
        return hits

    def _denied(self, folded: str, meaning: int, start: int, end: int) -> bool:
        if meaning not in self._deniable:
            return False
        before = folded[max(0, start - 16) : start]
        for word in self._denied_before:
            at = before.rfind(word)
            if at >= 0 and _adjacent(before[at + len(word) :]) and _begins(before, at, word):
                return True
        after = folded[end : end + 12]
        return any((at := after.find(word)) >= 0 and _adjacent(after[:at]) for word in self._denied_after)


def _adjacent(between: str) -> bool:
    return len(between) <= NEGATION_GAP and _BREAKS.isdisjoint(between)


def _begins(text: str, at: int, word: str) -> bool:
    """Whether a word begins there, if its script tells words apart."""
    return not (at and _is_spaced(word[0]) and text[at - 1].isalpha())


def _forms(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, (fold(word).strip() for word in words)))


def _form(word: str) -> tuple[str, bool, bool] | None:
    """A word as it is looked for: folded, and whether it must begin and end where it does."""
    folded = fold(word.removesuffix("*")).strip()
    if not folded:
        return None
    return folded, _is_spaced(folded[0]), _is_spaced(folded[-1]) and not word.endswith("*")


def _is_spaced(character: str) -> bool:
    """Whether a character belongs to words that spaces tell apart."""
    if character.isascii():
        return character.isalnum()
    return character.isalpha() and unicodedata.name(character, "").startswith(_SPACED)
