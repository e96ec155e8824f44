"""A helpdesk behind HTTP that misbehaves on purpose: the base for emulators, and a front for real servers.

An emulator derives from `HttpDesk` and says in `answer` what the helpdesk does.  `Front` hands requests on
to a real server.  What goes wrong is said request by request, or for all that a rule picks.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

HOP = {"transfer-encoding", "content-length", "connection", "host"}


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with a request.

    `commits` says whether the helpdesk does what it is asked although the caller does not learn of it;
    `late` lets it do so only that many seconds later, when the caller has perhaps given up.
    """

    status: int | None = None
    """Answered instead of what the helpdesk says."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    latency: float = 0
    """Seconds before anything happens."""
    commits: bool = False
    late: float = 0
    hangs: bool = False
    """No answer, until the test ends or the caller does."""
    drops: bool = False
    """The connection is closed without an answer."""


class HttpDesk:
    """Serves on a free port of 127.0.0.1 and remembers what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[tuple[str, str]] = []
        """Method and path of every request."""
        self.trouble: Callable[[web.Request], Trouble | None] = lambda _: None
        """Asked for each request."""
        self._runner: web.AppRunner | None = None
        self._late: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the helpdesk itself does with a request; to be overridden."""
        raise NotImplementedError

    def fail_next(self, *troubles: Trouble, method: str = "POST", path: str = "") -> None:
        """Let the next requests of a method go wrong, one after the other."""
        waiting = list(troubles)

        def next_trouble(request: web.Request) -> Trouble | None:
            if waiting and request.method == method and path in request.path:
                return waiting.pop(0)
            return None

        self.trouble = next_trouble

    def fail_all(self, trouble: Trouble | None) -> None:
        """Let every request go wrong, or none any more."""
        self.trouble = lambda _: trouble

    async def start(self) -> None:
        """Listen, on the same port as before where there was one."""
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        await web.SockSite(self._runner, listener).start()

    async def stop(self) -> None:
        """Refuse connections; what was begun late is carried out."""
        if self._late:
            await asyncio.wait(self._late, timeout=20)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[HttpDesk]:
        """Serve while the block lasts."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    async def settled(self) -> None:
        """Return when everything that was to happen late has happened."""
        if self._late:
            await asyncio.wait(self._late)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        trouble = self.trouble(request)
        if trouble is None:
            return await self.answer(request)
        await asyncio.sleep(trouble.latency)
        if trouble.late:
            await request.read()
            self._do_later(request, trouble.late)
        elif trouble.commits or not (trouble.status or trouble.hangs or trouble.drops):
            answer = await self.answer(request)
            if not (trouble.status or trouble.hangs or trouble.drops):
                return answer
        if trouble.drops and request.transport is not None:
            request.transport.abort()
        if trouble.hangs or trouble.late:
            await asyncio.Event().wait()
        return web.Response(status=trouble.status or 500, headers=trouble.headers, body=trouble.body)

    def _do_later(self, request: web.Request, seconds: float) -> None:
        async def answer() -> None:
            await asyncio.sleep(seconds)
            await self.answer(request)

        task = asyncio.create_task(answer())
        self._late.add(task)
        task.add_done_callback(self._late.discard)


class Front(HttpDesk):
    """Stands before a real server."""

    def __init__(self, upstream: str) -> None:
        super().__init__()
        self._upstream = upstream

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the real server answers."""
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session,
            session.request(
                request.method, self._upstream + request.path_qs, headers=headers, data=body, allow_redirects=False
            ) as answer,
        ):
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())
