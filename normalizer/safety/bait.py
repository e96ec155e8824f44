"""The wording of those who are after a wallet: `bait.txt`, as rules."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from normalizer.tables import read_table

DISTANCE = 40
"""Characters between the two words of a rule."""


class Bait(NamedTuple):
    """A rule: one of the first words and, unless there are no second ones, one of those within DISTANCE."""

    rule: str
    first: tuple[str, ...]
    second: tuple[str, ...] = ()


_TABLE = read_table(Path(__file__).parent / "bait.txt")
_PAIRS = _TABLE["pairs"]
BAITS = (
    *(Bait(rule, words) for rule in ("reward_wording", "verify_wording") for words in _TABLE[rule].values()),
    *(
        Bait("reward_wording", words, _PAIRS[name.replace("first", "second")])
        for name, words in _PAIRS.items()
        if name.endswith("first")
    ),
)
"""Every rule."""
NAMES = _TABLE["names"]
"""Words of sender names: `support`, `office` and `official`."""
