"""The WebSocket protocol (RFC 6455) on a connection that the HTTP listener hands over.

Most open sockets wait.  So nothing of the request is kept for them and no task runs: a task is there while frames
are answered, one after the other, and what comes meanwhile waits as bytes, and beyond that in the network.
"""

from __future__ import annotations

import asyncio
import struct
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Coroutine
from hashlib import sha1
from typing import Any, cast

import aiohttp
import structlog
from aiohttp import WSMsgType, hdrs, web
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http import WS_KEY, WebSocketError, WebSocketReader, WSMessage

log = structlog.get_logger()

HEARTBEAT = 25.0
"""Seconds between pings (RFC 6455 section 5.5.2); whoever does not answer for half of that is gone."""
SEND_LIMIT = 10.0
"""Seconds in which a client must take a frame; who does not is dropped, and catches up when it is back."""
CLOSE_LIMIT = 1.0
"""Seconds in which a client must take what it was sent, and go, once one side has closed the socket."""
PIECE = 4 * 1024
"""Bytes that are parsed before the frames in them are answered: bounds how many frames can wait."""
MOST_UNREAD = 64 * 1024
"""Bytes that wait to be parsed; beyond, the client has to."""
MOST_REASON = 123
"""Bytes of the reason for which a socket is closed (RFC 6455 section 5.5)."""
BAD_FRAME = 4400

Frame = WSMessage | WebSocketError


