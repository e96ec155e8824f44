"""One WebSocket: `auth` first, then messages each of which is acknowledged when it is durable.

A socket has one message under way at a time, so that whoever sends faster than the store takes waits in the
network and not here.  Sequence numbers go up strictly on a socket, so the last one that a client has seen says
all that it has seen.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import msgspec
import structlog
from aiohttp import web

from connectors.chat import wire
from connectors.chat.chat import Chat, shown
from connectors.chat.message import thread_key
from connectors.chat.problem import RETRYABLE, Refused
from connectors.chat.room import said_after
from connectors.chat.session import Session
from model.errors import FaninError, Transient

log = structlog.get_logger()

HEARTBEAT = 25.0
"""Seconds between pings (RFC 6455 section 5.5.2); whoever does not answer for half of that is gone."""
AUTH_LIMIT = 10.0
SEND_LIMIT = 10.0
"""Seconds in which a client must take a frame; who does not is dropped, and catches up when it is back."""
SMALL = 8 * 1024
"""Characters of a frame that an empty buffer takes at once."""
CLOSE_LIMIT = 1.0
OVERHEAD = 32 * 1024
"""Bytes of a frame beside its text."""
BAD_FRAME, NO_AUTH, TOO_FAST = 4400, 4401, 4429


class Socket:
    """An open WebSocket of a session."""

    __slots__ = ("_behind", "_chat", "_request", "_session", "_telling", "_ws", "seq")

    def __init__(self, chat: Chat, request: web.Request, ws: web.WebSocketResponse, session: Session, seq: int) -> None:
        self._chat, self._request, self._ws, self._session = chat, request, ws, session
        self.seq = seq
        """The newest message that the client has been sent, or has acknowledged itself."""
        self._behind = False
        self._telling: asyncio.Task[None] | None = None

    def tell(self) -> asyncio.Task[None]:
        """Send what was said since, in the one task that a socket has for it."""
        self._behind = True
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._catch_up(), name="chat socket")
        return self._telling

    async def close(self, code: int, reason: str) -> None:
        """Close it; a client that does not answer is not waited for."""
        try:
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._ws.close(code=code, message=reason.encode())
        except TimeoutError:
            log.debug("socket.dropped", code=code)

    async def talk(self, address: str) -> None:
        """Take frames until the client goes."""
        async for message in self._ws:
            if message.type != aiohttp.WSMsgType.TEXT:
                await self.close(BAD_FRAME, "frames are JSON texts")
                return
            try:
                self._chat.limiter.hit("requests", address)
                frame = wire.decode_frame(message.data)
            except Refused:
                await self.close(TOO_FAST, "too many frames")
                return
            except msgspec.MsgspecError as error:
                await self.close(BAD_FRAME, str(error)[:100])
                return
            await self._answer(frame)

    def stop(self) -> None:
        """End what was being sent."""
        if self._telling is not None:
            self._telling.cancel()

    async def send(self, frame: wire.ServerFrame) -> None:
        """Send a frame; drop a client that does not take it."""
        text = wire.encode(frame).decode()
        transport = self._request.transport
        try:
            if transport is not None and len(text) < SMALL and not transport.get_write_buffer_size():
                await self._ws.send_str(text)  # which has nothing to wait for
            else:
                async with asyncio.timeout(SEND_LIMIT):
                    await self._ws.send_str(text)
        except (TimeoutError, ConnectionError):
            if transport is not None:
                transport.abort()

    async def _answer(self, frame: wire.ClientFrame) -> None:
        match frame:
            case wire.Send():
                await self._write(frame)
            case wire.Read():
                await self._note(frame)
            case wire.Ping():
                await self.send(wire.Pong())
            case wire.Auth():
                await self.close(BAD_FRAME, "auth comes once")

    async def _write(self, frame: wire.Send) -> None:
        """Store a message and acknowledge it, or say why not."""
        id_ = frame.client_msg_id or msgspec.UNSET
        try:
            done = await self._chat.write(self._session, frame, listener=self)
        except Refused as error:
            await self.send(_error(error.code, error.detail, error.retry_after, id_))
        except Transient as error:
            await self.send(_error("busy", "it cannot be stored now", error.retry_after, id_))
        else:
            if done.seq == self.seq + 1:
                self.seq = done.seq
            elif done.seq > self.seq:
                _ = self.tell()  # something was said in between that the client has not been sent
            await self.send(wire.Ack(**msgspec.structs.asdict(done)))

    async def _note(self, frame: wire.Read) -> None:
        try:
            await self._chat.seen(self._session, frame.seq)
        except Transient as error:
            await self.send(_error("busy", "it cannot be stored now", error.retry_after, msgspec.UNSET))

    async def _catch_up(self) -> None:
        """Send everything after the last message that was sent, until there is nothing more."""
        while self._behind and not self._ws.closed:
            self._behind = False
            try:
                place, entries = await said_after(self._chat.state, thread_key(self._session), self.seq)
            except FaninError as error:
                log.warning("chat.behind", reason=str(error))
                await self.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "cannot read now")
                return
            if place is not None:
                self._chat.rooms.name(self._session.thread, place.conversation)
            for entry in entries:
                if entry.sequence > self.seq:
                    self.seq = entry.sequence
                    await self.send(wire.Heard(**shown(entry)))


async def serve(chat: Chat, request: web.Request, address: str) -> web.WebSocketResponse:
    """Serve a WebSocket until it is closed by either side."""
    most = chat.settings.allow.text * 4 + OVERHEAD
    ws = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=most, compress=False, timeout=CLOSE_LIMIT)
    await ws.prepare(request)
    try:
        auth = await _auth(ws)
        chat.limiter.test("refusals", address)
        session = await chat.sessions.find(auth.token)
    except Refused as error:
        chat.limiter.count("refusals", address)
        await ws.close(code=TOO_FAST if error.code == "rate_limited" else NO_AUTH, message=error.code.encode())
        return ws
    except Transient:
        await ws.close(code=aiohttp.WSCloseCode.TRY_AGAIN_LATER, message=b"busy")
        return ws
    socket = Socket(chat, request, ws, session, auth.last_seq)
    try:
        chat.rooms.enter(socket, session.thread, session.id, address)
    except Refused as error:
        await ws.close(code=TOO_FAST, message=error.detail.encode())
        return ws
    try:
        await _welcome(chat, socket, session, auth.last_seq)
        await socket.talk(address)
    finally:
        socket.stop()
        chat.rooms.leave(socket, session.thread, session.id, address)
    return ws


async def _auth(ws: web.WebSocketResponse) -> wire.Auth:
    """The first frame.  Raises Refused if it is none of `auth`, or does not come."""
    try:
        async with asyncio.timeout(AUTH_LIMIT):
            frame = wire.decode_frame(await ws.receive_str())
    except (TimeoutError, TypeError, msgspec.MsgspecError, aiohttp.WSMessageTypeError):
        raise Refused("token_unknown", "the first frame is auth") from None
    if not isinstance(frame, wire.Auth):
        raise Refused("token_unknown", "the first frame is auth")
    return frame


async def _welcome(chat: Chat, socket: Socket, session: Session, last_seq: int) -> None:
    """Say where the conversation stands, and send what the client has missed."""
    try:
        place = await chat.state.place(thread_key(session))
        await chat.seen(session, last_seq)
    except Transient:
        await socket.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "busy")
        return
    newest = place.last_sequence if place else 0
    socket.seq = min(last_seq, newest)
    number = place.tracking_number if place else None
    await socket.send(wire.Ready(session_id=session.id, last_seq=newest, tracking_number=number))
    if place is not None:
        chat.rooms.name(session.thread, place.conversation)
        _ = socket.tell()


def _error(code: str, detail: str, retry_after: timedelta | None, client_msg_id: str | msgspec.UnsetType) -> wire.Error:
    return wire.Error(
        code=code,
        detail=detail,
        retryable=code in RETRYABLE,
        retry_after=retry_after.total_seconds() if retry_after else msgspec.UNSET,
        client_msg_id=client_msg_id,
    )
