"""aioimaplib's protocol, made to hold on real networks (RFC 3501, 2177, 2595).

The commands are aioimaplib's; what is ours is how bytes become responses and how a connection ends:
lines are read by loop, literals by length, one command is in flight at a time, every push is kept until
it is asked for, and whatever waits fails at once when the connection goes.  A command that is abandoned
(time-out, cancellation) ends the connection, because its late answer could be taken for another's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib
from aioimaplib.aioimaplib import Abort, Command, Commands, IMAP4ClientProtocol, Response

Part = bytes | bytearray
"""A piece of a response: protocol text is `bytes`, the content of a literal is `bytearray`."""

LINE_LIMIT = 32 << 20
"""Longest line in bytes: a SEARCH answer of some three million UIDs."""
ANSWER_LIMIT = 128 << 20
"""Most bytes that may arrive between two tagged answers."""
PUSH_LIMIT = 1000
"""Most pushes kept; they are hints, and one is as good as a thousand."""

_STATUS = (b"* OK", b"* NO", b"* BAD", b"* BYE", b"* PREAUTH")
_TAKES_ALL = {"SELECT", "EXAMINE", "LOGIN", "AUTHENTICATE", "MOVE", "LOGOUT"}
_UNASKED = {b"EXISTS", b"STATUS"}

Commands.setdefault("NOTIFY", aioimaplib.Cmd("NOTIFY", (aioimaplib.AUTH, aioimaplib.SELECTED), aioimaplib.Exec.is_sync))


class ConnectionLost(Abort):
    """The connection is gone; `lines` is what had arrived of the answer that was waited for."""

    def __init__(self, reason: str, lines: list[Part] | None = None) -> None:
        super().__init__(reason)
        self.lines = lines or []


class Protocol(IMAP4ClientProtocol):
    """Reads responses, hands them to the command in flight, and keeps what nobody asked for.

    `idle_queue` holds pushes (`[b"4 EXISTS"]`) whether or not IDLE is running.
    """

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    state: str
    capabilities: set[str]
    pending_sync_command: Command | None
    idle_queue: asyncio.Queue[list[bytes]]

    def __init__(
        self, loop: asyncio.AbstractEventLoop, conn_lost_cb: Callable[[Exception | None], None] | None = None
    ) -> None:
        super().__init__(loop, conn_lost_cb)
        self.greeting: asyncio.Future[None] = loop.create_future()
        self.lost: str | None = None
        self.upgrading = False
        self._turn = asyncio.Lock()
        self._farewell: str | None = None
        self._line = bytearray()
        self._literal = bytearray()
        self._missing = 0
        self._response: list[Part] = []
        self._received = 0

    # -- bytes to responses

    def data_received(self, d: bytes) -> None:
        """Take what arrived; a server that breaks the protocol or its bounds loses the connection."""
        try:
            self._read(d)
        except (Abort, ValueError) as error:
            self._farewell = str(error)
            self.drop()

    def _read(self, data: bytes) -> None:
        position, size = 0, len(data)
        self._received += size
        if self._received > ANSWER_LIMIT:
            raise Abort("the server sent more than any answer may hold")
        while position < size:
            if self.upgrading:
                raise Abort("the server sent clear text after STARTTLS")
            if self._missing:
                position = self._read_literal(data, position)
                continue
            end = data.find(b"\n", position)
            if end < 0:
                self._keep(data[position:])
                return
            line = data[position:end]
            if self._line:
                line = bytes(self._line) + line
                self._line.clear()
            position = end + 1
            self._take(line.removesuffix(b"\r"))

    def _keep(self, tail: bytes) -> None:
        self._line += tail
        if len(self._line) > LINE_LIMIT:
            raise Abort("the server sent a line without end")

    def _read_literal(self, data: bytes, position: int) -> int:
        piece = data[position : position + self._missing]
        self._literal += piece
        self._missing -= len(piece)
        if self.pending_sync_command is not None:
            self.pending_sync_command._reset_timer()  # noqa: SLF001 - progress, as append_literal_data would say
        if not self._missing:
            self._response.append(self._literal)
            self._literal = bytearray()
        return position + len(piece)

    def _take(self, line: bytes) -> None:
        self._response.append(line)
        size = literal_size(line)
        if size is None:
            response, self._response = self._response, []
            self._dispatch(response)
        elif size > ANSWER_LIMIT:
            raise Abort("the server announced more than any answer may hold")
        elif size:
            self._missing = size
        else:
            self._response.append(bytearray())

    # -- responses to commands

    def _dispatch(self, response: list[Part]) -> None:
        line = response[0]
        if self.state == aioimaplib.CONNECTED:
            self._greet(bytes(line))
        elif line.startswith(b"* "):
            response[0] = line[2:]
            self._untagged(response)
        elif line.startswith(b"+"):
            self._continuation(bytes(line))
        elif line:
            self._tagged(bytes(line))

    def _greet(self, line: bytes) -> None:
        status = line[2:].partition(b" ")[0].upper()
        if not line.startswith(b"* ") or status not in {b"OK", b"PREAUTH"}:
            raise Abort(_text(line.removeprefix(b"* BYE ")))
        self.state = aioimaplib.NONAUTH if status == b"OK" else aioimaplib.AUTH
        if not self.greeting.done():
            self.greeting.set_result(None)

    def _untagged(self, response: list[Part]) -> None:
        line = bytes(response[0])
        word, _, rest = line.partition(b" ")
        name = (rest.partition(b" ")[0] if word.isdigit() else word).upper()
        command = self.pending_sync_command
        if name == b"BYE":
            self._farewell = _text(rest)
        if command is not None and command.untagged_resp_name.encode() == name:
            response[0] = line if word.isdigit() else rest
            command._resp_lines += response  # noqa: SLF001
            command._reset_timer()  # noqa: SLF001
        elif command is not None and command.name in _TAKES_ALL:
            command._resp_lines += response  # noqa: SLF001
        self._push(name, line, command)

    def _push(self, name: bytes, line: bytes, command: Command | None) -> None:
        asked = command is not None and (command.name in {"SELECT", "EXAMINE"} or command.name.encode() == name)
        idle = command is not None and command.name == "IDLE"
        if (idle or (name in _UNASKED and not asked)) and self.idle_queue.qsize() < PUSH_LIMIT:
            self.idle_queue.put_nowait([line])

    def _tagged(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        command = self.pending_sync_command
        if command is None or command.tag.encode() != tag:
            raise Abort("the server answered a command that is not in flight")
        self.pending_sync_command = None
        self._idle_event.set()  # refused or ended: whoever waits for the continuation must not wait on
        self._received = 0
        result, _, text = rest.partition(b" ")
        self.upgrading = command.name == "STARTTLS" and result == b"OK"
        command.close(text, result.decode("ascii", "replace").upper())

    def _continuation(self, line: bytes) -> None:
        command = self.pending_sync_command
        if command is None:
            return
        if command.name == "AUTHENTICATE":
            # The server explains a refused XOAUTH2 token and waits for an empty line before it says NO.
            command._resp_lines.append(line)  # noqa: SLF001
            self.transport.write(b"\r\n")
        else:
            super()._continuation(line)

    # -- commands

    def send(self, line: str, scrub: str | None = None) -> None:  # noqa: ARG002 - nothing is logged, so nothing to scrub
        """Write a line; it is never logged."""
        self.transport.write(f"{line}\r\n".encode())

    async def execute(self, command: Command, scrub: str | None = None) -> Response:
        """Send the command and wait for its tagged answer, which may be NO or BAD.

        Raises ConnectionLost if the connection goes, Abort if the command is illegal now, and
        CommandTimeout where the command has a time-out.
        """
        async with self._turn:
            self._raise_if_lost()
            if self.state not in Commands[command.name].valid_states:
                raise Abort(f"command {command.name} is illegal in state {self.state}")
            self.pending_sync_command = command
            self.send(str(command), scrub)
            try:
                await command.wait()
            finally:
                self._idle_event.clear()
                if self.pending_sync_command is command:
                    self.pending_sync_command = None
                    self.drop()
            return command.response

    async def capability(self) -> None:
        """Ask for the capabilities; their names are kept in upper case (RFC 3501 section 9)."""
        response = await self.execute(Command("CAPABILITY", self.new_tag(), loop=self.loop))
        words = b" ".join(line for line in response.lines[:-1] if isinstance(line, bytes))
        self.capabilities = set(words.decode("ascii", "replace").upper().split())

    # -- the end

    def _raise_if_lost(self) -> None:
        if self.lost is not None:
            raise ConnectionLost(self.lost)

    def drop(self) -> None:
        """End the connection now, without a word to the server."""
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whatever waits: the greeting, the command in flight, whoever waits for a push."""
        self.lost = self._farewell or (str(exc) if exc else "the server closed the connection")
        self.state = aioimaplib.LOGOUT
        if not self.greeting.done():
            self.greeting.set_exception(ConnectionLost(self.lost))
            self.greeting.exception()  # it may be that nobody waits for it
        if (command := self.pending_sync_command) is not None:
            command._exception = ConnectionLost(self.lost, list(command._resp_lines))  # noqa: SLF001
            self.pending_sync_command = None
            command.close(b"", "KO")
        self._response, self._literal, self._line = [], bytearray(), bytearray()
        self._idle_event.set()
        self.idle_queue.put_nowait([])
        super().connection_lost(exc)


