"""How long to wait before the next try."""

from __future__ import annotations

import random
from datetime import timedelta


def backoff(tries: int, *, first: timedelta, most: timedelta) -> timedelta:
    """The pause after the given number of failures (1 or more): doubling, capped, a fifth of it random.

    The jitter keeps those who failed together from coming back together.
    """
    span: timedelta = min(first * 2 ** min(tries - 1, 30), most)
    return span * random.uniform(0.9, 1.1)
