"""How well triage does on labelled messages; `python -m tests.support.triage [FOLDER]` prints the report."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from config.rules import shipped_rules
from model.draft import Context, Draft
from model.envelope import Envelope
from model.rules import Rules
from model.spoken import SPOKEN, Spoken
from model.ticket import Triage
from normalizer.normalize import normalize
from normalizer.triage.labelled import Labelled, read_labelled

DATA = Path(__file__).parents[1] / "data" / "triage"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CATEGORIES = ("security", "technical", "how_to", "feedback", "other")


class Judged(NamedTuple):
    """A labelled message and what triage says of it."""

    expected: Labelled
    found: Triage

    @property
    def missed(self) -> bool:
        """Whether it is critical and was not found to be."""
        return self.expected.urgency == "critical" != self.found.urgency

    @property
    def false_alarm(self) -> bool:
        """Whether it was found critical and is not."""
        return self.expected.urgency != "critical" == self.found.urgency


def chat(text: str, *, rules: Rules | None = None, source_id: str = "1") -> Draft:
    """What the normalizer makes of a chat message, with the shipped rules or these."""
    raw = msgspec.json.encode(Spoken(text=text, key="chat:1"))
    envelope = Envelope(
        connector="web_chat",
        channel="chat",
        account="chat",
        source_id=source_id,
        received_at=NOW,
        raw=raw,
        size=len(raw),
        media_type=SPOKEN,
    )
    return normalize(envelope, raw, Context(now=NOW, rules=rules or shipped_rules()))


def judged(messages: Iterable[Labelled]) -> list[Judged]:
    """What triage says of labelled messages."""
    return [Judged(each, chat(each.text).triage) for each in messages]


def recall(results: Sequence[Judged]) -> float:
    """The share of critical messages that were found to be."""
    critical = [each for each in results if each.expected.urgency == "critical"]
    return sum(not each.missed for each in critical) / (len(critical) or 1)


def precision(results: Sequence[Judged]) -> float:
    """The share of those found critical that are."""
    found = [each for each in results if each.found.urgency == "critical"]
    return sum(not each.false_alarm for each in found) / (len(found) or 1)


def accuracy(results: Sequence[Judged]) -> float:
    """The share of messages whose category is right."""
    return sum(each.expected.category == each.found.category for each in results) / (len(results) or 1)


def report(results: Sequence[Judged], *, errors: bool = False) -> str:
    """The figures of each language and of all, and the table of confusions."""
    lines = [
        f"{'language':10} {'messages':>8} {'critical':>8} {'recall':>7} {'precision':>9} {'category':>8} {'topic':>6}"
    ]
    for language in (*sorted({each.expected.language for each in results}), "all"):
        some = [each for each in results if language in ("all", each.expected.language)]
        topics = sum(each.expected.topic == each.found.topic for each in some) / len(some)
        critical = sum(each.expected.urgency == "critical" for each in some)
        lines.append(
            f"{language:10} {len(some):8} {critical:8} {recall(some):7.1%} {precision(some):9.1%} "
            f"{accuracy(some):8.1%} {topics:6.1%}"
        )
    lines += ["", f"{'expected / found':18}" + "".join(f"{name:>11}" for name in CATEGORIES)]
    table = Counter((each.expected.category, each.found.category) for each in results)
    lines += [f"{row:18}" + "".join(f"{table[row, column]:11}" for column in CATEGORIES) for row in CATEGORIES]
    if errors:
        lines += ["", *(_error("missed", each) for each in results if each.missed)]
        lines += [_error("false alarm", each) for each in results if each.false_alarm]
    return "\n".join(lines)


def _error(kind: str, each: Judged) -> str:
    reasons = "; ".join(f"{one.rule}: {one.text}" for one in each.found.matched)
    found = f"{each.found.category}/{each.found.topic}"
    return f"{kind:12} {each.expected.language:8} {each.expected.text!r}  {found}  [{reasons}]"


if __name__ == "__main__":
    folder = next((Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")), DATA / "test")
    print(report(judged(read_labelled(folder)), errors="--errors" in sys.argv))
