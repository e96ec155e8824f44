"""The rules of triage in the form in which they travel: read by `config`, applied by `normalizer.triage`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from model.ticket import Category, Lane, Urgency

Term = str
"""A word or phrase to look for, or `$name`: any word of that meaning."""
Trait = Literal["tx_hashes", "addresses", "amounts", "times", "phones", "urls"]


class Rule(Struct, frozen=True, kw_only=True):
    """When the message is such, it is of this kind: everything that is given must hold."""

    name: str
    all: tuple[Term, ...] = ()
    """Each of these is said."""
    any: tuple[Term, ...] = ()
    """At least one of these is said."""
    none: tuple[Term, ...] = ()
    """None of these is said."""
    near: int | None = None
    """Within how many characters all of `all`, and one of `any`, must stand together."""
    facts: tuple[Trait, ...] = ()
    """Each of these kinds of facts was found."""
    redacted: bool | None = None
    """Whether a secret was removed."""
    phishing: bool | None = None
    """Whether something in it looks like phishing."""
    channel: tuple[str, ...] = ()
    """The kinds of channel on which it may have come; on any, where none is given."""
    attachments: bool | None = None
    """Whether files came with it."""
    category: Category | None = None
    topic: str | None = None
    urgency: Urgency | None = None
    lane: Lane | None = None
    route: str | None = None
    tags: tuple[str, ...] = ()


class Negation(Struct, frozen=True, kw_only=True):
    """Words that turn the meaning of others into its opposite."""

    of: tuple[str, ...] = ()
    """The meanings that can be denied."""
    before: tuple[str, ...] = ()
    """Words that deny what follows them at once."""
    after: tuple[str, ...] = ()
    """Words that deny what they follow at once."""


class Rules(Struct, frozen=True, kw_only=True, eq=False):
    """Everything that triage goes by, besides the statistical model.

    Two sets of rules are the same if their `digest` is: they are compiled once.
    """

    digest: str
    meanings: dict[str, tuple[str, ...]]
    """The words of each meaning, in all languages; `*` at the end of one lets any ending follow."""
    negation: Negation = Negation()
    rules: tuple[Rule, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rules) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)
