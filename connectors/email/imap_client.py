"""aioimaplib's client on our protocol, and the commands that it lacks (RFC 2177, 2595)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib
from aioimaplib.aioimaplib import Abort, Command, Response

from connectors.email.imap import ConnectionLost, Protocol, text


class Client(aioimaplib.IMAP4):
    """aioimaplib's client on our protocol, with STARTTLS, an IDLE that ends and an EXAMINE that selects."""

    protocol: Protocol

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to connect; `wait_hello_from_server` says how it ended."""
        running = loop or asyncio.get_running_loop()
        self.protocol = Protocol(running, conn_lost_cb)
        connecting = running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        self._client_task: asyncio.Task[Any] = running.create_task(connecting)

    async def _wait_connection_and_hello(self) -> None:
        await self._client_task
        await self.protocol.greeting
        await self.protocol.capability()

    async def starttls(self, context: ssl.SSLContext) -> None:
        """Go on under TLS (RFC 2595), and ask for the capabilities again.

        Raises Abort if the server refuses, ssl.SSLError or OSError if the handshake fails.
        """
        protocol, loop = self.protocol, asyncio.get_running_loop()
        command = Command("STARTTLS", protocol.new_tag(), loop=loop)
        response = await asyncio.wait_for(protocol.execute(command), self.timeout)
        if response.result != "OK":
            raise Abort(f"the server refuses STARTTLS: {text(response.lines[-1])}")
        transport = await loop.start_tls(protocol.transport, protocol, context, server_hostname=self.host)
        if transport is None:
            raise ConnectionLost("the server closed the connection during STARTTLS")
        protocol.transport = transport
        protocol.upgrading = False
        await asyncio.wait_for(protocol.capability(), self.timeout)

    async def examine(self, mailbox: str = "INBOX") -> Response:
        """Select without the right to change anything (RFC 3501 section 6.3.2)."""
        response: Response = await super().examine(mailbox)
        self.protocol.state = aioimaplib.SELECTED if response.result == "OK" else aioimaplib.AUTH
        return response

    async def wait_server_push(self, timeout: float = aioimaplib.TWENTY_NINE_MINUTES) -> list[bytes]:  # noqa: ASYNC109 - aioimaplib's signature
        """Return the next push, whenever it came.

        Raises TimeoutError if there is none in that many seconds, ConnectionLost if none can come.
        """
        queue = self.protocol.idle_queue
        if queue.empty():
            self.protocol.raise_if_lost()
        async with asyncio.timeout(timeout):
            push = await queue.get()
        if not push:
            self.protocol.raise_if_lost()
        return push

    async def idle_until(self, seconds: float) -> bool:
        """IDLE (RFC 2177) until a message arrives; False if there is none in that many seconds.

        Raises Abort if the server refuses, TimeoutError if it answers neither IDLE nor DONE, ConnectionLost.
        """
        idling = asyncio.create_task(self.protocol.idle())
        try:
            async with asyncio.timeout(self.timeout):
                await self.protocol.wait_for_idle_response()
            news = False
            if self.has_pending_idle():
                news = await self.wait_for_news(seconds)
                self.protocol.idle_done()
            async with asyncio.timeout(self.timeout):
                response: Response = await idling
        finally:
            idling.cancel()
            idling.add_done_callback(_seen)
        if response.result != "OK":
            raise Abort("the server refuses IDLE")
        return news

    async def wait_for_news(self, seconds: float) -> bool:
        """Wait for the push of a new message without asking the server for any; False after that long."""
        deadline = self.protocol.loop.time() + seconds
        while True:
            try:
                push = await self.wait_server_push(max(0, deadline - self.protocol.loop.time()))
            except TimeoutError:
                return False
            if any(line.endswith(b" EXISTS") for line in push):
                return True

    def forget_news(self) -> None:
        """Drop the pushes that are queued, because what they announce is about to be read."""
        queue = self.protocol.idle_queue
        while not queue.empty():
            queue.get_nowait()

    async def disconnect(self) -> None:
        """End the connection at once; it is no error if there is none."""
        self._client_task.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._client_task
        self.protocol.drop()


def _seen(task: asyncio.Task[Response]) -> None:
    """Take note of how an abandoned task ended."""
    if not task.cancelled():
        task.exception()
