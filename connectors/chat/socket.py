"""One WebSocket: `auth` first, then messages each of which is acknowledged when it is durable.

A socket has one message under way at a time, so that whoever sends faster than the store takes waits in the
network and not here.  Sequence numbers go up strictly on a socket, so the last one that a client has seen says
all that it has seen.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import aiohttp
import msgspec
import structlog
from aiohttp import web

from connectors.chat import wire
from connectors.chat.chat import Chat, shown
from connectors.chat.connection import BAD_FRAME, HEARTBEAT, Connection, upgrade
from connectors.chat.message import thread_key
from connectors.chat.problem import RETRYABLE, Refused
from connectors.chat.room import said_after
from connectors.chat.session import Session, digest_of
from connectors.chat.settings import most_bytes
from model.errors import FaninError, Transient

log = structlog.get_logger()

AUTH_LIMIT = 10.0
"""Seconds in which a client must say which session it is of, and in which that must be found."""
AT_ONCE = 100
"""Messages that are read at once for a client that has missed more."""
NO_AUTH, TOO_FAST = 4401, 4429


class Socket(Connection):
    """An open WebSocket, of a session once the client has said of which."""

    __slots__ = ("_address", "_behind", "_chat", "_ready", "_session", "_telling", "_token_digest", "seq")

    def __init__(self, chat: Chat, address: str) -> None:
        super().__init__(most_bytes(chat.settings.allow))
        self._chat, self._address = chat, address
        self._session: Session | None = None
        self._token_digest = ""
        self.seq = 0
        """The newest message that the client has been sent, or has acknowledged itself."""
        self._ready = False
        """Whether the client was told where the conversation stands: nothing of it is sent before."""
        self._behind = False
        self._telling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for `auth`."""
        super().connection_made(transport)
        self._chat.rooms.knock(self)
        self.rouse(AUTH_LIMIT, self._wait_no_longer)

    async def take(self, text: str) -> None:
        """Answer a frame."""
        try:
            if self._session is None:
                await self._enter(text)
                return
            self._chat.limiter.hit("requests", self._address)
            session = await self._chat.sessions.known_by(self._token_digest)  # each use puts off when it expires
            frame = wire.decode_frame(text)
        except Refused as error:
            await self.close(TOO_FAST if error.code == "rate_limited" else NO_AUTH, error.code)
        except Transient:
            await self.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "busy")
        except msgspec.MsgspecError as error:
            await self.close(BAD_FRAME, str(error)[:100])
        else:
            await self._answer_to(session, frame)

    def tell(self) -> asyncio.Task[None]:
        """Send what was said since, once it is `ready`, in the one task that a socket has for it."""
        assert self._session is not None  # who listens has entered
        self._behind = True
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._catch_up(), name="chat socket")
        return self._telling

    def leave(self) -> None:
        """End what was being sent, and leave the room."""
        if self._telling is not None:
            self._telling.cancel()
        if self._session is None:
            self._chat.rooms.turn_away(self)
        else:
            self._chat.rooms.leave(self, self._session.thread, self._session.id, self._address)

    async def _enter(self, text: str) -> None:
        """Take the first frame, say where the conversation of its session stands, and send what the client missed."""
        try:
            auth = _auth(text)
            self.rouse(AUTH_LIMIT, self._wait_no_longer)
            self._chat.limiter.test("refusals", self._address)
            session = await self._chat.sessions.find(auth.token)
        except Refused as error:
            await self._refuse(error)
            return
        except Transient:
            await self.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "busy")
            return
        try:
            self._chat.rooms.enter(self, session.thread, session.id, self._address)
        except Refused as error:
            await self.close(TOO_FAST, error.detail)
            return
        self._session, self._token_digest = session, digest_of(auth.token)
        self.rouse(HEARTBEAT, self.beat)
        await self._welcome(session, auth.last_seq)

    async def _refuse(self, error: Refused) -> None:
        self._chat.limiter.count("refusals", self._address)
        await self.close(TOO_FAST if error.code == "rate_limited" else NO_AUTH, error.code)

    def _wait_no_longer(self) -> None:
        if self._doing is None and not self.closed:
            self.do(partial(self._refuse, _no_auth()))
        else:
            self._transport.abort()

    async def _welcome(self, session: Session, last_seq: int) -> None:
        try:
            place = await self._chat.state.place(thread_key(session))
            await self._chat.seen(session, last_seq)
        except Transient:
            await self.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "busy")
            return
        newest = place.last_sequence if place else 0
        self.seq, self._ready = min(last_seq, newest), True
        number = place.tracking_number if place else None
        await self._say(wire.Ready(session_id=session.id, last_seq=newest, tracking_number=number))
        if place is not None:
            self._chat.rooms.name(session.thread, place.conversation)
        if place is not None or self._behind:
            _ = self.tell()

    async def _say(self, frame: wire.ServerFrame) -> None:
        await self.send(wire.encode(frame))

    async def _answer_to(self, session: Session, frame: wire.ClientFrame) -> None:
        match frame:
            case wire.Send():
                await self._store(session, frame)
            case wire.Read():
                await self._note(session, frame)
            case wire.Ping():
                await self._say(wire.Pong())
            case wire.Auth():
                await self.close(BAD_FRAME, "auth comes once")

    async def _store(self, session: Session, frame: wire.Send) -> None:
        """Store a message and acknowledge it, or say why not."""
        id_ = frame.client_msg_id or msgspec.UNSET
        try:
            done = await self._chat.write(session, frame, listener=self)
        except Refused as error:
            await self._say(_error(error.code, error.detail, error.retry_after, id_))
        except Transient as error:
            await self._say(_error("busy", "it cannot be stored now", error.retry_after, id_))
        else:
            if done.seq == self.seq + 1:
                self.seq = done.seq
            elif done.seq > self.seq:
                _ = self.tell()  # something was said in between that the client has not been sent
            await self._say(wire.Ack(**msgspec.structs.asdict(done)))

    async def _note(self, session: Session, frame: wire.Read) -> None:
        try:
            await self._chat.seen(session, frame.seq)
        except Transient as error:
            await self._say(_error("busy", "it cannot be stored now", error.retry_after, msgspec.UNSET))

    async def _catch_up(self) -> None:
        """Send everything after the last message that was sent, until there is nothing more."""
        while self._ready and self._behind and not self.closed:
            self._behind = False
            try:
                session = await self._chat.sessions.known_by(self._token_digest)
                place, entries = await said_after(self._chat.state, thread_key(session), self.seq, AT_ONCE)
            except Refused as error:
                await self.close(NO_AUTH, error.code)
                return
            except FaninError as error:
                log.warning("chat.behind", reason=str(error))
                await self.close(aiohttp.WSCloseCode.TRY_AGAIN_LATER, "cannot read now")
                return
            if place is not None:
                self._chat.rooms.name(session.thread, place.conversation)
            self._behind = self._behind or bool(place and entries and entries[-1].sequence < place.last_sequence)
            for entry in entries:
                if entry.sequence > self.seq:
                    self.seq = entry.sequence
                    await self._say(wire.Heard(**shown(entry)))


async def serve(chat: Chat, request: web.Request, address: str) -> web.StreamResponse:
    """Open a WebSocket, which lives on when this has returned."""
    return await upgrade(request, Socket(chat, address))


def _auth(text: str) -> wire.Auth:
    """The first frame.  Raises Refused if it is no `auth`."""
    try:
        frame = wire.decode_frame(text)
    except msgspec.MsgspecError:
        raise _no_auth() from None
    if not isinstance(frame, wire.Auth):
        raise _no_auth()
    return frame


def _no_auth() -> Refused:
    return Refused("token_unknown", "the first frame is auth")


def _error(code: str, detail: str, retry_after: timedelta | None, client_msg_id: str | msgspec.UnsetType) -> wire.Error:
    return wire.Error(
        code=code,
        detail=detail,
        retryable=code in RETRYABLE,
        retry_after=retry_after.total_seconds() if retry_after else msgspec.UNSET,
        client_msg_id=client_msg_id,
    )
