"""Reads the rules of triage: those that are shipped in `config/triage`, and an operator's own.

Each file may hold `words` (meanings, which add to those of the same name before), `negation` and `rules` (one
of a name that there is already takes its place).  Every mistake is told with its file, line and key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Self

import msgspec
from pydantic import Field, ValidationError, model_validator

from config.document import MAX_BYTES, Document, Keys, read_document
from config.mistakes import Mistake, mistakes_in
from model.errors import Misconfigured
from model.rules import Negation, Rule, Rules, Trait
from model.settings import Form, Settings, Several, mistakes
from model.ticket import Category, Lane, Urgency

SHIPPED = Path(__file__).parent / "triage"
Name = Annotated[str, Form(r"[a-z][a-z0-9_]{0,63}", "a name is made of a-z, 0-9 and _, and begins with a letter")]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Words = tuple[Several[Word], ...]
"""Words, or lists of words, such as a list for each language."""


class NegationSettings(Settings):
    """Words that turn the meaning of others into its opposite."""

    of: Several[Name] = ()
    """The meanings that can be denied."""
    before: Words = ()
    """Words that deny what follows them at once."""
    after: Words = ()
    """Words that deny what they follow at once."""


class RuleSettings(Settings):
    """A rule: every condition that is given must hold, and then the message is what the rest says."""

    name: Name
    """The rule's name, shown as the reason."""
    all: Several[Word] = ()
    """Each of these is said: words, or `$name` for any word of that meaning."""
    any: Several[Word] = ()
    """At least one of these is said."""
    none: Several[Word] = ()
    """None of these is said; where `near` is given, not within twice as many characters."""
    near: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Within how many characters of the first word of `all` the others, and one of `any`, must stand."""
    facts: Several[Trait] = ()
    """Each of these kinds of facts was found."""
    redacted: bool | None = None
    """Whether a secret was removed."""
    phishing: bool | None = None
    """Whether something in it looks like phishing."""
    channel: Several[Word] = ()
    """The kinds of channel on which it came: one of these."""
    attachments: bool | None = None
    """Whether files came with it."""
    category: Category | None = None
    """What it is about."""
    topic: Name | None = None
    """What it is about, in finer words."""
    urgency: Urgency | None = None
    """How urgent it is; the highest of all rules that hold wins."""
    lane: Lane | None = None
    """The lane in which it travels; that of its urgency where none is given."""
    route: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The team that should have it; `routes` can ask for it."""
    tags: Several[Word] = ()
    """What is added for whoever sorts tickets."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        conditions = (self.all, self.any, self.facts, self.channel)
        flags = (self.redacted, self.phishing, self.attachments)
        if not any(conditions) and all(flag is None for flag in flags):
            raise mistakes([((), "has no condition: give all, any, facts, redacted, phishing, channel or attachments")])
        if self.near and not self.all:
            raise mistakes([(("near",), "needs words in all")])
        return self


class RuleFile(Settings):
    """A file of rules."""

    words: dict[Name, Words] = Field(default={})
    """What customers say, by meaning; `*` at the end of a word lets any ending follow."""
    negation: NegationSettings | None = None
    """Words that deny others."""
    rules: tuple[RuleSettings, ...] = ()
    """The rules."""


def read_rules(files: Iterable[Path], *, shipped: bool = True) -> Rules:
    """The rules of these files, after the shipped words and, unless `shipped` is false, the shipped rules.

    Raises Misconfigured with a line for each mistake.
    """
    own = [(file, _content(file)) for file in files]
    base = _shipped_files()
    read = [_read(str(file), content) for file, content in (*base, *own)]
    if not shipped:
        read[: len(base)] = [(document, each.model_copy(update={"rules": ()})) for document, each in read[: len(base)]]
    merged = _merged([each for _, each in read])
    places = [str(file) for file, _ in (*base, *own)]
    if found := _unknown(places, read, merged):
        raise Misconfigured("\n".join(map(str, found)))
    return merged


@cache
def shipped_rules() -> Rules:
    """The rules that are shipped, alone."""
    return read_rules(())


@cache
def _shipped_files() -> tuple[tuple[Path, bytes], ...]:
    return tuple((file, file.read_bytes()) for file in sorted(SHIPPED.glob("*.yaml")))


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise Misconfigured(f"{file}: cannot read the rules: {error.strerror}") from None


@lru_cache(maxsize=32)
def _read(source: str, content: bytes) -> tuple[Document, RuleFile]:
    document = read_document(content, {})
    found = [Mistake(source, line, keys, text) for line, keys, text in document.mistakes]
    try:
        rules = RuleFile.model_validate(document.values)
    except ValidationError as error:
        places = {keys: (source, line) for keys, line in document.lines.items()}
        found += mistakes_in(error, RuleFile.model_json_schema(), places)
    if found:
        raise Misconfigured("\n".join(str(each) for each in sorted(found, key=lambda each: each.line)))
    return document, rules


def _merged(files: Iterable[RuleFile]) -> Rules:
    meanings: dict[str, dict[str, None]] = {}
    rules: dict[str, Rule] = {}
    negation = Negation()
    for file in files:
        for name, words in file.words.items():
            meanings.setdefault(name, {}).update(dict.fromkeys(_flat(words)))
        if given := file.negation:
            negation = Negation(
                of=(*negation.of, *given.of),
                before=(*negation.before, *_flat(given.before)),
                after=(*negation.after, *_flat(given.after)),
            )
        rules |= {rule.name: Rule(**rule.model_dump()) for rule in file.rules}
    merged = Rules(
        digest="",
        meanings={name: tuple(words) for name, words in meanings.items()},
        negation=negation,
        rules=tuple(rules.values()),
    )
    return msgspec.structs.replace(merged, digest=hashlib.sha256(msgspec.msgpack.encode(merged)).hexdigest())


def _flat(words: Words) -> list[str]:
    return [word for line in words for word in line]


def _unknown(places: list[str], read: list[tuple[Document, RuleFile]], merged: Rules) -> list[Mistake]:
    """Where a meaning is named that there is none of."""
    found = []
    for source, (document, file) in zip(places, read, strict=True):
        terms: list[tuple[Keys, str]] = [
            (("rules", number, key, index), term)
            for number, rule in enumerate(file.rules)
            for key in ("all", "any", "none")
            for index, term in enumerate(getattr(rule, key))
            if term.startswith("$")
        ]
        of = file.negation.of if file.negation else ()
        terms += [(("negation", "of", index, ""), f"${name}") for index, name in enumerate(of)]
        for keys, term in terms:
            if term[1:] not in merged.meanings:
                line = document.lines.get(keys) or document.lines.get(keys[:3]) or 0
                text = f"there is no meaning {term[1:]}; write its words under words"
                found.append(Mistake(source, line, tuple(key for key in keys if key != ""), text))
    return found
