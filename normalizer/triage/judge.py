"""Applies the rules to what a message says; several may hold, and each is a reason."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from model.draft import Draft
from model.rules import Rule, Rules, Term
from model.ticket import Matched
from normalizer.triage.lexicon import Lexicon, Place, Said

MOST_ANCHORS = 8
"""Places of the first word of a rule that are looked at: a text that repeats itself says nothing more."""
QUIET_WITHIN = 2
"""Over how many times its `near` a rule looks for what it must not find."""


class Verdict(NamedTuple):
    """A rule that holds, and the words by which it does."""

    rule: Rule
    reason: Matched


class _Compiled(NamedTuple):
    rule: Rule
    all: tuple[int, ...]
    any: tuple[int, ...]
    none: tuple[int, ...]
    needs: int
    """The meanings of `all`, a bit for each, by which most rules are seen not to hold."""
    either: int
    """Those of `any`; every bit where it asks for none."""
    quiet: int
    """Those of `none`."""


class Judge:
    """Rules, ready to be applied."""

    def __init__(self, rules: Rules) -> None:
        words = dict(rules.meanings)
        for rule in rules.rules:
            words |= {_name(term): (term,) for term in (*rule.all, *rule.any, *rule.none) if term[0] != "$"}
        self.lexicon = Lexicon(words, rules.negation)
        numbers = {name: number for number, name in enumerate(words)}
        self._rules = [_compiled(rule, numbers) for rule in rules.rules]
        self._given = len(rules.meanings)

    def names(self, said: Said) -> list[str]:
        """The names of the meanings that are said; phrases of single rules are none."""
        return [self.lexicon.names[number] for number in said if number < self._given]

    def verdicts(self, folded: str, said: Said, draft: Draft, channel: str) -> Iterator[Verdict]:
        """The rules that hold, in the order in which they are written."""
        told = 0
        for number in said:
            told |= 1 << number
        for compiled in self._rules:
            if compiled.needs & ~told or not (compiled.either & told or compiled.either < 0):
                continue
            if _applies(compiled.rule, draft, channel) and (places := _places(compiled, said, told)) is not None:
                words = dict.fromkeys(folded[start:end].strip() for start, end in places)
                yield Verdict(compiled.rule, Matched(rule=compiled.rule.name, text=", ".join(words)))


@lru_cache(maxsize=4)
def judge(rules: Rules) -> Judge:
    """The judge of these rules; the last few are kept, since compiling takes longer than many messages."""
    return Judge(rules)


def _compiled(rule: Rule, numbers: Mapping[str, int]) -> _Compiled:
    wanted, either, quiet = (tuple(numbers[_name(term)] for term in terms) for terms in (rule.all, rule.any, rule.none))
    return _Compiled(rule, wanted, either, quiet, _bits(wanted), _bits(either) if either else -1, _bits(quiet))


def _name(term: Term) -> str:
    """The name of a meaning, or a phrase in quotation marks: a phrase may read like the name of a meaning."""
    return term[1:] if term[0] == "$" else f'"{term}"'


def _bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in set(numbers))


def _applies(rule: Rule, draft: Draft, channel: str) -> bool:
    """Whether the conditions hold that are not about words."""
    return (
        (not rule.channel or channel in rule.channel)
        and (rule.attachments is None or rule.attachments == bool(draft.files))
        and (rule.redacted is None or rule.redacted == bool(draft.safety.redacted))
        and (rule.phishing is None or rule.phishing == bool(draft.safety.phishing))
        and all(getattr(draft.facts, trait) for trait in rule.facts)
    )


def _places(rule: _Compiled, said: Said, told: int) -> list[Place] | None:
    """Where its words stand if they stand as it asks, else None; all that it asks for is said.

    `told` is what is said, a bit for each meaning.
    """
    near = rule.rule.near
    if near is None and rule.quiet & told:
        return None
    wanted = [said[number] for number in rule.all]
    if rule.any:
        wanted.append(_in_order(rule.any, said))
    if near is None:
        return [places[0] for places in wanted]
    quiet = _in_order(rule.none, said) if rule.quiet & told else []
    return _together(wanted, quiet, near) if wanted else None


def _in_order(numbers: Iterable[int], said: Said) -> list[Place]:
    """Where any of these meanings is said."""
    return sorted(chain.from_iterable(said.get(number, ()) for number in numbers))


def _together(wanted: list[list[Place]], quiet: list[Place], near: int) -> list[Place] | None:
    """One place of each that stand together, with nothing around them that must not be there."""
    for anchor in wanted[0][:MOST_ANCHORS]:
        chosen = [anchor]
        for places in wanted[1:]:
            nearest = _nearest(places, anchor)
            if _gap(nearest, anchor) > near:
                break
            chosen.append(nearest)
        else:
            if not quiet or _gap(_nearest(quiet, anchor), anchor) > near * QUIET_WITHIN:
                return chosen
    return None


def _nearest(places: list[Place], anchor: Place) -> Place:
    """The place that is nearest to another."""
    index = bisect_left(places, anchor)
    if index in (0, len(places)):
        return places[index and -1]
    before, behind = places[index - 1], places[index]
    return before if anchor[0] - before[1] <= behind[0] - anchor[1] else behind


def _gap(one: Place, other: Place) -> int:
    """How many characters stand between two places."""
    return max(0, one[0] - other[1] if one > other else other[0] - one[1])
