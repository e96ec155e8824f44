"""aioimaplib's protocol, made to hold on real networks (RFC 3501, 2177, 2595).

The commands are aioimaplib's; what is ours is how bytes become responses and how a connection ends:
lines are read by loop, literals by length, one command is in flight at a time, every push is kept until
it is asked for, and whatever waits fails at once when the connection goes.  A command that is abandoned
(time-out, cancellation) ends the connection, because its late answer could be taken for another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

from aioimaplib import aioimaplib
from aioimaplib.aioimaplib import Abort, Command, Commands, IMAP4ClientProtocol, Response
from msgspec import Struct


class Literal(Struct, frozen=True, gc=False):
    """The content of a literal, as it is handed on: a mail is not copied once more."""

    content: bytes


Part = bytes | Literal
"""A piece of a response: protocol text, or a literal."""

LINE_LIMIT = 32 << 20
"""Longest line in bytes: a SEARCH answer of some three million UIDs."""
ANSWER_LIMIT = 128 << 20
"""Most bytes that may arrive between two tagged answers."""
PUSH_LIMIT = 1000
"""Most pushes kept; they are hints, and one is as good as a thousand."""

_STATUS = (b"* OK", b"* NO", b"* BAD", b"* BYE", b"* PREAUTH")
_TAKES_ALL = {"SELECT", "EXAMINE", "LOGIN", "AUTHENTICATE", "MOVE", "LOGOUT"}


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
    capabilities: frozenset[str]
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
        self._literal = BytesIO()  # its content is handed on without a copy
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
        self._literal.write(piece)
        self._missing -= len(piece)
        if self.pending_sync_command is not None:
            self.pending_sync_command._reset_timer()  # noqa: SLF001 - progress, as append_literal_data would say
        if not self._missing:
            self._response.append(Literal(self._literal.getvalue()))
            self._literal = BytesIO()
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
            self._response.append(Literal(b""))

    # -- responses to commands

    def _dispatch(self, response: list[Part]) -> None:
        line = plain(response[0])
        if self.state == aioimaplib.CONNECTED:
            self._greet(line)
        elif line.startswith(b"* "):
            response[0] = line[2:]
            self._untagged(response)
        elif line.startswith(b"+"):
            self._continuation(line)
        elif line:
            self._tagged(line)

    def _greet(self, line: bytes) -> None:
        status = line[2:].partition(b" ")[0].upper()
        if not line.startswith(b"* ") or status not in {b"OK", b"PREAUTH"}:
            raise Abort(text(line.removeprefix(b"* BYE ")))
        self.state = aioimaplib.NONAUTH if status == b"OK" else aioimaplib.AUTH
        if not self.greeting.done():
            self.greeting.set_result(None)

    def _untagged(self, response: list[Part]) -> None:
        line = plain(response[0])
        word, _, rest = line.partition(b" ")
        name = (rest.partition(b" ")[0] if word.isdigit() else word).upper()
        command = self.pending_sync_command
        if name == b"BYE":
            self._farewell = text(rest)
        if command is not None and command.untagged_resp_name.encode() == name:
            response[0] = line if word.isdigit() else rest
            command._resp_lines += response  # noqa: SLF001
            command._reset_timer()  # noqa: SLF001
        elif command is not None and command.name in _TAKES_ALL:
            command._resp_lines += response  # noqa: SLF001
        self._push(name, line, command)

    def _push(self, name: bytes, line: bytes, command: Command | None) -> None:
        """Keep an EXISTS whenever it comes, but for the one that answers SELECT; during IDLE, everything."""
        doing = command.name if command is not None else ""
        wanted = doing == "IDLE" or (name == b"EXISTS" and doing not in {"SELECT", "EXAMINE"})
        if wanted and self.idle_queue.qsize() < PUSH_LIMIT:
            self.idle_queue.put_nowait([line])

    def _tagged(self, line: bytes) -> None:
        tag, _, rest = line.partition(b" ")
        command = self.pending_sync_command
        if command is None or command.tag.encode() != tag:
            raise Abort("the server answered a command that is not in flight")
        self.pending_sync_command = None
        self._idle_event.set()  # refused or ended: whoever waits for the continuation must not wait on
        self._received = 0
        result, _, words = rest.partition(b" ")
        self.upgrading = command.name == "STARTTLS" and result == b"OK"
        command.close(words, result.decode("ascii", "replace").upper())

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
            self.raise_if_lost()
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
        self.capabilities = _capabilities(words)

    # -- the end

    def raise_if_lost(self) -> None:
        """Raise ConnectionLost if the connection is gone."""
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
        self._response, self._literal, self._line = [], BytesIO(), bytearray()
        self._idle_event.set()
        self.idle_queue.put_nowait([])
        super().connection_lost(exc)


def plain(part: Part) -> bytes:
    """The bytes of a part, whatever it is."""
    return part.content if isinstance(part, Literal) else part


def literal_size(line: bytes) -> int | None:
    """The length that the line announces for the literal after it, or None (RFC 3501 section 4.3).

    >>> literal_size(b"* 1 FETCH (BODY[] {28}"), literal_size(b"* OK done {28}")
    (28, None)
    """
    if not line.endswith(b"}") or line.startswith(_STATUS):
        return None
    digits = line[line.rfind(b"{") + 1 : -1]
    return int(digits) if digits.isdigit() else None


@lru_cache(maxsize=64)
def _capabilities(words: bytes) -> frozenset[str]:
    """A thousand mailboxes of one server hold its capabilities once."""
    return frozenset(words.decode("ascii", "replace").upper().split())


def text(line: bytes) -> str:
    """A line for people, bounded."""
    return line.decode("utf-8", "replace")[:500]
