"""A helpdesk on a real Request Tracker, behind a front that can misbehave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from delivery.helpdesks.rt.helpdesk import RtHelpdesk
from delivery.helpdesks.rt.settings import RtSettings
from model.settings import Secret
from tests.support.events import MemoryPlace
from tests.support.http_desk import Front
from tests.support.rt import Rt

Make = Callable[..., RtHelpdesk]


@pytest.fixture
async def front(rt: Rt) -> AsyncIterator[Front]:
    """The front; without trouble it is the server itself."""
    one = Front(rt.url)
    async with one.serving():
        yield one


@pytest.fixture
def place() -> MemoryPlace:
    """What every helpdesk of a test shares."""
    return MemoryPlace()


@pytest.fixture
def make(rt: Rt, front: Front, place: MemoryPlace) -> Make:
    """Makes helpdesks of the same queue."""

    def made(**settings: Any) -> RtHelpdesk:
        given = {
            "url": front.url,
            "token": Secret(rt.tokens["fanin"]),
            "queue": "Support",
            "timeout": timedelta(seconds=10),
            "server_limit": timedelta(seconds=2),
            **settings,
        }
        return RtHelpdesk(RtSettings(kind="rt", **given), place)

    return made
