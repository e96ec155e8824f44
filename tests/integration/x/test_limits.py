"""Rate limits, faults and money: nothing is missed, nothing is out of order, and the budget holds."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

import connectors.x.stream
from model.errors import Transient
from tests.integration.x.conftest import CONSENT, Reader, said

FAULTS = ["502", "503", "429", "429-legacy", "truncated", "dropped", "lost", "slow", None, None, None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connectors.x.stream, "FIRST_PAUSE", timedelta(milliseconds=1))
    monkeypatch.setattr(connectors.x.stream, "PATIENCE", 100)


def _texts(reader: Reader) -> list[str]:
    return [said(one).text.removeprefix("@acme ") for one in reader.intake.accepted]


async def test_a_burst_is_read_oldest_first_as_fast_as_x_allows(reader: Reader) -> None:
    """5,000 mentions in one interval take 50 pages; none is missing, and the oldest is the first."""
    async with reader.running():
        await reader.health.until(lambda health: health.reads > 0)
        before = len(reader.emulator.asked)
        for number in range(5000):
            reader.world.mention(str(number), author=str(100 + number % 700))
        await reader.intake.until_accepted(5000)

    assert _texts(reader) == [str(number) for number in range(5000)]
    assert len(reader.emulator.asked) - before <= 53
    assert reader.health.reasons == []


async def test_a_full_window_is_waited_for_with_what_was_read(reader: Reader) -> None:
    """With ten looks a second, a burst of 1,500 is read in order, without asking against the limit."""
    reader.emulator.window = timedelta(seconds=1)
    reader.emulator.limits["mentions"] = [10, 10]
    for number in range(1500):
        reader.world.mention(str(number))
    await reader.read(1500)

    assert _texts(reader) == [str(number) for number in range(1500)]
    assert reader.emulator.statuses[429] <= 1


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_fails_everything_is_read_in_order(
    reader: Reader, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Error pages, full windows, torn and lost answers, pages that are short, repeated or out of order."""
    dice = random.Random(seed)
    reader.emulator.dice = random.Random(seed)
    names = [name for name in FAULTS if name is None or not name.startswith("429")]
    reader.emulator.fault = lambda _: dice.choice(names)
    async with reader.running(oauth=CONSENT):
        for number in range(200):
            reader.world.mention(str(number))
            if number % 20 == 0:
                await asyncio.sleep(0.02)
        await reader.intake.until_accepted(200)

    assert _texts(reader) == [str(number) for number in range(200)]
    assert reader.intake.duplicates == []


async def test_more_than_memory_should_hold_is_handed_over_in_parts(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many pages what was read is handed over, and reading goes on behind it at once; each comes once."""
    monkeypatch.setattr(connectors.x.stream, "MOST_PAGES", 2)
    for number in range(500):
        reader.world.mention(str(number))
    await reader.read(500)

    assert _texts(reader) == [str(number) for part in ((300, 500), (100, 300), (0, 100)) for number in range(*part)]
    assert reader.intake.duplicates == []


async def test_a_limit_without_a_reset_is_not_hammered(reader: Reader) -> None:
    """Told of a limit without its end, a look a minute is made; tweepy itself would ask a thousand times a second."""
    clock = reader.stop_time()
    reader.emulator.fault = lambda name: "429-legacy" if name == "mentions" else None
    async with reader.running():
        await reader.health.until(lambda health: bool(health.reasons))
        await clock.move(timedelta(minutes=10), timedelta(seconds=10))

    assert 5 <= sum(name == "mentions" for name, _ in reader.emulator.asked) <= 11


async def test_used_up_credits_are_told_from_a_full_window(reader: Reader) -> None:
    """The reading ends with a pause of an hour and what to do."""
    reader.emulator.fault = lambda _: "capped"
    with pytest.raises(Transient, match=r"credits or its monthly cap .* buy credits") as caught:
        await reader.connector().run(reader.intake, reader.state)

    assert caught.value.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("restarts", [False, True])
async def test_the_budget_holds_and_the_rest_is_read_the_next_day(reader: Reader, *, restarts: bool) -> None:
    """When it ends in the middle of a burst, what was bought is handed over, and the gap is read at midnight UTC."""
    clock = reader.stop_time()
    for number in range(400):
        reader.world.mention(str(number), author=str(100 + number))
    more = {"budget": {"per_day": "2 USD", "per_month": "100 USD"}, "poll": "10 min"}
    for span in [timedelta(hours=12)] * 6 if restarts else [timedelta(days=3)]:
        async with reader.running(**more):
            await clock.move(span, timedelta(minutes=20))

    assert sorted(map(int, _texts(reader))) == list(range(400))
    assert reader.intake.duplicates == []
    assert max(reader.world.paid.values()) <= 2_000_000
    assert len(reader.world.paid) >= 3
    assert any("the budget does not allow more" in reason for reason in reader.health.reasons)
    assert reader.health.budgets["day", "USD"][1] == 2


async def test_a_quiet_day_costs_next_to_nothing(reader: Reader) -> None:
    """A day of looking at what is known buys each message and author once."""
    clock = reader.stop_time()
    for number in range(30):
        reader.world.message(str(number))
    async with reader.running(oauth=CONSENT, poll="10 min"):
        await reader.intake.until_accepted(30)
        await clock.move(timedelta(hours=20), timedelta(minutes=10))

    assert sum(name == "dm_events" for name, _ in reader.emulator.asked) > 60
    assert sum(reader.world.paid.values()) <= 30 * 10_000 + 2 * 10_000 + 5 * 10_000


async def test_more_messages_than_a_day_can_pay_for_are_read_in_days(reader: Reader) -> None:
    """Messages know no until_id: the gap is gone on with where it began, so that each day gets further."""
    clock = reader.stop_time()
    for number in range(60):
        reader.world.message(str(number), sender=str(100 + number))
    consent = {"oauth": CONSENT, "bearer_token": None, "poll": "10 min"}
    async with reader.running(**consent, budget={"per_day": "0.5 USD", "per_month": "100 USD"}):
        await clock.move(timedelta(days=4), timedelta(minutes=20))

    assert sorted(map(int, _texts(reader))) == list(range(60))
    assert max(reader.world.paid.values()) <= 500_000


async def test_a_store_that_refuses_costs_nothing_more(reader: Reader) -> None:
    """What was bought is kept until the store takes it, and not bought again."""
    for number in range(300):
        reader.world.mention(str(number))
    reader.intake.refuse(2)
    await reader.read(300)

    assert _texts(reader) == [str(number) for number in range(300)]
    assert sum(name == "mentions" for name, _ in reader.emulator.asked) <= 4
    assert reader.intake.refused == 2
