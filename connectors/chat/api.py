"""The HTTP side of the chat: who may ask, what is asked, and problems (RFC 9457) for everything that goes wrong.

There are no cookies, so a page can do nothing in the name of a customer whose token it does not have; the list
of origins keeps foreign pages from using the chat at all, and CORS tells browsers so.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import web

from connectors.chat import wire
from connectors.chat.chat import Chat
from connectors.chat.identity import person
from connectors.chat.operations import MOST_HISTORY, OPERATIONS, SOCKET_PATH
from connectors.chat.problem import Refused
from connectors.chat.rate import network
from connectors.chat.session import Session
from connectors.chat.settings import most_bytes
from connectors.chat.socket import serve
from model.errors import FaninError, Transient
from model.operation import Operation
from model.served import file_headers, send_file

log = structlog.get_logger()

T = TypeVar("T")

BODY_LIMIT = 15.0
"""Seconds in which a JSON body must have come."""
AGAIN = timedelta(seconds=2)
METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, X-Intake-Key"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Answers the requests of a chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat, self._settings = chat, chat.settings
        self._apps = {key: app for app, keys in chat.settings.apps.items() for key in keys}

    def routes(self) -> Iterable[web.RouteDef]:
        """Every operation, the WebSocket, and what browsers ask before."""
        for operation in OPERATIONS:
            handler = getattr(self, operation.name)
            yield web.route(operation.method, _route(operation), self._guarded(handler, operation))
        yield web.get(SOCKET_PATH, self._guarded(self._socket, None), allow_head=False)
        for path in sorted({*map(_route, OPERATIONS), SOCKET_PATH}):
            yield web.options(path, self._guarded(self._preflight, None))

    async def open_session(self, request: web.Request) -> web.StreamResponse:
        """Open a session for whoever may have one."""
        address = network(request.remote)
        self._chat.limiter.hit("sessions", address)
        app = self._app(request)
        self._chat.limiter.hit("app_sessions", app)
        wanted = await self._body(request, wire.OpenSession)
        try:
            self._chat.limiter.test("refusals", address)
            opened = await self._chat.sessions.open(wanted, person(wanted.identity, self._settings), app)
        except Refused as error:
            if error.code == "identity_refused":
                self._chat.limiter.count("refusals", address)
            raise
        session, allow = opened.session, self._settings.allow
        history = await self._chat.history(session, 0, 0)
        return _json(
            201,
            wire.SessionOpened(
                session_id=session.id,
                session_token=opened.token,
                expires_at=session.expires_at,
                verified=session.person.user_id is not None,
                ws_url=SOCKET_PATH,
                last_seq=history.last_seq,
                tracking_number=history.tracking_number,
                limits=wire.Limits(
                    max_text=allow.text, max_file=allow.file, max_files=allow.files, media_types=allow.media_types
                ),
            ),
        )

    async def end_session(self, request: web.Request) -> web.StreamResponse:
        """End the session of the token."""
        session = await self._session(request)
        await self._chat.sessions.end(_token(request), session)
        return web.Response(status=204)

    async def post_message(self, request: web.Request) -> web.StreamResponse:
        """Store a message, and say so when it is durable."""
        session = await self._session(request)
        wanted = _with_key(await self._body(request, wire.PostMessage), request.headers.get("Idempotency-Key"))
        done = await self._chat.write(session, wanted)
        headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
        return _json(200 if done.replayed else 201, done, headers)

    async def list_messages(self, request: web.Request) -> web.StreamResponse:
        """What was said after a place."""
        session = await self._session(request)
        after = _number(request, "after_seq", 0, 0, 2**53 - 1)
        limit = _number(request, "limit", MOST_HISTORY, 1, MOST_HISTORY)
        return _json(200, await self._chat.history(session, after, limit))

    async def mark_read(self, request: web.Request) -> web.StreamResponse:
        """Note what the customer has seen."""
        session = await self._session(request)
        wanted = await self._body(request, wire.ReadUpTo)
        await self._chat.seen(session, wanted.seq)
        return web.Response(status=204)

    async def get_attachment(self, request: web.Request) -> web.StreamResponse:
        """A file of the conversation; only plain pictures are shown by browsers, everything else is saved."""
        session = await self._session(request)
        seq = request.match_info["seq"]
        if not seq.isascii() or not seq.isdecimal() or not 0 < len(seq) < 16:
            raise Refused("not_found", "there is no such message")
        one, pieces = await self._chat.attachment(session, int(seq), request.match_info["attachment_id"])
        try:
            headers = file_headers(one.filename, one.media_type, one.size) | _cors(request)
            return await send_file(request, headers, pieces)
        except KeyError:
            raise Refused("not_found", "the attachment has expired") from None

    async def upload_file(self, request: web.Request) -> web.StreamResponse:
        """Store a file that a message will name."""
        session = await self._session(request)
        self._chat.limiter.hit("uploads", session.id)
        return _json(201, await self._chat.uploads.take(request, session))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket, for pages and apps that may have it."""
        if not web.WebSocketResponse().can_prepare(request):
            raise Refused("malformed", "this address is a WebSocket's")
        return await serve(self._chat, request, network(request.remote))

    async def _preflight(self, _request: web.Request) -> web.StreamResponse:
        """What a browser asks before it lets a page do something (CORS)."""
        return web.Response(
            status=204,
            headers={
                "Access-Control-Allow-Methods": METHODS,
                "Access-Control-Allow-Headers": HEADERS,
                "Access-Control-Max-Age": "600",
            },
        )

    def _guarded(self, handler: Handler, operation: Operation | None) -> Handler:
        """The handler, for allowed pages at an allowed pace; what goes wrong in it becomes a problem."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._check_origin(request)
                self._chat.limiter.hit("requests", network(request.remote))
                response = await handler(request)
            except Refused as error:
                refused = error.code == "origin_refused"
                response = error.response()
                if refused:
                    return response  # without a word to the page's script
            except FaninError as error:
                after = error.retry_after if isinstance(error, Transient) else None
                log.warning("chat.busy", reason=str(error))
                response = Refused("busy", "it cannot be stored now: try again", retry_after=after or AGAIN).response()
            except (web.HTTPException, ConnectionError):
                raise
            except Exception:
                log.exception("chat.defect", operation=operation.name if operation else "socket")
                response = Refused("defect", "this is not your fault; try again", retry_after=AGAIN).response()
            if not response.prepared:
                response.headers.update(_cors(request))
            return response

        return guarded

    def _check_origin(self, request: web.Request) -> None:
        """Raises Refused if the request comes from a page that may not use the chat."""
        origin = request.headers.get("Origin")
        if origin is None or origin.lower() in self._settings.origins:
            return
        if _host(origin) != request.host.lower():
            raise Refused("origin_refused", "pages of this origin may not use the chat: add it to origins")

    def _app(self, request: web.Request) -> str:
        """The app whose publishable key the request brings; empty where no apps are set up."""
        if not self._apps:
            return ""
        given = request.headers.get("X-Intake-Key", "").encode("utf-8", "surrogateescape")
        for key, app in self._apps.items():
            if hmac.compare_digest(key.encode(), given):
                return app
        raise Refused("app_unknown", "X-Intake-Key is not the key of an app")

    async def _session(self, request: web.Request) -> Session:
        """The session of the request's token, which must be the one that the path names, if it names one."""
        address = network(request.remote)
        self._chat.limiter.test("refusals", address)
        try:
            session = await self._chat.sessions.find(_token(request))
        except Refused:
            self._chat.limiter.count("refusals", address)
            raise
        if request.match_info.get("session_id", session.id).lower() != session.id:
            raise Refused("not_found", "the token belongs to another session")
        return session

    async def _body(self, request: web.Request, type_: type[T]) -> T:
        """The JSON body of a request, read in time and no further than it may be long."""
        most = most_bytes(self._settings.allow)
        if (request.content_length or 0) > most:
            raise Refused("too_large", f"a body may have at most {most} bytes")
        if request.content_type != "application/json":
            raise Refused("media_type_refused", "the body must be application/json")
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_LIMIT):
                async for piece in request.content.iter_any():
                    body += piece
                    if len(body) > most:
                        raise Refused("too_large", f"a body may have at most {most} bytes")
        except TimeoutError:
            raise Refused("timeout", f"the body did not come within {BODY_LIMIT:g} s") from None
        except web.RequestPayloadError:
            raise Refused("malformed", "the body cannot be read") from None
        try:
            return msgspec.json.decode(body, type=type_)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Refused("malformed", f"the body is no such JSON: {error}") from None


