"""The two listeners: public for customers and channels, private for operators and helpdesks.

`/healthz` and `/readyz` need no token and say only ok or not.  Everything else on the private listener
asks for its token, unless it listens on this machine alone.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from fanin.door import Door
from fanin.metrics import observe
from fanin.proxies import Network, behind
from fanin.state import answer_attachments
from model.errors import Misconfigured, Transient
from model.health import Health
from model.served import file_headers, send_file
from model.settings import Listen, Secret
from model.ticket import Ticket
from model.tracking import parse_tracking_number
from normalizer.safety.find import redact
from store.ledger import Backlog, Unreadable
from store.replies import Said
from store.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STOP_LIMIT = 2.0
"""Seconds that open requests have when the daemon stops."""
IDLE_LIMIT = 75.0
"""Seconds in which the header of the next request must have come: longer than proxies keep a connection, and short
enough that slow ones do not pile up."""
STORE_LIMIT = 5.0
"""Seconds that the store has to say how it stands: who asks wants to know just when it does not."""
LINGER = 3.0
"""Seconds in which a client that was refused may go on sending, so that it gets to read why."""


class Surface:
    """What the listeners serve."""

    def __init__(self, store: Store, healths: Callable[[], Iterable[Health]]) -> None:
        self._store, self._healths = store, healths

    def public(
        self,
        token: Secret | None,
        pages: Iterable[web.RouteDef],
        connectors: Handler,
        proxies: Sequence[Network] = (),
    ) -> web.Application:
        """The application of the public listener; `connectors` answers what is neither its own nor a page's."""
        application = self._application(self._tickets, token, is_open=False)
        if proxies:
            application.middlewares.append(behind(proxies))
        application.add_routes(pages)
        application.add_routes([web.route("*", r"/{path:[\s\S]*}", connectors)])
        return application

    def private(self, token: Secret | None, door: Door) -> web.Application:
        """The application of the private listener; without a token it is open to whoever reaches it."""
        own = {"/metrics": self._metrics, "/v1/status": self._status}
        application = self._application(own | self._tickets, token, is_open=token is None)
        application.add_routes(door.routes())
        return application

    @property
    def _tickets(self) -> dict[str, Handler]:
        """What the links in a ticket lead to."""
        return {
            "/v1/attachments/{id}": self._attachment,
            "/v1/tickets/{number}/transcript": self._transcript,
        }

    def _application(self, routes: Mapping[str, Handler], token: Secret | None, *, is_open: bool) -> web.Application:
        application = web.Application(client_max_size=1024 * 1024)
        application.add_routes([web.get("/healthz", _alive), web.get("/readyz", self._ready)])
        application.add_routes(
            [web.get(path, guarded(handler, token, is_open=is_open)) for path, handler in routes.items()]
        )
        return application

    async def _ready(self, _request: web.Request) -> web.Response:
        """Ready is: the store can be written.  One rejected connector does not change that."""
        try:
            async with asyncio.timeout(STORE_LIMIT):
                await self._store.ready()
        except (Transient, TimeoutError):
            return web.Response(status=503, text="not ready\n")
        return web.Response(text="ok\n")

    async def _metrics(self, _request: web.Request) -> web.Response:
        healths, backlog, _ = await self._conditions()
        observe(healths, backlog)
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _status(self, _request: web.Request) -> web.Response:
        healths, _, trouble = await self._conditions()
        return web.json_response([_condition(health, trouble) for health in healths])

    async def _conditions(self) -> tuple[list[Health], list[Backlog], str | None]:
        """How all are doing and what waits; where the store cannot say what waits, why."""
        healths = list(self._healths())
        try:
            async with asyncio.timeout(STORE_LIMIT):
                backlog = await self._store.backlog()
        except (Transient, TimeoutError) as error:
            _note_lag(healths, None)
            return healths, [], str(error) or f"the store did not answer within {STORE_LIMIT:g} s"
        _note_lag(healths, backlog)
        return healths, backlog, None

    async def _transcript(self, request: web.Request) -> web.Response:
        """Everything that was said in a conversation and has not expired, in order, for whoever takes it over."""
        number = parse_tracking_number(request.match_info["number"])
        conversation = number and await self._store.find_conversation(number)
        if not conversation:
            raise web.HTTPNotFound(text="there is no such tracking number\n")
        asked = [
            _unreadable("customer", one) if isinstance(one, Unreadable) else _asked(one.data)
            for one in await self._store.events(conversation, 0)
        ]
        answered = [
            _unreadable("agent", one) if isinstance(one, Unreadable) else _answered(self._store, one)
            for one in await self._store.replies.said(conversation, 0)
        ]
        said = sorted(asked + answered, key=lambda one: one["sequence"])
        headers = {"Cache-Control": "private, no-store"}
        body = msgspec.json.encode({"tracking_number": number, "conversation": conversation, "messages": said})
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        """An attachment, as a file to be saved unless it is a plain picture."""
        found = await self._store.find_attachment(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound(text="there is no such attachment, or it has expired\n")
        headers = file_headers(found.filename, found.media_type, found.size)
        try:
            return await send_file(request, headers, self._store.read_blob(found.sha256))
        except KeyError:
            raise web.HTTPNotFound(text="the attachment has expired\n") from None


def guarded(handler: Handler, token: Secret | None, *, is_open: bool) -> Handler:
    """The handler, for those alone who bring the token (RFC 6750) where one is needed."""

    async def checked(request: web.Request) -> web.StreamResponse:
        if not is_open and not _brings(request, token):
            raise web.HTTPUnauthorized(
                text="a token is needed: Authorization: Bearer …\n", headers={"WWW-Authenticate": "Bearer"}
            )
        return await handler(request)

    return checked


@asynccontextmanager
async def listening(application: web.Application, address: Listen, setting: str) -> AsyncIterator[None]:
    """Serve an application for as long as the block runs.  Raises Misconfigured if the address cannot be had."""
    runner = web.AppRunner(
        application, access_log=None, shutdown_timeout=STOP_LIMIT, keepalive_timeout=IDLE_LIMIT, lingering_time=LINGER
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        await runner.cleanup()
        raise Misconfigured(
            f"{setting}: cannot listen on {address}: {error.strerror}; end what listens there, or choose another port"
        ) from None
    try:
        yield
    finally:
        await runner.cleanup()


async def _alive(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _brings(request: web.Request, token: Secret | None) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if token is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.read().encode())


def _note_lag(healths: Iterable[Health], backlog: Iterable[Backlog] | None) -> None:
    """Say how old the oldest delivery is that waits for each helpdesk; a connector knows its own lag."""
    oldest: dict[str, datetime] = {}
    for line in backlog or ():
        oldest[line.helpdesk] = min(line.oldest, oldest.get(line.helpdesk, line.oldest))
    now = datetime.now(UTC)
    for health in healths:
        if health.kind == "helpdesk":
            health.lag = None if backlog is None else now - oldest.get(health.name, now)


def _condition(health: Health, trouble: str | None) -> dict[str, Any]:
    age = health.age()
    return {
        "kind": health.kind,
        "name": health.name,
        "state": health.status,
        "reason": health.reason and redact(health.reason),
        "remedy": health.remedy,
        "proven_age_seconds": None if age is None else round(age.total_seconds(), 3),
        "lag_seconds": None if health.lag is None else round(health.lag.total_seconds(), 3),
        "lag_unknown": trouble and redact(trouble) if health.lag is None else None,
        "credentials_expire_at": health.expires_at and health.expires_at.isoformat(),
    }


def _unreadable(author: str, one: Unreadable) -> dict[str, Any]:
    """In the place of what is stored but damaged: whoever takes the case over must know that something is missing."""
    return {
        "sequence": one.sequence,
        "id": one.id,
        "author": author,
        "at": one.at,
        "text": "",
        "unreadable": one.reason,
        "attachments": [],
    }


def _answered(store: Store, said: Said) -> dict[str, Any]:
    return {
        "sequence": said.sequence,
        "id": said.id,
        "author": "system" if said.automatic else "agent",
        "at": said.at,
        "helpdesk": said.helpdesk,
        "name": said.author,
        "text": said.text,
        "visibility": said.visibility,
        "status": said.status,
        "detail": said.detail,
        "attachments": answer_attachments(store, said),
    }


def _asked(ticket: Ticket) -> dict[str, Any]:
    message = ticket.message
    return {
        "sequence": ticket.conversation.sequence,
        "id": message.id,
        "author": "customer",
        "at": message.received_at,
        "received_at": message.received_at,
        "channel": ticket.channel,
        "from": message.from_,
        "subject": message.subject,
        "text": message.text,
        "attachments": ticket.attachments,
    }
