"""What every helpdesk must do (`delivery.base.Helpdesk`)."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import Any

import pytest

from delivery.base import Helpdesk
from model.errors import CredentialsRejected, Permanent, Transient
from model.event import Event
from tests.support.events import event

CONTENT = b"attached content"


class HelpdeskContract:
    """Inherit, and say how the helpdesk is made, looked at, and taken down."""

    @pytest.fixture
    @abstractmethod
    def helpdesk(self, tmp_path: Any) -> Helpdesk:
        """A helpdesk, empty, whose files hold CONTENT."""

    @abstractmethod
    async def stored(self, helpdesk: Any) -> list[Event]:
        """The events that the helpdesk has durably, in order."""

    @abstractmethod
    def take_down(self, helpdesk: Any) -> None:
        """Make it unreachable."""

    @abstractmethod
    def bring_up(self, helpdesk: Any) -> None:
        """Make it reachable again."""

    @abstractmethod
    def again(self, helpdesk: Any) -> Helpdesk:
        """The same helpdesk as a process that was just started sees it."""

    async def test_a_submitted_event_is_there(self, helpdesk: Helpdesk) -> None:
        """When submit has returned, the helpdesk has the event as it was."""
        sent = event(1, files=(CONTENT,))

        await helpdesk.submit(sent, None, {})

        assert await self.stored(helpdesk) == [sent]

    async def test_an_event_submitted_twice_is_there_once(self, helpdesk: Helpdesk) -> None:
        """The second submit of an event changes nothing and names the same ticket."""
        first = await helpdesk.submit(event(1), None, {})

        second = await helpdesk.submit(event(1), None, {})

        assert first == second
        assert len(await self.stored(helpdesk)) == 1

    async def test_an_event_submitted_after_a_restart_is_there_once(self, helpdesk: Helpdesk) -> None:
        """A process that died after the helpdesk took the event does not make a second one."""
        first = await helpdesk.submit(event(1), None, {})

        second = await self.again(helpdesk).submit(event(1), None, {})

        assert first == second
        assert len(await self.stored(helpdesk)) == 1

    async def test_concurrent_submits_of_one_event_give_one(self, helpdesk: Helpdesk) -> None:
        """Many submits of the same event at once leave one."""
        refs = await asyncio.gather(*(helpdesk.submit(event(1), None, {}) for _ in range(20)))

        assert len(set(refs)) == 1
        assert len(await self.stored(helpdesk)) == 1

    async def test_an_event_with_a_reference_continues_the_ticket(self, helpdesk: Helpdesk) -> None:
        """A follow-up goes to the ticket of the first event."""
        ref = await helpdesk.submit(event(1), None, {})
        follow_up = event(1, sequence=2)
        follow_up = type(follow_up)(**{**_fields(follow_up), "id": event(2).id})

        assert await helpdesk.submit(follow_up, ref, {}) == ref
        assert [one.id for one in await self.stored(helpdesk)] == [event(1).id, event(2).id]

    async def test_down_is_said_and_passes(self, helpdesk: Helpdesk) -> None:
        """While it is down, check and submit fail by their named errors; afterwards the event goes through."""
        self.take_down(helpdesk)
        with pytest.raises((Transient, CredentialsRejected)):
            await helpdesk.check()
        with pytest.raises((Transient, CredentialsRejected)):
            await helpdesk.submit(event(1), None, {})

        self.bring_up(helpdesk)

        await helpdesk.check()
        await helpdesk.submit(event(1), None, {})
        assert len(await self.stored(helpdesk)) == 1

    async def test_a_cancelled_submit_may_be_repeated(self, helpdesk: Helpdesk) -> None:
        """Cancelled at any moment and repeated, an event is there once, and nobody else's is lost."""
        others = [asyncio.create_task(helpdesk.submit(event(number), None, {})) for number in range(2, 12)]
        for delay in range(6):
            task = asyncio.create_task(helpdesk.submit(event(1, files=(CONTENT,)), None, {}))
            for _ in range(delay):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        await helpdesk.submit(event(1, files=(CONTENT,)), None, {})
        await asyncio.gather(*others)

        assert sorted(one.id for one in await self.stored(helpdesk)) == [event(number).id for number in range(1, 12)]

    async def test_check_changes_nothing(self, helpdesk: Helpdesk) -> None:
        """A check leaves no trace."""
        await helpdesk.check()

        assert await self.stored(helpdesk) == []

    def test_errors_are_of_the_named_kinds(self) -> None:
        """The three kinds exclude one another, so that one remedy applies."""
        kinds = (Transient, Permanent, CredentialsRejected)
        assert not any(issubclass(one, other) for one in kinds for other in kinds if one is not other)


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
