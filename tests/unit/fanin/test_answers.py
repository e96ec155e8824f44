"""The reading of answers, and what agents are told of those that did not arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from delivery.base import Answer, AnswerFile, Answers, Setback
from delivery.desk import Desk
from fanin import answers
from fanin.answers import Reading
from model.clock import SystemClock
from model.errors import FaninError, Permanent, Transient
from model.event import TicketRef
from model.health import Health
from model.json import Json
from store.ledger import Settled
from store.replies import Outcome, Written
from store.store import Store
from tests.support.delivery import until
from tests.support.drafts import WHEN, arrival, batch, draft
from tests.support.events import MemoryPlace
from tests.support.helpdesk import MemoryHelpdesk


class Agents(MemoryHelpdesk):
    """A helpdesk whose agents answer in it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Answer] = []
        self.told: list[Setback] = []
        self.deaf: list[FaninError] = []
        """What the next words to it end with."""
        self.closed: dict[str, Callable[[], Awaitable[None]]] = {}
        """What happens to every word in a ticket, by its number."""

    async def answers(self, after: Json | None) -> Answers:
        """What they wrote since."""
        place = after if isinstance(after, int) else 0
        return Answers(found=tuple(self.written[place:]), cursor=len(self.written))

    async def read_answer_file(self, file: AnswerFile) -> AsyncIterator[bytes]:
        """Nothing."""
        raise KeyError(file.id)
        yield b""

    async def tell(self, setback: Setback) -> None:
        """Hear it, or fail."""
        if self.deaf:
            raise self.deaf.pop(0)
        if setback.ticket.value in self.closed:
            await self.closed[setback.ticket.value]()
        self.told.append(setback)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "POLL", answers.POLL / 300)


