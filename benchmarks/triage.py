"""What understanding a message costs: triage, facts and phishing together, in microseconds on one core.

`python -m benchmarks.triage` prints the median over different messages of 200 bytes, 2 KB and 50 KB (bytes of
UTF-8) by language, each part by itself, and their sum beside what it may be.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks.facts import PROSE
from benchmarks.facts import draft as prose_with_facts
from config.rules import shipped_rules
from model.draft import Context, Draft
from model.envelope import Envelope
from model.ticket import Address, Language, Message, Requester
from normalizer.examine import examine
from normalizer.safety.lists import compile_lists
from normalizer.triage.labelled import Labelled, read_labelled
from normalizer.triage.triage import triage
from tests.support.triage import DATA

LIMITS = {200: 60, 2_000: 200, 50_000: 1_000}
"""Microseconds that a message of so many bytes may cost."""
APART = 10_000
"""Bytes of text to five facts, in messages that are longer."""
MESSAGES = 40
SHORT = 200
"""Bytes of a message that has no room for facts."""
_NOW = datetime(2026, 11, 22, tzinfo=UTC)
_ENVELOPE = Envelope(connector="c", channel="chat", account="a", source_id="1", received_at=_NOW, raw=b"", size=0)


def main() -> None:
    """Measure every size in every language."""
    domains = "\n".join(f"bad{i}.example" for i in range(100_000)).encode()
    lists = compile_lists([("list", domains)])
    context = Context(now=_NOW, brands=("Example Wallet",), phishing=lists, rules=shipped_rules())
    test = read_labelled(DATA / "test")
    print(f"{'':8} {'bytes':>6} {'triage':>7} {'facts and phishing':>19} {'sum':>7} {'limit':>6}  us")
    for size, limit in LIMITS.items():
        for language in PROSE:
            lines = [each for each in test if each.language == language]
            drafts = [_draft(lines, language, size, seed) for seed in range(MESSAGES)]
            parts = [_costs(drafts, lambda one: examine(one, context))]
            examined = [examine(one, context) for one in drafts]
            parts.insert(0, _costs(examined, lambda one: triage(one, _ENVELOPE, context)))
            both = statistics.median(map(sum, zip(*parts, strict=True)))
            first, second = map(statistics.median, parts)
            print(f"{language:8} {size:6} {first:7.0f} {second:19.0f} {both:7.0f} {limit:6}", flush=True)


def _costs(drafts: Sequence[Draft], work: Callable[[Draft], object]) -> list[float]:
    """What each message costs, as the best of a few runs, in microseconds."""
    costs = []
    for draft in drafts:
        best = float("inf")
        for _ in range(7):
            start = time.thread_time_ns()
            work(draft)
            best = min(best, time.thread_time_ns() - start)
        costs.append(best / 1000)
    return costs


def _draft(lines: Sequence[Labelled], language: str, size: int, seed: int) -> Draft:
    """What a customer writes, one in five in an emergency, and prose; with five facts where there is room."""
    draw = random.Random(seed)
    critical = seed % 5 == 0
    line = draw.choice([each.text for each in lines if (each.urgency == "critical") == critical])
    rest = (
        prose_with_facts(language, size, min(size, APART), seed).message.text if size > SHORT else PROSE[language] * 3
    )
    text = f"{line} {rest}".encode()[:size].decode("utf-8", "ignore")
    message = Message(
        id="",
        source_id="1",
        received_at=_NOW,
        from_=(Address(name="Some Body", address="body@example.org"),),
        text=text,
        new_text=text,
        language=Language(code=language, confidence=1.0),
    )
    return Draft(requester=Requester(id="", name="Some Body"), message=message)


if __name__ == "__main__":
    main()
