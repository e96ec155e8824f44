"""Weibo keeps the contract of speakers, against the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.base import Speaker
from model.reply import Reply
from tests.contract.speakers import Channel, SpeakerContract
from tests.support.clock import FastClock
from tests.support.weibo import Desk, reply
from tests.support.weibo_emulator import Emulator, served
from tests.support.weibo_world import World


class Comments(Channel):
    """A post that mentions us, and what we comment on it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.token = desk, desk.emulator.token
        self.post = desk.world.mention("7", "help")

    def speaker(self) -> Speaker:
        """A writer that has written nothing yet."""
        return self.desk.connector(access_token=self.token)

    def reply(self, number: int) -> Reply:
        """A public answer."""
        return reply(f"number {number};", f"status:{self.post}", at=self.desk.clock.now(), id_=f"r{number}")

    def received(self) -> list[str]:
        """The comments under the post."""
        return [form["comment"] for _, form in self.desk.world.written]

    def stumble(self, times: int) -> None:
        """Weibo fails, and says so."""
        self.desk.emulator.faults.extend(["system"] * times)

    def refuse(self) -> None:
        """The post is removed."""
        self.desk.world.delete(self.post)

    def reject(self) -> None:
        """The token is revoked."""
        self.desk.emulator.token = "another"

    def lose_answer(self) -> None:
        """The comment is taken, and the connection breaks."""
        self.desk.emulator.faults.append("drop")


class TestWeiboSpeaker(SpeakerContract):
    """Comments under a post."""

    @pytest.fixture
    async def channel(self) -> AsyncIterator[Comments]:
        """Somebody has mentioned us."""
        clock = FastClock(200)
        emulator = Emulator(World(now=clock.now), limit=2000)
        async with served(emulator) as address:
            yield Comments(Desk(emulator, address, clock))
