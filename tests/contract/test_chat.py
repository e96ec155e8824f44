"""The chat keeps the contract of a connector."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest_asyncio

from connectors.base import Connector, Intake, State
from connectors.chat.connector import ChatConnector
from tests.contract.connectors import ConnectorContract, Source
from tests.support.chat import GENEROUS, Customer, chat_settings, listening
from tests.support.daemon import free_port
from tests.support.memory import MemoryHealth


class Listening:
    """The connector with a listener, as long as it runs."""

    def __init__(self, connector: ChatConnector, port: int) -> None:
        self.name, self._connector, self._port = connector.name, connector, port

    async def run(self, intake: Intake, state: State) -> None:
        """Serve until cancelled."""
        async with listening(self._connector, intake, state, self._port):
            await self._connector.run(intake, state)


class Widget(Source):
    """A customer who writes one message after the other, and each until it is acknowledged."""

    def __init__(self, customer: Customer, port: int) -> None:
        self._customer, self._port = customer, port
        self._waiting: asyncio.Queue[int | None] = asyncio.Queue()
        self._stored: set[int] = set()

    def put(self, number: int) -> None:
        """Write a message."""
        self._waiting.put_nowait(number)

    def acknowledged(self) -> set[int]:
        """What the customer need not send again."""
        return set(self._stored)

    def connector(self, health: MemoryHealth) -> Connector:
        """The chat on the port that the customer knows."""
        settings = chat_settings(rates=GENEROUS)
        chat = ChatConnector("reader", settings, health, pulse=timedelta(milliseconds=20))
        return Listening(chat, self._port)

    def spoil(self) -> None:
        """Send something that is no message."""
        self._waiting.put_nowait(None)

    async def write(self) -> None:
        """Send what is written, in order."""
        while True:
            number = await self._waiting.get()
            if number is None:
                await self._customer.until_stored("before", str(uuid.uuid4()))
                status, _ = await self._customer.post("never", attachments="none")
                assert status == 400
                continue
            await self._customer.until_stored(f"number {number};", str(uuid.UUID(int=number)))
            self._stored.add(number)


class TestChat(ConnectorContract):
    """Chat by HTTP."""

    kind = "chat"

    @pytest_asyncio.fixture
    async def source(self) -> AsyncIterator[Source]:
        """A customer."""
        port = free_port()
        async with aiohttp.ClientSession() as http:
            widget = Widget(Customer(http, f"http://127.0.0.1:{port}/v1/chat"), port)
            writing = asyncio.create_task(widget.write())
            yield widget
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
