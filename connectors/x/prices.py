"""What an answer of X costs (docs.x.com, pricing): each thing once in a UTC day, however often it is read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from connectors.x.settings import Prices
from model.clock import Clock

Item = Literal["mention", "direct_message"]


class Meter:
    """Adds up what was read, leaving out what was paid for today.

    What was paid for is remembered by this process alone: after a restart some of it counts again.  So the count is
    never below the bill.
    """

    def __init__(self, prices: Prices, clock: Clock) -> None:
        self._prices, self._clock = prices, clock
        self._day: date | None = None
        self._paid: set[tuple[str, str]] = set()

    def most(self, item: Item) -> int:
        """The most that one more item on a page can cost: itself, and an author not seen today."""
        return self._price(item) + self._prices.user

    def cost(self, item: Item, ids: Iterable[str], users: Iterable[str]) -> int:
        """What an answer with these items and authors costs."""
        today = self._clock.now().date()
        if today != self._day:
            self._day, self._paid = today, set()
        fresh = {(item, one) for one in ids} | {("user", one) for one in users}
        fresh -= self._paid
        self._paid |= fresh
        return sum(self._prices.user if kind == "user" else self._price(item) for kind, _ in fresh)

    def sending(self, *, public: bool, text: str) -> int:
        """What sending a text costs."""
        if not public:
            return self._prices.send_message
        return self._prices.reply_with_link if has_link(text) else self._prices.reply

    def _price(self, item: Item) -> int:
        price: int = getattr(self._prices, item)
        return price


def has_link(text: str) -> bool:
    """Whether X may find a link in a text: also a bare name such as example.com."""
    words: list[Any] = text.split()
    return any("://" in word or "." in word.strip(".,;:!?…()[]\"'") for word in words)
