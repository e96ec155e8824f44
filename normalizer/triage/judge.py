"""Applies the rules to what a message says; several may hold, and each is a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from model.draft import Draft
from model.rules import Rule, Rules, Term
from model.ticket import Matched
from normalizer.triage.lexicon import Lexicon

MOST_PLACES = 40
"""Places of one meaning that are looked at: a text that repeats itself says nothing more."""
QUIET_WITHIN = 2
"""Over how many times its `near` a rule looks for what it must not find."""

Place = tuple[int, int]
Said = Mapping[int, list[Place]]
"""Where each meaning is said in the folded text, in order."""


class Verdict(NamedTuple):
    """A rule that holds, and the words by which it does."""

    rule: Rule
    reason: Matched


class _Compiled(NamedTuple):
    rule: Rule
    all: tuple[int, ...]
    any: tuple[int, ...]
    none: tuple[int, ...]


class Judge:
    """Rules, ready to be applied."""

    def __init__(self, rules: Rules) -> None:
        words = dict(rules.meanings)
        for rule in rules.rules:
            words |= {term: (term,) for term in (*rule.all, *rule.any, *rule.none) if not term.startswith("$")}
        self.lexicon = Lexicon(words, rules.negation)
        numbers = {name: number for number, name in enumerate(words)}

        def number(term: Term) -> int:
            return numbers[term.removeprefix("$")]

        self._rules = [
            _Compiled(rule, tuple(map(number, rule.all)), tuple(map(number, rule.any)), tuple(map(number, rule.none)))
            for rule in rules.rules
        ]
        self._given = frozenset(rules.meanings)

    def said(self, folded: str) -> dict[int, list[Place]]:
        """What a folded text says, and where."""
        found: dict[int, list[Place]] = {}
        for meaning, start, end in self.lexicon.find(folded):
            places = found.setdefault(meaning, [])
            if len(places) < MOST_PLACES:
                places.append((start, end))
        return found

    def names(self, said: Said) -> list[str]:
        """The names of the meanings that are said; phrases of single rules are none."""
        return [name for number in said if (name := self.lexicon.names[number]) in self._given]

    def verdicts(self, folded: str, said: Said, draft: Draft, channel: str) -> Iterator[Verdict]:
        """The rules that hold, in the order in which they are written."""
        for compiled in self._rules:
            if _applies(compiled.rule, draft, channel) and (places := _places(compiled, said)) is not None:
                words = dict.fromkeys(folded[start:end].strip() for start, end in places)
                yield Verdict(compiled.rule, Matched(rule=compiled.rule.name, text=", ".join(words)))


@lru_cache(maxsize=4)
def judge(rules: Rules) -> Judge:
    """The judge of these rules; the last few are kept, since compiling takes longer than many messages."""
    return Judge(rules)


def _applies(rule: Rule, draft: Draft, channel: str) -> bool:
    """Whether the conditions hold that are not about words."""
    return (
        (not rule.channel or channel in rule.channel)
        and (rule.attachments is None or rule.attachments == bool(draft.files))
        and (rule.redacted is None or rule.redacted == bool(draft.safety.redacted))
        and (rule.phishing is None or rule.phishing == bool(draft.safety.phishing))
        and all(getattr(draft.facts, trait) for trait in rule.facts)
    )


def _places(rule: _Compiled, said: Said) -> list[Place] | None:
    """Where its words stand if its conditions on words hold, else None."""
    if not all(map(said.__contains__, rule.all)):
        return None
    wanted = [said[number] for number in rule.all]
    if rule.any:
        either = sorted(place for number in rule.any for place in said.get(number, ()))
        if not either:
            return None
        wanted.append(either)
    quiet = [place for number in rule.none for place in said.get(number, ())]
    if rule.rule.near is None:
        return None if quiet else [places[0] for places in wanted]
    return _together(wanted, quiet, rule.rule.near)


def _together(wanted: list[list[Place]], quiet: list[Place], near: int) -> list[Place] | None:
    """One place of each that stand together, with nothing around them that must not be there."""
    if not wanted:
        return None
    for anchor in wanted[0]:
        chosen = [anchor]
        for places in wanted[1:]:
            nearest = min(places, key=lambda place: _gap(place, anchor))
            if _gap(nearest, anchor) > near:
                break
            chosen.append(nearest)
        else:
            if all(_gap(place, anchor) > near * QUIET_WITHIN for place in quiet):
                return chosen
    return None


def _gap(one: Place, other: Place) -> int:
    """How many characters stand between two places."""
    return max(one[0] - other[1], other[0] - one[1], 0)
