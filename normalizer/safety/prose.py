"""Pairs of Chinese characters that prose is made of: `python -m normalizer.safety.prose` learns them anew.

They come from the messages that triage learns from.  Two of them among the characters of a line tell prose from a
draw from a word list, in which any pair is as likely as any other of four million.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from normalizer.safety.vocabulary import IDEOGRAPHIC, places

FILE = Path(__file__).parent / "prose.txt"
LEAST_SEEN = 3
_MESSAGES = Path(__file__).parents[2] / "tests" / "data" / "triage" / "train"
_HAN = re.compile("[\u3400-\u9fff]+")


@cache
def pairs() -> frozenset[str]:
    """The pairs that were learned, read once."""
    return frozenset(FILE.read_text().split())


def learned(texts: Iterable[str]) -> list[str]:
    """The pairs that stand in several places of texts and that a phrase could have, in order."""
    known = frozenset[str]().union(*map(places, IDEOGRAPHIC))
    runs = (run for text in texts for run in _HAN.findall(text))
    seen = Counter(one + other for run in runs for one, other in pairwise(run) if {one, other} <= known)
    return sorted(pair for pair, number in seen.items() if number >= LEAST_SEEN)


def main() -> None:
    """Write the file, in lines that a person can look at."""
    found = learned(file.read_text() for file in sorted(_MESSAGES.glob("zh-*.txt")))
    lines = (" ".join(found[start : start + 30]) for start in range(0, len(found), 30))
    FILE.write_text("\n".join(lines) + "\n")
    sys.stderr.write(f"{len(found)} pairs\n")


if __name__ == "__main__":
    main()
