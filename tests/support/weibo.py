"""A Weibo connector in memory, with the emulator as its other side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.weibo.connector import WeiboConnector
from connectors.weibo.settings import WeiboSettings
from model.envelope import Envelope
from model.reply import Reply
from model.spoken import Spoken
from model.ticket import Identity, Message, Requester
from tests.support.clock import FastClock
from tests.support.memory import MemoryHealth, MemoryIntake, MemoryState
from tests.support.weibo_emulator import Emulator


class Desk:
    """What a test needs around a connector: the emulator, and a daemon in memory."""

    def __init__(self, emulator: Emulator, address: str, clock: FastClock) -> None:
        self.emulator, self.world, self.address, self.clock = emulator, emulator.world, address, clock
        self.intake, self.state, self.health = MemoryIntake(), MemoryState(), MemoryHealth()

    def connector(self, **settings: Any) -> WeiboConnector:
        """A connector that reads the emulator from its beginning."""
        values = {
            "kind": "weibo",
            "uid": self.world.uid,
            "access_token": self.emulator.token,
            "api_base": self.address,
            "loopback_media": True,
            "start": "all",
            "poll": "2 s",
            "reconcile": "30 s",
            "calls_per_hour": self.emulator.limit,
            **settings,
        }
        return WeiboConnector("weibo", WeiboSettings.model_validate(values), self.health, self.clock)

    @asynccontextmanager
    async def running(self, connector: WeiboConnector) -> AsyncIterator[asyncio.Task[None]]:
        """The connector at work."""
        task = asyncio.create_task(connector.run(self.intake, self.state))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @asynccontextmanager
    async def listening(self, connector: WeiboConnector) -> AsyncIterator[str]:
        """The connector at work, with its routes; gives the address for pushes."""
        application = web.Application()
        application.add_routes(connector.routes(self.intake, self.state))
        async with TestServer(application) as server, self.running(connector):
            yield str(server.make_url("/hooks/weibo/"))

    def spoken(self) -> list[Spoken]:
        """What was accepted, in order."""
        return [spoken(envelope) for envelope in self.intake.accepted]

    def texts(self) -> list[str]:
        """The texts of that."""
        return [one.text for one in self.spoken()]


def spoken(envelope: Envelope) -> Spoken:
    """What an envelope says."""
    assert isinstance(envelope.raw, bytes)
    return msgspec.json.decode(envelope.raw, type=Spoken)


def reply(
    text: str, source_id: str, *, at: datetime, url: str | None = None, id_: str = "r1", visibility: Any = "public"
) -> Reply:
    """An answer to the user 7."""
    return Reply(
        id=id_,
        token="token",
        conversation="c",
        sequence=2,
        tracking_number="FN-0000-0000-S",
        connector="weibo",
        helpdesk="desk",
        requester=Requester(
            id="q", identities=(Identity(kind="weibo", value="@name"), Identity(kind="weibo", value="7"))
        ),
        answers=Message(id="m", source_id=source_id, received_at=at, url=url),
        text=text,
        visibility=visibility,
        at=at,
    )
