"""`fanin triage`: why a message is urgent or not, and whether rules do what is expected of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from config.document import read_document
from config.mistakes import Mistake, mistakes_in
from config.rules import read_rules
from fanin.cli.normalize import spoken_raw, understand
from model.draft import Draft
from model.errors import Misconfigured
from model.rules import Rules
from model.settings import Settings, Several
from model.ticket import Category, Lane, Triage, Urgency
from normalizer.triage.fold import fold
from normalizer.triage.fragments import model
from normalizer.triage.judge import judge
from normalizer.triage.triage import excerpt

_MOST_NAME = 255
"""Characters of the longest name of a file: a longer argument is a text."""
_EXPECTED = ("category", "topic", "urgency", "lane", "route")


class Case(Settings):
    """A message, and what triage should say of it."""

    text: Annotated[str, Field(min_length=1)]
    """What the customer writes."""
    category: Category | None = None
    """What it is about."""
    topic: str | None = None
    """What it is about, in finer words."""
    urgency: Urgency | None = None
    """How urgent it is."""
    lane: Lane | None = None
    """The lane in which it travels."""
    route: str | None = None
    """The team that should have it."""
    tags: Several[str] | None = None
    """The tags that it has, all of them."""
    rule: Several[str] = ()
    """Rules that must have fired."""


class Cases(Settings):
    """A table of expectations."""

    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    """The messages."""


def explain(message: str, files: Sequence[Path]) -> None:
    """Print what triage makes of a mail, a text, or a file of either, and why.

    Raises Misconfigured where a file of rules has a mistake or the message cannot be read.
    """
    rules = read_rules(files)
    draft = _understood(message, rules)
    bench = judge(rules)
    folded = fold(excerpt(draft.message))
    said = bench.lexicon.find(folded)
    found = draft.triage
    print(f"{found.urgency}  {found.category}/{found.topic}  lane {found.lane}  route {found.route or '-'}")
    for reason in found.matched:
        print(f"  {reason.rule:24} {reason.text}")
    print("meanings")
    for number, places in said.items():
        words = ", ".join(dict.fromkeys(folded[start:end].strip() for start, end in places))
        print(f"  {bench.lexicon.names[number]:24} {words}")
    opinion = model().opinion(folded, bench.names(said))
    print("model")
    print(f"  {'critical':24} {opinion.critical:+.2f} (critical from 0 on)")
    print(f"  {'about':24} {opinion.category}/{opinion.topic}")
    if opinion.fragments:
        print(f"  {'fragments':24} {' · '.join(opinion.fragments)}")


def test(rules_file: Path, cases_file: Path) -> int:
    """Print what differs from the expectations, and how many are met; 1 where one is not.

    Raises Misconfigured where a file has a mistake.
    """
    rules = read_rules((rules_file,))
    cases = _cases(cases_file)
    failures = 0
    for number, case in enumerate(cases, 1):
        found = understand(spoken_raw(case.text), "chat", str(number), rules).triage
        if wrong := _differences(case, found):
            failures += 1
            print(f"FAIL  {number}: {case.text[:80]!r}")
            for line in wrong:
                print(f"      {line}")
            for reason in found.matched:
                print(f"      because of {reason.rule}: {reason.text}")
    print(f"{len(cases) - failures} of {len(cases)} as expected")
    return int(failures > 0)


def _understood(message: str, rules: Rules) -> Draft:
    file = Path(message) if len(message) <= _MOST_NAME and "\n" not in message else None
    if file is None or not file.is_file():
        return understand(spoken_raw(message), "chat", "text", rules)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file}: cannot read the message: {error.strerror}") from None
    if file.suffix == ".eml":
        return understand(content, "email", str(file), rules)
    return understand(spoken_raw(content.decode("utf-8", "replace")), "chat", str(file), rules)


def _cases(file: Path) -> tuple[Case, ...]:
    try:
        document = read_document(file.read_bytes(), {})
    except OSError as error:
        raise Misconfigured(f"{file}: cannot read the cases: {error.strerror}") from None
    found = [Mistake(str(file), line, keys, text) for line, keys, text in document.mistakes]
    try:
        cases = Cases.model_validate(document.values).cases
    except ValidationError as error:
        places = {keys: (str(file), line) for keys, line in document.lines.items()}
        found += mistakes_in(error, Cases.model_json_schema(), places)
    if found:
        raise Misconfigured("\n".join(map(str, found)))
    return cases


def _differences(case: Case, found: Triage) -> list[str]:
    wanted: dict[str, Any] = {name: value for name in _EXPECTED if (value := getattr(case, name)) is not None}
    wrong = [
        f"{name}: expected {value}, found {getattr(found, name)}"
        for name, value in wanted.items()
        if getattr(found, name) != value
    ]
    if case.tags is not None and set(case.tags) != set(found.tags):
        wrong.append(f"tags: expected {', '.join(case.tags)}, found {', '.join(found.tags)}")
    fired = {reason.rule for reason in found.matched}
    return wrong + [f"the rule {name} did not fire" for name in case.rule if name not in fired]