class Connection(asyncio.Protocol, ABC):
    """One open WebSocket; what its frames mean is a subclass's."""

    __slots__ = ("_doing", "_frames", "_gone", "_heard", "_loop", "_reader", "_room", "_timer", "_transport", "_unread")

    _transport: asyncio.Transport

    def __init__(self, most: int) -> None:
        """`most` is how many bytes a message may have."""
        self._loop = asyncio.get_running_loop()
        self._reader = WebSocketReader(_Frames(self), most, compress=False, decode_text=True)
        self._frames: list[Frame] = []
        self._unread = b""
        self._heard = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        """None when the client is gone."""
        self._doing: asyncio.Task[None] | None = None
        """What answers frames, while there are any."""
        self._room: asyncio.Future[None] | None = None
        """Done when there is room for more to be sent; None where there is."""
        self._gone: asyncio.Future[None] | None = None
        """Done when the connection has ended; None until one side says that it closes.

        From then on nothing waits to be answered, and what comes is only parsed, for the client's own close.
        """

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._gone is not None or self._transport.is_closing()

    @abstractmethod
    async def take(self, text: str) -> None:
        """Answer a message."""

    @abstractmethod
    def leave(self) -> None:
        """Let go of what is held for the client, who is gone."""

    async def send(self, text: bytes) -> None:
        """Send a message; drop a client that does not take it."""
        if not self.closed:
            self._write(WSMsgType.TEXT, text)
            await self._written()

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, and answer nothing more; a client that does not answer is not waited for."""
        told = reason.encode("utf-8", "replace")[:MOST_REASON].decode("utf-8", "ignore").encode()
        self._part(struct.pack("!H", code) + told)
        if self._gone is not None:
            await asyncio.wait([self._gone])

    def do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this now, before any frame is answered; nothing may be under way."""
        self._doing = self._loop.create_task(self._do(work), name="chat connection")

    def rouse(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something in a while, and not what was to be called before; of a closed socket nothing is put off."""
        if self._timer is not None and not self.closed:
            self._timer.cancel()
            self._timer = self._loop.call_later(seconds, call)

    def beat(self) -> None:
        """Ask a client who was not heard of for long whether it is there; drop one that should be gone."""
        quiet = self._loop.time() - self._heard
        if self.closed:
            log.debug("socket.dropped")
            self._transport.abort()
        elif self._doing is not None:
            self.rouse(HEARTBEAT, self.beat)
        elif quiet < HEARTBEAT:
            self.rouse(HEARTBEAT - quiet, self.beat)
        elif quiet < HEARTBEAT * 1.5:
            self._write(WSMsgType.PING, b"")
            self.rouse(HEARTBEAT / 2, self.beat)
        else:
            self._transport.abort()

    # -- of the protocol ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's do not say that they are
        self._timer = self._loop.call_later(HEARTBEAT, self.beat)

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless something that came before is still being answered."""
        self._heard = self._loop.time()
        if self._gone is not None:
            self._reader.feed_data(data)
            return
        self._unread += data
        if self._doing is None:
            self._go_on()
        elif len(self._unread) > MOST_UNREAD:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Let those who send wait."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let those who wait go on."""
        if self._room is not None:
            self._room.set_result(None)
            self._room = None

    def connection_lost(self, _error: Exception | None) -> None:
        """End; what has come whole is answered still, so that it is stored."""
        self.resume_writing()
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._doing is None:
            self._end()

    def came(self, frame: Frame) -> None:
        """Note a frame that was parsed."""
        if not isinstance(frame, WebSocketError) and frame.type is WSMsgType.PONG:
            return
        if self._gone is None:
            self._frames.append(frame)
        elif isinstance(frame, WebSocketError) or frame.type is WSMsgType.CLOSE:
            self._transport.close()

    # -- plumbing -------------------------------------------------------------------------------

    def _go_on(self) -> bool:
        """Parse until there is a frame, and begin to answer it; whether there is one."""
        while self._unread and not self._frames:
            self._parse(PIECE)
        if not self._frames:
            return False
        self.do(self._answer)
        return True

    def _parse(self, size: int) -> None:
        piece, self._unread = self._unread[:size], self._unread[size:]
        self._reader.feed_data(piece)

    async def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("chat.defect", operation="socket")
            await self.close(aiohttp.WSCloseCode.INTERNAL_ERROR, "this is not your fault")
        finally:
            self._doing = None
        if not self._go_on() and self._timer is None:
            self._end()
        elif not self._unread and not self._transport.is_closing():
            self._transport.resume_reading()

    async def _answer(self) -> None:
        while self._frames:
            frame = self._frames.pop(0)
            if isinstance(frame, WebSocketError):
                await self.close(frame.code, "")
            elif frame.type is WSMsgType.TEXT:
                await self.take(frame.data)
            elif frame.type is WSMsgType.PING:
                await self._pong(frame.data)
            elif frame.type is WSMsgType.CLOSE:
                self._bid_farewell(frame.data)
            else:
                await self.close(BAD_FRAME, "frames are JSON texts")

    async def _pong(self, content: bytes) -> None:
        if not self.closed:
            self._write(WSMsgType.PONG, content)
            await self._written()

    def _bid_farewell(self, code: int) -> None:
        """Answer the client who closes."""
        self._part(struct.pack("!H", code) if code else b"")
        self._transport.close()

    def _part(self, content: bytes) -> None:
        """Say that the socket is closed, where that can still be said; what waits to be answered is dropped."""
        rest, self._unread = self._unread, b""
        self._frames.clear()
        if self.closed:
            return
        self._write(WSMsgType.CLOSE, content)
        self.rouse(CLOSE_LIMIT, self.beat)
        self._gone = self._loop.create_future()
        self._transport.resume_reading()
        self._reader.feed_data(rest)

    def _write(self, kind: WSMsgType, content: bytes) -> None:
        """Write a frame, whole and unmasked (RFC 6455 section 5.2)."""
        first, size = 0x80 | kind, len(content)
        if size < 126:  # what fits into 7 bits, else into 16
            head = struct.pack("!BB", first, size)
        elif size < 2**16:
            head = struct.pack("!BBH", first, 126, size)
        else:
            head = struct.pack("!BBQ", first, 127, size)
        self._transport.write(head + content)

    async def _written(self) -> None:
        if self._room is not None:
            await asyncio.wait([room := self._room], timeout=SEND_LIMIT)
            if not room.done():
                self._transport.abort()

    def _end(self) -> None:
        """Leave no cycle behind."""
        del self._reader
        self.leave()


class _Frames(WebSocketDataQueue):
    """Where aiohttp's parser puts the frames.

    It has nothing of the queue that aiohttp reads from: to the parser it is one that is always empty.
    """

    _size = _limit = 0
    """What the parser asks before each frame, where it is not the compiled one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def feed_data(self, frame: Any, _size: int) -> None:
        """Hand a frame on."""
        self._connection.came(frame)

    def set_exception(self, error: BaseException, _cause: BaseException | None = None) -> None:
        """Hand on what is wrong with the frames that came; nothing is parsed after it."""
        if not isinstance(error, WebSocketError):
            error = WebSocketError(aiohttp.WSCloseCode.PROTOCOL_ERROR, str(error))
        self._connection.came(error)


class _Tail:
    """Takes from the HTTP listener what came behind the request."""

    def __init__(self) -> None:
        self.content = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.content += data
        return False, b""

    def feed_eof(self) -> None:
        """There is no more."""


async def upgrade(request: web.Request, connection: Connection) -> web.StreamResponse:
    """Answer a request that asks for a WebSocket, and give its transport to the connection.

    What is returned has been sent.  The listener is told that it has lost the client, so that it keeps nothing.
    """
    accepted = b64encode(sha1(request.headers[hdrs.SEC_WEBSOCKET_KEY].encode() + WS_KEY).digest()).decode()  # noqa: S324 - RFC 6455 section 4.2.2
    headers = {hdrs.UPGRADE: "websocket", hdrs.CONNECTION: "upgrade", hdrs.SEC_WEBSOCKET_ACCEPT: accepted}
    response = web.StreamResponse(status=101, headers=headers)
    await response.prepare(request)
    await response.write_eof()
    listener, transport, tail = request.protocol, request.transport, _Tail()
    if transport is None:
        return response  # the client is gone
    listener.set_parser(tail)  # type: ignore[arg-type]
    listener.transport = None
    listener.connection_lost(None)
    try:
        transport.set_protocol(connection)
        connection.connection_made(transport)
        connection.data_received(tail.content)
        if not transport.is_closing():
            transport.resume_reading()
    except BaseException:
        transport.abort()  # nobody else would
        raise
    return response
