"""X keeps the contracts of connectors and of speakers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.base import Connector, Speaker
from connectors.x.connector import XConnector
from connectors.x.settings import XSettings
from model.reply import Reply
from tests.contract.connectors import ConnectorContract, Source
from tests.contract.speakers import Channel, SpeakerContract
from tests.support.memory import MemoryHealth
from tests.support.x_emulator import Emulator
from tests.support.x_replies import answer
from tests.support.x_world import ACCOUNT

CONSENT = {"client_id": "client", "refresh_token": "refresh-0"}


def settings(emulator: Emulator, **more: Any) -> XSettings:
    """Settings of a connector that reads the emulator's account from its beginning."""
    given = {
        "kind": "x",
        "user_id": ACCOUNT,
        "bearer_token": emulator.bearer,
        "api_base": emulator.url,
        "start": "all",
        "poll": "20 ms",
        "loopback_media": True,
        "budget": {"per_day": "1000 USD", "per_month": "1000 USD"},
    }
    return XSettings.model_validate(given | more)


class Mentions(Source):
    """The mentions of an account; with each since_id that is asked for, X may forget what is before it."""

    def __init__(self, emulator: Emulator) -> None:
        emulator.limits["mentions"] = [10**6, 10**6]
        self.emulator, self.numbers = emulator, dict[int, int]()

    def put(self, number: int) -> None:
        """A post that mentions the account."""
        self.numbers[int(self.emulator.world.mention(f"number {number};"))] = number

    def spoil(self) -> None:
        """A post that lacks what every post has."""
        name = int(self.emulator.world.mention("x"))
        self.emulator.world.posts[name] = {"id": str(name), "text": None, "edit_history_tweet_ids": 3}

    def acknowledged(self) -> set[int]:
        """What lies before the newest since_id."""
        since = max((int(query.get("since_id", 0)) for _, query in self.emulator.asked), default=0)
        return {number for name, number in self.numbers.items() if name <= since}

    def connector(self, health: MemoryHealth) -> Connector:
        """A reader with the app's token."""
        return XConnector("reader", settings(self.emulator), health)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """X on this machine."""
    async with Emulator().serving() as served:
        yield served


class TestX(ConnectorContract):
    """Mentions on X."""

    kind = "x"

    @pytest.fixture
    def source(self, emulator: Emulator) -> Source:
        """An account that nobody has mentioned yet."""
        return Mentions(emulator)


class Customer(Channel):
    """Somebody who mentioned the account, or wrote to it."""

    def __init__(self, emulator: Emulator, *, public: bool) -> None:
        emulator.limits["tweets"] = emulator.limits["messages"] = [0, 10**6]
        self.emulator, self.public = emulator, public
        self.post, self.message = emulator.world.mention("help"), emulator.world.message("help")
        self.failures: list[str] = []
        emulator.fault = lambda _: self.failures.pop() if self.failures else None

    def speaker(self) -> Speaker:
        """A connector with the account's consent."""
        return XConnector("reader", settings(self.emulator, oauth=CONSENT), MemoryHealth())

    def reply(self, number: int) -> Reply:
        """An answer to the post, or to the message."""
        asked = {"post": self.post} if self.public else {"message": self.message}
        return answer(f"number {number};", **asked)

    def received(self) -> list[str]:
        """What was posted below the post, or sent to the customer."""
        to = ("post", self.post) if self.public else ("dm", "42")
        assert all((one["kind"], one["to"]) == to for one in self.emulator.world.sent)
        return [one["text"] for one in self.emulator.world.sent]

    def stumble(self, times: int) -> None:
        """A full window."""
        self.failures += ["429"] * times

    def refuse(self) -> None:
        """Neither a mention any more, nor open for messages."""
        self.emulator.world.posts.clear()
        self.emulator.world.closed.add("42")

    def reject(self) -> None:
        """The consent is withdrawn."""
        self.emulator.refresh = "another"

    def lose_answer(self) -> None:
        """The connection breaks after X has done it."""
        self.failures.append("lost")


class TestPublicAnswers(SpeakerContract):
    """Answers below a post."""

    kind = "x"

    @pytest.fixture
    def channel(self, emulator: Emulator) -> Channel:
        """Somebody who mentioned the account."""
        return Customer(emulator, public=True)


class TestDirectMessages(SpeakerContract):
    """Answers by direct message."""

    @pytest.fixture
    def channel(self, emulator: Emulator) -> Channel:
        """Somebody who wrote to the account."""
        return Customer(emulator, public=False)
