"""What a channel may cost: calls or money in an hour, a day or a month, counted in State.

Before a request the most that it may cost is **held**; when its answer is there, it is **settled** at what it did
cost.  Both are written before anything else happens, so the count is never below the truth, whenever the process
dies.  What is held has a name: asked for again under the same name (the same page, after a crash), it is held once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import aiohttp
import structlog
from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from connectors.base import Health, State
from model.clock import Clock
from model.errors import Transient

log = structlog.get_logger()

KEY = "budget"
"""Where the count is kept in State."""
WARN_AT = 0.8
"""The part of a limit at whose use an operator is warned, and from which it is spread over what is left of the time."""
Span = Literal["hour", "day", "month"]


class Limit(Struct, frozen=True):
    """The most that may be used in each hour, day or month (UTC) of the calendar."""

    span: Span
    most: int


class Use(Struct, frozen=True, kw_only=True):
    """How much of a limit is used in the present hour, day or month."""

    limit: Limit
    used: int
    """What was settled and what is held."""
    ends: datetime

    @property
    def left(self) -> int:
        """What may still be used."""
        return max(0, self.limit.most - self.used)

    @property
    def part(self) -> float:
        """How much of it is used, 0 to 1."""
        return self.used / self.limit.most if self.limit.most else 1.0


class Exhausted(Transient):
    """The limit of a span does not allow the amount; `retry_after` is until its end."""

    def __init__(self, message: str, use: Use, *, retry_after: timedelta) -> None:
        super().__init__(message, retry_after=retry_after)
        self.use = use


class _Count(Struct):
    """What was used since a span began, and what is held."""

    since: str
    used: int = 0
    held: dict[str, int] = {}


class Budget:
    """The limits of one connector, shared by everything that asks its channel, in whatever process.

    Amounts are whole numbers of the smallest unit; `unit` and `scale` say how they are shown (`USD`, 1,000,000 to
    one; calls, 1).
    """

    def __init__(
        self, connector: str, limits: Sequence[Limit], clock: Clock, health: Health, *, unit: str, scale: int = 1
    ) -> None:
        self._connector, self._limits, self._clock, self._health = connector, tuple(limits), clock, health
        self._unit, self._scale = unit, scale

    async def hold(self, state: State, name: str, most: int) -> None:
        """Set aside the most that a request may cost, in place of what is held under the same name.

        Raises Exhausted, and holds nothing, where a limit does not allow it.
        """

        def held(count: _Count, use: Use) -> _Count:
            others = use.used - count.held.get(name, 0)
            if others + most > use.limit.most:
                raise self._exhausted(replace(use, used=others))
            return _Count(count.since, count.used, count.held | {name: most})

        await self._change(state, held)

    async def settle(self, state: State, name: str, cost: int) -> None:
        """Count what the request did cost; 0 where it was refused."""

        def settled(count: _Count, _: Use) -> _Count:
            kept = {one: amount for one, amount in count.held.items() if one != name}
            return _Count(count.since, count.used + cost, kept)

        await self._change(state, settled)

    async def uses(self, state: State) -> list[Use]:
        """How much of each limit is used now."""
        counts, _ = await self._read(state)
        return [self._use(limit, counts[limit.span]) for limit in self._limits]

    async def left(self, state: State) -> int | None:
        """What every limit still allows; None where there is no limit."""
        return min((use.left for use in await self.uses(state)), default=None)

    async def pause(self, state: State, cost: int, *, least: timedelta, part: float = WARN_AT) -> timedelta:
        """How long to wait after a round that did cost so much.

        Up to the given part of each limit `least`; beyond it as long as spreads what is left evenly over the rest of
        the span (0: always).
        """
        now = self._clock.now()
        waits = [
            (use.ends - now) * min(1.0, cost / use.left) if use.left else use.ends - now
            for use in await self.uses(state)
            if use.part >= part and cost
        ]
        return max([least, *waits])

    def describe(self, uses: Sequence[Use]) -> str:
        """What is used, in words: `0.52 of 5 USD this day`."""
        parts = [f"{self._amount(use.used)} of {self._amount(use.limit.most)} {self._unit}" for use in uses]
        return ", ".join(f"{part} this {use.limit.span}" for part, use in zip(parts, uses, strict=True)) or "no limit"

    def _amount(self, value: int) -> str:
        return f"{value / self._scale:.10g}"

    def _exhausted(self, use: Use) -> Exhausted:
        text = f"the budget does not allow more: {self.describe([use])}; it goes on at {use.ends:%Y-%m-%d %H:%M} UTC"
        return Exhausted(text, use, retry_after=use.ends - self._clock.now())

    def _use(self, limit: Limit, count: _Count) -> Use:
        used = count.used + sum(count.held.values())
        return Use(limit=limit, used=used, ends=_end(limit.span, self._clock.now()))

    async def _read(self, state: State) -> tuple[dict[Span, _Count], int | None]:
        stored = await state.get(KEY)
        kept: dict[str, _Count] = convert(stored[0], dict[str, _Count]) if stored else {}
        now = self._clock.now()
        counts: dict[Span, _Count] = {}
        for limit in self._limits:
            since = _begin(limit.span, now)
            count = kept.get(limit.span)
            counts[limit.span] = count if count is not None and count.since == since else _Count(since)
        return counts, stored[1] if stored else None

    async def _change(self, state: State, change: Any) -> None:
        if not self._limits:
            return
        while True:
            counts, version = await self._read(state)
            before = {limit: self._use(limit, counts[limit.span]) for limit in self._limits}
            after = {limit.span: change(counts[limit.span], before[limit]) for limit in self._limits}
            if await state.put(KEY, to_builtins(after), version=version):
                break
        for limit in self._limits:
            self._tell(before[limit], self._use(limit, after[limit.span]))

    def _tell(self, before: Use, use: Use) -> None:
        """Show how much is used, and warn where it has just become much."""
        limit = use.limit
        self._health.spent(limit.span, use.used / self._scale, limit.most / self._scale, self._unit)
        if before.part < WARN_AT <= use.part:
            log.warning(
                "budget.nearly_used",
                connector=self._connector,
                used=self.describe([use]),
                remedy="reading slows down now and stops at the limit; raise the budget if that is too early",
            )


async def asked_once(request: aiohttp.ClientRequest, ask: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A middleware for sessions whose requests are counted.

    When a connection breaks, aiohttp asks by itself a second time, which would be used and not counted.  It does not
    where the error is another one.
    """
    try:
        return await ask(request)
    except aiohttp.ClientConnectorError:  # nothing was asked
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(f"the connection broke ({type(error).__name__})") from None


def _begin(span: Span, now: datetime) -> str:
    """The hour, day or month that a time lies in."""
    return now.astimezone(UTC).strftime({"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}[span])


def _end(span: Span, now: datetime) -> datetime:
    """When the hour, day or month of a time ends."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if span == "hour":
        return hour + timedelta(hours=1)
    day = hour.replace(hour=0)
    if span == "day":
        return day + timedelta(days=1)
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
