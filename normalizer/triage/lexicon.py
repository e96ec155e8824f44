"""Finds what is said: one automaton over the words of all meanings, in all languages."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache

from ahocorasick_rs import AhoCorasick, Implementation

from model.rules import Negation
from normalizer.triage.fold import fold

NEGATION_GAP = 6
"""Characters that may stand between a word and what denies it."""
_BREAK = re.compile(r"[.,;:!?。,、·…-]")
_SPACED = ("LATIN", "CYRILLIC", "GREEK")
"""Scripts that leave spaces between words; Hangul does, but its words take endings and prefixes."""

Place = tuple[int, int]
"""Where a word begins and ends in the folded text."""
Said = dict[int, list[Place]]
"""Where each meaning is said, by its number."""
_Form = tuple[str, bool, bool]
"""A word as it is looked for, folded; whether nothing of its script may stand before it, and behind it."""


class Lexicon:
    """The words of all meanings, compiled."""

    def __init__(self, meanings: Mapping[str, Iterable[str]], negation: Negation) -> None:
        self.names = tuple(meanings)
        before, after = len(self.names), len(self.names) + 1
        self._deniable = tuple(self.names.index(name) for name in negation.of if name in meanings)
        forms = [(_form(word), number) for number, some in enumerate(meanings.values()) for word in some]
        forms += [(_form(word), before) for word in negation.before]
        forms += [((fold(word).strip(), False, False), after) for word in negation.after]
        patterns: dict[_Form, set[int]] = {}
        for form, number in forms:
            if form[0]:
                patterns.setdefault(form, set()).add(number)
        self._entries = [(tuple(sorted(some)), begins, ends) for (_, begins, ends), some in patterns.items()]
        texts = [text for text, _, _ in patterns]
        self._automaton = AhoCorasick(texts, implementation=Implementation.ContiguousNFA) if texts else None

    def find(self, folded: str) -> Said:
        """Every word of a meaning in a folded text, in order, where it is whole and not denied."""
        said: Said = defaultdict(list)
        if self._automaton is None:
            return said
        entries, spaced = self._entries, _spaced()
        around = f"{folded} "
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            meanings, begins, ends = entries[number]
            if (begins and start and around[start - 1] in spaced) or (ends and around[end] in spaced):
                continue
            place = start, end
            for meaning in meanings:
                said[meaning].append(place)
        self._deny(said, folded)
        for places in said.values():
            places.sort()
        return said

    def _deny(self, said: Said, folded: str) -> None:
        """Take out what is denied, and what denies it."""
        before, after = said.pop(len(self.names), ()), said.pop(len(self.names) + 1, ())
        if not before and not after:
            return
        for meaning in self._deniable:
            if meaning in said:
                left = [
                    (start, end)
                    for start, end in said.pop(meaning)
                    if not any(_adjacent(folded, denial_end, start) for _, denial_end in before)
                    and not any(_adjacent(folded, end, denial_start) for denial_start, _ in after)
                ]
                if left:
                    said[meaning] = left


def _adjacent(folded: str, end: int, start: int) -> bool:
    """Whether what begins at `start` follows what ends at `end` at once."""
    return 0 <= start - end <= NEGATION_GAP and not _BREAK.search(folded, end, start)


@cache
def _spaced() -> frozenset[str]:
    """The characters that belong to words which spaces tell apart."""
    return frozenset(filter(_is_spaced, map(chr, (*range(0x530), *range(0x1E00, 0x2000)))))


def _form(word: str) -> _Form:
    """A word as it is looked for."""
    folded = fold(word.removesuffix("*")).strip()
    return folded, _is_spaced(folded[:1]), _is_spaced(folded[-1:]) and not word.endswith("*")


def _is_spaced(character: str) -> bool:
    """Whether a character belongs to words that spaces tell apart."""
    if character.isascii():
        return character.isalnum()
    return character.isalpha() and unicodedata.name(character, "").startswith(_SPACED)
