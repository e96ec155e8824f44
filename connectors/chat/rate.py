"""How often somebody may do something, counted in a bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

import limits
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from connectors.chat.problem import Refused

MOST_COUNTERS = 50_000
"""Counters that are held; beyond, those that were begun longest ago are forgotten first."""


class BoundedStorage(Storage):
    """Counters of `limits`, the oldest dropped first; the library's own grows and starts a thread to shrink."""

    STORAGE_SCHEME = None

    def __init__(self, most: int = MOST_COUNTERS) -> None:
        super().__init__()
        self._most = most
        self._counters: OrderedDict[str, list[float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong: nothing of its own."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, as the library asks for it."""
        return self.count(key, expiry, amount)

    def count(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, beginning anew where the window is over; the library wraps its own methods, at twice their cost."""
        now = time.monotonic()
        counter = self._counters.get(key)
        if counter is None or counter[1] <= now:
            self._counters.pop(key, None)
            counter = self._counters[key] = [0, now + expiry]
            if len(self._counters) > self._most:
                self._counters.popitem(last=False)
        counter[0] += amount
        return int(counter[0])

    def get(self, key: str) -> int:
        """The count of the window."""
        counter = self._counters.get(key)
        return int(counter[0]) if counter and counter[1] > time.monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """When the window is over, by the clock of the day as the library asks."""
        counter = self._counters.get(key)
        return time.time() + max(0, counter[1] - time.monotonic()) if counter else time.time()

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int:
        """Forget everything; how many counters there were."""
        count = len(self._counters)
        self._counters.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one counter."""
        self._counters.pop(key, None)


class Limiter:
    """Refuses what comes too often."""

    def __init__(self, rates: dict[str, str]) -> None:
        self._counters = BoundedStorage()
        self._limiter = FixedWindowRateLimiter(self._counters)
        self._rates = {name: limits.parse_many(text) for name, text in rates.items()}
        self._counted = lru_cache(maxsize=MOST_COUNTERS)(self._count_under)

    def hit(self, name: str, who: str) -> None:
        """Count what somebody does under the name of its rate.  Raises Refused if it is too much."""
        for rate, key, most, expiry in self._counted(name, who):
            if self._counters.count(key, expiry) > most:
                raise self._refused(rate, name, who)

    def count(self, name: str, who: str) -> None:
        """Count what somebody did, too much or not."""
        for _, key, _, expiry in self._counted(name, who):
            self._counters.count(key, expiry)

    def test(self, name: str, who: str) -> None:
        """Count nothing.  Raises Refused if one more would be too much."""
        for rate in self._rates[name]:
            if not self._limiter.test(rate, name, who):
                raise self._refused(rate, name, who)

    def _count_under(self, name: str, who: str) -> list[tuple[limits.RateLimitItem, str, int, int]]:
        """The rates of a name, each with its counter's key, its most and its seconds: longer to say than to count."""
        return [(rate, rate.key_for(name, who), rate.amount, rate.get_expiry()) for rate in self._rates[name]]

    def _refused(self, rate: limits.RateLimitItem, name: str, who: str) -> Refused:
        left = self._limiter.get_window_stats(rate, name, who).reset_time - time.time()
        return Refused("rate_limited", f"more than {rate}", retry_after=timedelta(seconds=max(1.0, left)))


def network(address: str | None) -> str:
    """What counts as one address: of IPv6 a /64, which one customer mostly has whole."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)
