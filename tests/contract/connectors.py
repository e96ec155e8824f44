"""What every connector must do (`connectors.base.Connector`)."""

from __future__ import annotations

import asyncio
import random
import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from connectors.base import Connector
from model.envelope import Envelope
from model.errors import Transient
from tests.support.memory import MemoryHealth, MemoryIntake, MemoryState

COUNT = 40


class Source:
    """The other side of a connector, as a test drives it."""

    @abstractmethod
    def put(self, number: int) -> None:
        """Let a message with this number (as `number <n>;` in its content) arrive at the source."""

    @abstractmethod
    def acknowledged(self) -> set[int]:
        """The numbers of the messages that the source may now forget."""

    @abstractmethod
    def connector(self, health: MemoryHealth) -> Connector:
        """A connector that reads the source, as a process that was just started makes it."""

    @abstractmethod
    def spoil(self) -> None:
        """Let something arrive that cannot be read."""


class ConnectorContract:
    """Inherit, and give the source."""

    @pytest.fixture
    @abstractmethod
    def source(self) -> Source:
        """A source, empty, that a connector reads from its beginning."""

    @pytest.fixture(autouse=True)
    def _begun(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A daemon in memory that has read nothing yet."""
        self.intake, self.state, self.health = MemoryIntake(), MemoryState(), MemoryHealth()

    @asynccontextmanager
    async def running(self, source: Source) -> AsyncIterator[None]:
        """The connector at work, started again after Transient as the supervisor does."""

        async def run() -> None:
            while True:
                with suppress(Transient):
                    await source.connector(self.health).run(self.intake, self.state)

        task = asyncio.create_task(run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def accepted(self) -> list[int]:
        """The numbers of what was accepted, in order."""
        return [number_of(self.state.read(envelope.raw)) for envelope in self.intake.accepted]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at whenever the connector has read."""
        await self.health.until(lambda _: condition())

    async def test_everything_is_accepted_once_and_acknowledged(self, source: Source) -> None:
        """Messages from before and after the start are accepted in order, once, and acknowledged."""
        for number in range(COUNT // 2):
            source.put(number)
        async with self.running(source):
            await self.intake.until_accepted(COUNT // 2)
            for number in range(COUNT // 2, COUNT):
                source.put(number)
            await self.intake.until_accepted(COUNT)
            await self.until(lambda: source.acknowledged() == set(range(COUNT)))

        assert self.accepted() == list(range(COUNT))

    async def test_nothing_is_acknowledged_that_was_refused(self, source: Source) -> None:
        """While the store refuses, the source keeps everything; afterwards it is handed over again."""
        self.intake.refuse(3)
        refused_yet_acknowledged: set[int] = set()
        original = self.intake.accept

        async def watching(*arguments: object, **named: object) -> object:
            refused_yet_acknowledged.update(source.acknowledged() - set(self.accepted()))
            return await original(*arguments, **named)  # type: ignore[arg-type]

        self.intake.accept = watching  # type: ignore[method-assign, assignment]
        for number in range(COUNT):
            source.put(number)
        async with self.running(source):
            await self.intake.until_accepted(COUNT)
            await self.until(lambda: source.acknowledged() == set(range(COUNT)))

        assert refused_yet_acknowledged == set()
        assert self.intake.refused == 3
        assert sorted(self.accepted()) == list(range(COUNT))

    async def test_refused_at_random_nothing_is_lost(self, source: Source) -> None:
        """Where every other call is refused, on average, everything is accepted once in the end."""
        dice, original = random.Random(7), self.intake.accept

        async def moody(*arguments: object, **named: object) -> object:
            if dice.random() < 0.5:
                raise Transient("not now")
            return await original(*arguments, **named)  # type: ignore[arg-type]

        self.intake.accept = moody  # type: ignore[method-assign, assignment]
        for number in range(COUNT):
            source.put(number)
        async with self.running(source):
            await self.intake.until_accepted(COUNT)
            await self.until(lambda: source.acknowledged() == set(range(COUNT)))

        assert sorted(self.accepted()) == list(range(COUNT))

    async def test_a_lost_answer_is_no_loss_and_no_repeat(self, source: Source) -> None:
        """Where the store committed but its answer was lost, the messages are handed over again."""
        self.intake.lose_answer(2)
        for number in range(COUNT):
            source.put(number)
        async with self.running(source):
            await self.until(lambda: source.acknowledged() == set(range(COUNT)))

        assert sorted(self.accepted()) == list(range(COUNT))

    async def test_cancelled_anywhere_nothing_is_lost(self, source: Source) -> None:
        """Cancelled at any await and started again, what was acknowledged is what was accepted."""
        for number in range(COUNT):
            source.put(number)
        for steps in range(0, 60, 3):
            task = asyncio.create_task(source.connector(self.health).run(self.intake, self.state))
            for _ in range(steps):
                await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert source.acknowledged() <= set(self.accepted())
        async with self.running(source):
            await self.intake.until_accepted(COUNT)
            await self.until(lambda: source.acknowledged() == set(range(COUNT)))

        assert sorted(self.accepted()) == list(range(COUNT))

    async def test_one_bad_message_keeps_no_other_from_being_read(self, source: Source) -> None:
        """What cannot be read is passed; everything before and behind it is accepted."""
        source.put(0)
        source.spoil()
        source.put(1)
        async with self.running(source):
            await self.intake.until(lambda _: {0, 1} <= set(self.accepted()))

    async def test_reading_nothing_is_a_proven_read(self, source: Source) -> None:
        """An empty source that was read successfully is said to be well."""
        async with self.running(source):
            await self.health.until(lambda health: health.reads >= 2)

    async def test_envelopes_name_their_connector_and_source(self, source: Source) -> None:
        """Every envelope carries the connector's name, an id of its own, and the time of its arrival."""
        for number in range(5):
            source.put(number)
        async with self.running(source):
            envelopes: list[Envelope] = await self.intake.until_accepted(5)

        assert {envelope.connector for envelope in envelopes} == {"reader"}
        assert len({envelope.source_id for envelope in envelopes}) == 5
        assert all(envelope.received_at.tzinfo is not None for envelope in envelopes)
        assert all(envelope.size == len(self.state.read(envelope.raw)) for envelope in envelopes)


def number_of(content: bytes) -> int:
    """The number that the message carries, -1 for one without."""
    found = re.search(rb"number (\d+);", content)
    return int(found[1]) if found else -1
