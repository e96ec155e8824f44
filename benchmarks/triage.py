"""What triage costs a message: `python -m benchmarks.triage` prints the median on 2 KB and 50 KB, in microseconds."""

from __future__ import annotations

import statistics
import time

import msgspec

from config.rules import shipped_rules
from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.triage.triage import triage
from tests.support.triage import DATA, NOW, chat

ROUNDS = 300


def main() -> None:
    """Measure letters of real messages, in a Latin script and in Chinese."""
    context = Context(now=NOW, rules=shipped_rules())
    envelope = Envelope(connector="c", channel="chat", account="a", source_id="1", received_at=NOW, raw=b"", size=0)
    for language in ("en", "zh-Hans"):
        lines = [line for line in (DATA / "train" / f"{language}.txt").read_text().splitlines() if line[:1] != "@"]
        calm = [line for line in lines if len(line) > 12][-60:]
        letter = f"{lines[0]}. {'. '.join(calm)}".encode()
        for size in (200, 2_000, 50_000):
            text = (letter * (size // len(letter) + 1))[:size].decode("utf-8", "ignore")
            print(f"triage {language:8} {size:6} bytes  {_median(chat(text), envelope, context) * 1e6:7.0f} us")


def _median(draft: Draft, envelope: Envelope, context: Context) -> float:
    """The median time of one triage, in seconds."""
    times = []
    bare = msgspec.structs.replace(draft)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        triage(bare, envelope, context)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
