"""Helpdesks that consume a queue keep the contract of a helpdesk, and tell what was acknowledged."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from delivery.base import Acknowledgement, Acknowledging, Helpdesk
from delivery.helpdesks.consumer import ConsumerHelpdesk
from delivery.settings import ConsumerSettings
from model.event import Event
from tests.contract.helpdesks import HelpdeskContract
from tests.support.events import event
from tests.support.redis import RedisServer

LANES = ("urgent", "normal", "bulk")


class _Consumer(HelpdeskContract):
    """What both transports have in common."""

    kind = "consumer"
    transport: str

    @pytest.fixture
    async def helpdesk(self, redis_server: RedisServer) -> AsyncIterator[Helpdesk]:
        """One with an empty Redis."""
        redis_server.wipe()
        self.server, self.made = redis_server, []
        yield self.again(None)
        for one in self.made:
            await one.close()

    def again(self, helpdesk: Any) -> ConsumerHelpdesk:
        """Another process's."""
        settings: Any = {"kind": "consumer", "transport": self.transport, "url": self.server.url, "timeout": "2 s"}
        self.made.append(ConsumerHelpdesk(ConsumerSettings.model_validate({**settings, "queue": "desk"})))
        return self.made[-1]

    def take_down(self, helpdesk: Any) -> None:
        """Kill the server."""
        self.server.kill()

    def bring_up(self, helpdesk: Any) -> None:
        """Start it on what it had."""
        self.server.start()

    @abstractmethod
    def take(self, *, well: bool = True) -> list[str]:
        """Take everything as a consumer, acknowledge it, and return the ids."""

    async def test_it_is_one_that_acknowledges(self, helpdesk: Helpdesk) -> None:
        """Delivery asks it what was acknowledged."""
        assert isinstance(helpdesk, Acknowledging)

    async def test_what_nobody_took_is_not_acknowledged(self, helpdesk: ConsumerHelpdesk) -> None:
        """An event that lies in its queue is neither acknowledged nor missing."""
        await helpdesk.submit(event(1), None, {})

        assert await helpdesk.acknowledged() == []
        assert await helpdesk.missing([event(1).id, event(2).id]) == [event(2).id]

    async def test_what_was_taken_is_acknowledged_until_it_is_forgotten(self, helpdesk: ConsumerHelpdesk) -> None:
        """Every lane tells what was taken, again and again, until fanin has booked it."""
        for number, lane in enumerate(LANES):
            await helpdesk.submit(event(number, lane=lane), None, {"queue": "Security"})  # type: ignore[arg-type]
        assert sorted(self.take()) == [event(number).id for number in range(3)]

        found = await helpdesk.acknowledged()
        assert sorted(one.event_id for one in found) == [event(number).id for number in range(3)]
        assert all(one.failure is None for one in found)
        assert await helpdesk.missing([event(1).id]) == []

        await helpdesk.forget([event(0).id, event(1).id])
        assert [one.event_id for one in await self.again(helpdesk).acknowledged()] == [event(2).id]

    async def test_an_acknowledged_event_is_not_put_there_again(self, helpdesk: ConsumerHelpdesk) -> None:
        """A process that died before it booked an acknowledgement does not send the event again."""
        await helpdesk.submit(event(1), None, {})
        self.take()

        await self.again(helpdesk).submit(event(1), None, {})

        assert self.take() == []
        assert await helpdesk.acknowledged() == [Acknowledgement(event(1).id)]

    async def test_a_wiped_redis_has_lost_everything_and_acknowledged_nothing(self, helpdesk: ConsumerHelpdesk) -> None:
        """After a wipe, events that were taken since do not make older ones look taken."""
        await helpdesk.submit(event(1), None, {})
        self.server.wipe()
        await helpdesk.submit(event(2), None, {})
        self.take()

        assert await helpdesk.acknowledged() == [Acknowledgement(event(2).id)]
        assert await helpdesk.missing([event(1).id, event(2).id]) == [event(1).id]

    async def test_acknowledgements_are_found_behind_many_that_are_not(self, helpdesk: ConsumerHelpdesk) -> None:
        """More than a page of events is gone through, call by call."""
        for number in range(450):
            await helpdesk.submit(event(number), None, {})
        self.take()

        found: set[str] = set()
        for _ in range(10):
            found |= {one.event_id for one in await helpdesk.acknowledged()}
        assert len(found) == 450


