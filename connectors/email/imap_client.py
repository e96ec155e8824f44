"""aioimaplib's client on our protocol, and the commands that it lacks (RFC 2177, 2595)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aioimaplib import aioimaplib
from aioimaplib.aioimaplib import Abort, Command, Response

from connectors.email.imap import ConnectionLost, Protocol, text

Push = list[bytes]
"""What a server said unasked, such as `[b"4 EXISTS"]`."""


class Client(aioimaplib.IMAP4):
    """aioimaplib's client on our protocol, with STARTTLS, an IDLE that ends and an EXAMINE that selects.

    Before Python 3.12 `asyncio.wait_for`, on which aioimaplib's commands rest, swallows a cancellation that
    comes together with the answer: a reader would not stop.  So each has its deadline here.
    """

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

    async def wait_hello_from_server(self) -> None:
        """Wait for connection, greeting and capabilities; raises what kept them from coming."""
        async with asyncio.timeout(self.timeout):
            await self._client_task
            await self.protocol.greeting
            await self.protocol.capability()

    async def starttls(self, context: ssl.SSLContext) -> None:
        """Go on under TLS (RFC 2595), and ask for the capabilities again.

        Raises Abort if the server refuses, ssl.SSLError or OSError if the handshake fails.
        """
        protocol = self.protocol
        response = await self._in_time(protocol.execute(Command("STARTTLS", protocol.new_tag(), loop=protocol.loop)))
        if response.result != "OK":
            raise Abort(f"the server refuses STARTTLS: {text(response.lines[-1])}")
        transport = await protocol.loop.start_tls(protocol.transport, protocol, context, server_hostname=self.host)
        if transport is None:
            raise ConnectionLost("the server closed the connection during STARTTLS")
        protocol.transport = transport
        protocol.upgrading = False
        await self.capability()

    async def capability(self) -> None:
        """Learn again what the server can do, as after a login."""
        async with asyncio.timeout(self.timeout):
            await self.protocol.capability()

    async def login(self, user: str, password: str) -> Response:
        """Log in; the user is given as it stands on the wire, the password as it is."""
        return await self._in_time(self.protocol.login(user, password))

    async def xoauth2(self, user: str, token: str) -> Response:
        """Log in by an access token."""
        return await self._in_time(self.protocol.xoauth2(user, token))

    async def id(self, **fields: str) -> Response:
        """Say who we are (RFC 2971)."""
        return await self._in_time(self.protocol.id(**fields))

    async def select(self, mailbox: str = "INBOX") -> Response:
        """Select a mailbox, given as it stands on the wire."""
        return await self._in_time(self.protocol.select(mailbox))

    async def examine(self, mailbox: str = "INBOX") -> Response:
        """Select without the right to change anything (RFC 3501 section 6.3.2)."""
        response = await self._in_time(self.protocol.simple_command("EXAMINE", mailbox))
        self.protocol.state = aioimaplib.SELECTED if response.result == "OK" else aioimaplib.AUTH
        return response

    async def status(self, mailbox: str, names: str) -> Response:
        """Ask about a mailbox that is not selected."""
        return await self._in_time(self.protocol.simple_command("STATUS", mailbox, names))

    async def list(self, reference_name: str, mailbox_pattern: str) -> Response:
        """Ask which mailboxes there are."""
        return await self._in_time(self.protocol.simple_command("LIST", reference_name, mailbox_pattern))

    async def create(self, mailbox_name: str) -> Response:
        """Create a mailbox."""
        return await self._in_time(self.protocol.simple_command("CREATE", mailbox_name))

    async def uid_search(self, *criteria: str, charset: str | None = None) -> Response:
        """Ask for the UIDs of messages."""
        return await self._in_time(self.protocol.search(*criteria, by_uid=True, charset=charset))

    async def _in_time(self, answer: Awaitable[Response]) -> Response:
        async with asyncio.timeout(self.timeout):
            return await answer

    async def wait_server_push(self, timeout: float = aioimaplib.TWENTY_NINE_MINUTES) -> Push:  # noqa: ASYNC109 - aioimaplib's signature
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

    def disconnect(self) -> None:
        """End the connection at once; it is no error if there is none."""
        self._client_task.cancel()
        self._client_task.add_done_callback(_seen)
        self.protocol.drop()


def _seen(task: asyncio.Task[Any]) -> None:
    """Take note of how an abandoned task ended."""
    if not task.cancelled():
        task.exception()