def _route(operation: Operation) -> str:
    """The path as aiohttp wants it: its own parameters would not take every segment."""
    return operation.path.replace("}", ":[^/]+}")


def _host(origin: str) -> str | None:
    """The host that an origin names, with its port; None where it cannot be read."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _token(request: web.Request) -> str:
    """The bearer token (RFC 6750).  Raises Refused if there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("token_unknown", "a session token is needed: Authorization: Bearer …")
    return token.strip()


def _with_key(wanted: wire.PostMessage, key: str | None) -> wire.PostMessage:
    """The message with the id that stands in the header where its body has none."""
    if key is None:
        return wanted
    try:
        given = msgspec.convert(key, wire.ClientMessageId)
    except msgspec.ValidationError:
        raise Refused("malformed", "Idempotency-Key is no UUID") from None
    if wanted.client_msg_id is None:
        return msgspec.structs.replace(wanted, client_msg_id=given)
    if wanted.client_msg_id.lower() != given.lower():
        raise Refused("malformed", "Idempotency-Key and client_msg_id differ")
    return wanted


def _number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 16 or not least <= int(text) <= most:
        raise Refused("malformed", f"{name} must be a number from {least} to {most}")
    return int(text)


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=wire.encode(body),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _cors(request: web.Request) -> dict[str, str]:
    """Lets the page read the answer; a page that may not has been refused already."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Idempotency-Replayed, Retry-After",
        "Vary": "Origin",
    }