class TestStream(_Consumer):
    """Streams."""

    transport = "stream"

    async def stored(self, helpdesk: Any) -> list[Event]:
        """The entries of all lanes."""
        with self.server.client() as client:
            entries = [entry for lane in LANES for entry in client.xrange(f"fanin:desk:{lane}")]  # type: ignore[union-attr]
        return [msgspec.json.decode(fields["event"], type=Event) for _, fields in entries]

    def take(self, *, well: bool = True) -> list[str]:
        """Read what is new in each lane and acknowledge it."""
        taken = []
        with self.server.client() as client:
            for lane in LANES:
                key = f"fanin:desk:{lane}"
                if not client.exists(key):
                    continue
                got: Any = client.xreadgroup("consumers", "test", {key: ">"}, count=1000)
                for entry, fields in got[0][1] if got else []:
                    client.xack(key, "consumers", entry)
                    taken.append(fields["id"])
        return taken

    async def test_what_a_consumer_holds_is_not_acknowledged(self, helpdesk: ConsumerHelpdesk) -> None:
        """An entry that was read but not acknowledged is still under way, though later ones are done."""
        for number in range(3):
            await helpdesk.submit(event(number), None, {})
        with self.server.client() as client:
            got: Any = client.xreadgroup("consumers", "test", {"fanin:desk:normal": ">"}, count=3)
            for entry, _ in got[0][1][1:]:
                client.xack("fanin:desk:normal", "consumers", entry)

        assert [one.event_id for one in await helpdesk.acknowledged()] == [event(1).id, event(2).id]
        assert await helpdesk.missing([event(0).id]) == []


class TestArqJobs(_Consumer):
    """Jobs of arq."""

    transport = "arq"

    async def stored(self, helpdesk: Any) -> list[Event]:
        """The jobs of all lanes."""
        with self.server.client() as client:
            ids = [one for lane in LANES for one in client.zrange(f"fanin:desk:{lane}", 0, -1)]  # type: ignore[union-attr]
            bodies = [client.get(f"arq:job:{one}") for one in ids]
        return [msgspec.json.decode(msgspec.json.encode(json.loads(body)["a"][0]), type=Event) for body in bodies]  # type: ignore[arg-type]

    def take(self, *, well: bool = True) -> list[str]:
        """End every job as arq does."""
        taken = []
        with self.server.client() as client:
            for lane in LANES:
                key = f"fanin:desk:{lane}"
                for one in client.zrange(key, 0, -1):  # type: ignore[union-attr]
                    client.set(f"arq:result:{one}", json.dumps({"s": well, "r": None if well else "no"}), ex=3600)
                    client.delete(f"arq:job:{one}")
                    client.zrem(key, one)
                    taken.append(one.partition(".")[0])
        return taken

    async def test_a_failed_job_says_why_and_may_be_put_there_again(self, helpdesk: ConsumerHelpdesk) -> None:
        """A failure is told with what the consumer said; the event is then queued anew."""
        await helpdesk.submit(event(1), None, {})
        self.take(well=False)

        assert await helpdesk.acknowledged() == [Acknowledgement(event(1).id, "the consumer failed: no")]
        await helpdesk.forget([event(1).id])
        await helpdesk.submit(event(1), None, {})
        assert self.take() == [event(1).id]

    async def test_a_job_that_ended_without_a_result_is_missing(self, helpdesk: ConsumerHelpdesk) -> None:
        """Neither result nor job: nobody knows, so it has to be sent again."""
        await helpdesk.submit(event(1), None, {})
        self.take()
        with self.server.client() as client:
            client.delete(f"arq:result:{event(1).id}.desk")

        assert await helpdesk.acknowledged() == []
        assert await helpdesk.missing([event(1).id]) == [event(1).id]