class Client(aioimaplib.IMAP4):
    """aioimaplib's client on our protocol, with STARTTLS, NOTIFY and an EXAMINE that selects."""

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
            raise Abort(f"the server refuses STARTTLS: {_text(response.lines[-1])}")
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

    async def notify(self, mailboxes: list[str]) -> Response:
        """Ask for pushes about further mailboxes (RFC 5465), given as they stand on the wire."""
        names = " ".join(mailboxes)
        events = "(MessageNew MessageExpunge)"
        arguments = f"SET (selected {events}) (mailboxes ({names}) {events})"
        command = Command("NOTIFY", self.protocol.new_tag(), arguments, loop=self.protocol.loop)
        return await asyncio.wait_for(self.protocol.execute(command), self.timeout)

    async def wait_server_push(self, timeout: float = aioimaplib.TWENTY_NINE_MINUTES) -> list[bytes]:  # noqa: ASYNC109 - aioimaplib's signature
        """Return the next push, whenever it came.

        Raises TimeoutError if there is none in that many seconds, ConnectionLost if none can come.
        """
        queue = self.protocol.idle_queue
        if queue.empty():
            self.protocol._raise_if_lost()  # noqa: SLF001 - one unit in two classes
        async with asyncio.timeout(timeout):
            push = await queue.get()
        if not push:
            self.protocol._raise_if_lost()  # noqa: SLF001
        return push

    async def idle_until(self, seconds: float) -> list[bytes] | None:
        """IDLE (RFC 2177) until there is news, and return it, or None after that many seconds.

        News is a message that arrived (EXISTS) or a change elsewhere (STATUS).  Raises Abort if the server
        refuses, TimeoutError if it answers neither IDLE nor DONE, ConnectionLost.
        """
        idling = asyncio.create_task(self.protocol.idle())
        try:
            async with asyncio.timeout(self.timeout):
                await self.protocol.wait_for_idle_response()
            news = None
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

    async def wait_for_news(self, seconds: float) -> list[bytes] | None:
        """Wait for a push that is news, without asking the server for any; None after that many seconds."""
        deadline = self.protocol.loop.time() + seconds
        while True:
            try:
                push = await self.wait_server_push(max(0, deadline - self.protocol.loop.time()))
            except TimeoutError:
                return None
            if any(line.endswith(b" EXISTS") or line.startswith(b"STATUS ") for line in push):
                return push

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


def literal_size(line: bytes) -> int | None:
    """The length that the line announces for the literal after it, or None (RFC 3501 section 4.3).

    >>> literal_size(b"* 1 FETCH (BODY[] {28}"), literal_size(b"* OK done {28}")
    (28, None)
    """
    if not line.endswith(b"}") or line.startswith(_STATUS):
        return None
    digits = line[line.rfind(b"{") + 1 : -1]
    return int(digits) if digits.isdigit() and len(digits) < 20 else None


def _seen(task: asyncio.Task[Response]) -> None:
    """Take note of how an abandoned task ended."""
    if not task.cancelled():
        task.exception()


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")[:500]
