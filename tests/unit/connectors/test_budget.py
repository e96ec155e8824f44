"""What a channel may cost is never exceeded, whoever asks and whenever they die."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from connectors.budget import Budget, Exhausted, Limit, asked_once
from tests.support.clock import ManualClock
from tests.support.memory import MemoryHealth, MemoryState


class Setting:
    """A budget of 100 a day and 150 a month, on a clock that stands at the first of November."""

    def __init__(self) -> None:
        self.clock, self.state, self.health = ManualClock(), MemoryState(), MemoryHealth()
        self.budget = self.again()

    def again(self) -> Budget:
        """The budget as another process sees it."""
        limits = [Limit("day", 100), Limit("month", 150)]
        return Budget("reader", limits, self.clock, self.health, unit="calls")

    async def spend(self, amount: int) -> None:
        """Use that much, whatever it is for."""
        await self.budget.hold(self.state, "x", amount)
        await self.budget.settle(self.state, "x", amount)


@pytest.fixture
def setting() -> Setting:
    """Nothing is used yet."""
    return Setting()


async def test_what_exceeds_a_limit_is_refused_until_its_span_ends(setting: Setting) -> None:
    """The day's limit holds until midnight, the month's until its end; the error says when it goes on."""
    await setting.spend(90)
    with pytest.raises(Exhausted, match="90 of 100 calls this day; it goes on at 2026-11-02 00:00 UTC") as day:
        await setting.budget.hold(setting.state, "x", 11)
    setting.clock._now += timedelta(days=1)
    await setting.spend(60)
    with pytest.raises(Exhausted, match="150 of 150 calls this month") as month:
        await setting.budget.hold(setting.state, "x", 1)

    assert day.value.retry_after == timedelta(days=1)
    assert month.value.retry_after == timedelta(days=29)
    assert await setting.budget.left(setting.state) == 0


async def test_what_is_held_counts_and_what_is_settled_is_given_back(setting: Setting) -> None:
    """While a request is under way its most counts; afterwards what it did cost."""
    await setting.budget.hold(setting.state, "page", 80)
    with pytest.raises(Exhausted):
        await setting.budget.hold(setting.state, "other", 21)
    await setting.budget.settle(setting.state, "page", 5)

    assert await setting.budget.left(setting.state) == 95


async def test_a_request_that_a_crash_cut_off_is_held_once(setting: Setting) -> None:
    """A process that died holding is followed by one that holds the same again, not twice as much."""
    await setting.budget.hold(setting.state, "page", 80)
    successor = setting.again()
    assert await successor.left(setting.state) == 20
    await successor.hold(setting.state, "page", 90)
    await successor.settle(setting.state, "page", 90)

    assert await successor.left(setting.state) == 10


async def test_many_at_once_never_exceed_the_limit(setting: Setting) -> None:
    """Of thirty that ask for ten at once, ten are served."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_try(setting.again(), setting.state, f"r{n}")) for n in range(30)]

    assert sum(task.result() for task in asked) == 10
    assert await setting.budget.left(setting.state) == 0


async def _try(budget: Budget, state: MemoryState, name: str) -> bool:
    try:
        await budget.hold(state, name, 10)
    except Exhausted:
        return False
    await asyncio.sleep(0)
    await budget.settle(state, name, 10)
    return True


async def test_an_operator_is_warned_once_at_four_fifths(setting: Setting, capsys: pytest.CaptureFixture[str]) -> None:
    """The line is written when it is crossed, and the metric always shows how much is used."""
    for _ in range(9):
        await setting.spend(10)

    assert capsys.readouterr().out.count("budget.nearly_used") == 1
    assert setting.health.budgets["day", "calls"] == (90, 100)
    assert setting.health.budgets["month", "calls"] == (90, 150)


async def test_pauses_grow_when_much_is_used(setting: Setting) -> None:
    """Below four fifths a round waits the least; above, so long that what is left lasts; unused rounds never wait."""
    least = timedelta(seconds=30)
    setting.clock._now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    before = await setting.budget.pause(setting.state, 5, least=least)
    evenly = await setting.budget.pause(setting.state, 5, least=least, part=0)
    await setting.spend(90)

    assert before == least
    assert evenly > timedelta(minutes=30)
    assert await setting.budget.pause(setting.state, 0, least=least) == least
    assert await setting.budget.pause(setting.state, 5, least=least) == timedelta(hours=6)


async def test_without_limits_nothing_is_counted(setting: Setting) -> None:
    """A budget without limits allows everything and writes nothing."""
    budget = Budget("reader", [], setting.clock, setting.health, unit="calls")
    await budget.hold(setting.state, "x", 10**9)
    await budget.settle(setting.state, "x", 10**9)

    assert await budget.left(setting.state) is None
    assert setting.state.values == {}


async def test_a_broken_connection_is_not_asked_twice_uncounted() -> None:
    """Where the answer breaks off, whoever counts decides about asking again, and not the library."""
    asked = 0

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        writer.close()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    url = "http://{}:{}".format(*server.sockets[0].getsockname())
    async with server, aiohttp.ClientSession(middlewares=(asked_once,)) as session:
        with pytest.raises(aiohttp.ClientConnectionError, match="ServerDisconnectedError"):
            await session.get(url)

    assert asked == 1
