"""The wording of those who are after a wallet: `bait.txt`, as rules."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from normalizer.tables import read_table

DISTANCE = 40
"""Characters around a word in which its company is looked for."""


class Bait(NamedTuple):
    """A rule: one of its words and, unless it asks for no company, one of those words near it."""

    rule: str
    words: tuple[str, ...]
    company: tuple[str, ...] = ()


_TABLE = read_table(Path(__file__).parent / "bait.txt")
_PAIRS = _TABLE["pairs"]
BAITS = (
    *(Bait(rule, words) for rule in ("reward_wording", "verify_wording") for words in _TABLE[rule].values()),
    *(
        Bait("reward_wording", words, _PAIRS[name.replace("second", "first")])
        for name, words in _PAIRS.items()
        if name.endswith("second")
    ),
)
"""Every rule."""
NAMES = _TABLE["names"]
"""Words of sender names: `support`, `office` and `official`."""