@asynccontextmanager
async def reading(store: Store, agents: Agents, place: MemoryPlace | None = None) -> AsyncIterator[None]:
    """The reading of the agents' answers while the block lasts."""
    desk = Desk("desk", agents, Health("desk", "helpdesk"), SystemClock())
    task = asyncio.create_task(Reading(desk, place or MemoryPlace(), store, lambda: None, nullcontext).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def answered(store: Store, number: int) -> str:
    """A conversation with a ticket, and the id of an answer in it that is to be sent."""
    [receipt] = await store.accept(batch(arrival(draft(number))))
    [due], _ = await store.pair(receipt.conversation_id or "", "desk")
    await store.settle(Settled(due=due, ref=TicketRef(f"T{number}"), at=WHEN))
    written = Written(
        helpdesk="desk", key="1", conversation=receipt.conversation_id or "", text="We are on it", at=WHEN
    )
    return (await store.replies.book(written)).id


async def test_answers_that_did_not_arrive_are_told_once(store: Store) -> None:
    """What failed or is uncertain is told with its reason, what was sent is not, and a restart tells nothing twice."""
    ids = [await answered(store, number) for number in (1, 2, 3)]
    now = datetime.now(UTC)
    for id_, status, why in zip(
        ids, ("failed", "uncertain", "sent"), ("no such mailbox", "no answer", None), strict=True
    ):
        await store.replies.settle(Outcome(id=id_, status=status, at=now, detail=why))
    agents = Agents()
    agents.deaf = [Transient("down")]
    async with reading(store, agents):
        await until(lambda: len(agents.told) == 2)
    async with reading(store, agents):
        agents.written.append(unplaced())
        await until(lambda: len(agents.told) == 3)

    first, second = sorted(agents.told[:2], key=lambda one: one.ticket.value)
    assert (first.id, first.ticket, first.uncertain, first.reason) == (
        ids[0],
        TicketRef("T1"),
        False,
        "no such mailbox",
    )
    assert (second.id, second.ticket, second.uncertain, second.text) == (ids[1], TicketRef("T2"), True, "We are on it")


async def test_an_answer_to_a_conversation_that_has_expired_is_told(store: Store) -> None:
    """Nobody is known to send it to, which its author hears in the ticket."""
    agents = Agents()
    agents.written.append(unplaced())
    async with reading(store, agents):
        await until(lambda: bool(agents.told))

    assert agents.told[0].ticket == TicketRef("T99")
    assert "nobody is known" in agents.told[0].reason


async def test_a_ticket_that_takes_nothing_holds_up_nothing(store: Store) -> None:
    """Where the ticket is gone the answer is not told again and again."""
    for number in (1, 2):
        id_ = await answered(store, number)
        await store.replies.settle(Outcome(id=id_, status="failed", at=datetime.now(UTC), detail="why"))
    agents = Agents()
    agents.deaf = [Permanent("gone")]
    async with reading(store, agents):
        await until(lambda: len(agents.told) == 1)
        async with asyncio.timeout(60):
            while await store.replies.untold("desk"):
                await asyncio.sleep(0.002)


async def down() -> None:
    """The ticket cannot be written to now."""
    raise Transient("RT answered 500")


async def defect() -> None:
    """The helpdesk gives what nobody expected."""
    raise ZeroDivisionError


async def hang() -> None:
    """No answer comes."""
    await asyncio.Event().wait()


@pytest.mark.parametrize("trouble", [down, defect, hang])
async def test_what_cannot_be_told_does_not_hold_up_the_reading(
    store: Store, trouble: Callable[[], Awaitable[None]]
) -> None:
    """The next agent's answer is booked all the same, and what waits to be told is told after a restart."""
    await answered(store, 1)
    conversation = await store.conversation_of("desk", "T1")
    agents, place = Agents(), MemoryPlace()
    agents.closed = {"T99": trouble}
    agents.written = [unplaced()]
    async with reading(store, agents, place), asyncio.timeout(60):
        while not await place.get("unplaced"):
            await asyncio.sleep(0.002)
        agents.written.append(Answer(id="rt:transaction:10", tickets=("T1",), author="A", text="Here is help", at=WHEN))
        while len(said := await store.replies.said(conversation or "", 0)) < 2:
            await asyncio.sleep(0.002)
    assert [one.text for one in said] == ["We are on it", "Here is help"]

    agents.closed = {}
    async with reading(store, agents, place), asyncio.timeout(60):
        while await place.get("unplaced") != ([], place.values["unplaced"][1]):
            await asyncio.sleep(0.002)
    assert [one.ticket for one in agents.told] == [TicketRef("T99")]


@pytest.mark.parametrize("trouble", [down, defect])
async def test_many_answers_that_cannot_be_told_do_not_starve_the_others(
    store: Store, trouble: Callable[[], Awaitable[None]]
) -> None:
    """However many tickets take no word now, those behind them hear theirs."""
    numbers = range(1, 2 * answers.AT_ONCE + 3)
    for number in numbers:
        id_ = await answered(store, number)
        await store.replies.settle(Outcome(id=id_, status="failed", at=WHEN, detail="why"))
    agents = Agents()
    agents.closed = {f"T{number}": trouble for number in numbers[:-2]}
    async with reading(store, agents):
        await until(lambda: len(agents.told) == 2)
        agents.closed = {}
        await until(lambda: len(agents.told) == len(numbers))

    assert {one.ticket.value for one in agents.told} == {f"T{number}" for number in numbers}


async def test_of_too_many_answers_that_go_to_nobody_the_newest_are_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits to be told of them does not grow without end."""
    monkeypatch.setattr(answers, "MOST_UNPLACED", 2)
    agents, place = Agents(), MemoryPlace()
    agents.closed = {"T99": hang}
    agents.written = [msgspec.structs.replace(unplaced(), id=f"rt:{n}", at=WHEN + timedelta(days=n)) for n in range(4)]
    async with reading(store, agents, place):
        await until(lambda: "answers" in place.values)

    kept = await place.get("unplaced")
    assert kept
    assert [one.at for one in msgspec.convert(kept[0], list[Setback])] == [WHEN + timedelta(days=n) for n in (2, 3)]


def unplaced() -> Answer:
    """An answer in a ticket that no conversation has."""
    return Answer(id="rt:transaction:9", tickets=("T99",), author="Agent", text="Hello", at=WHEN)
