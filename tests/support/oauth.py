"""A token issuer of the tests' own: the token endpoints of RFC 6749 and the introspection of RFC 7662."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class Issuer:
    """Issues tokens `token-1`, `token-2`, …; what it answers can be changed at any time."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.port = 0
        self.requests: list[dict[str, str]] = []
        self.active: set[str] = set()
        self.lifetime = 3600
        self.next_refresh_token: str | None = None
        self.failure: tuple[int, dict[str, Any], dict[str, str]] | None = None
        """Status, body and header fields that are answered instead of a token."""

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def withdraw(self) -> None:
        """Make every token that was issued worthless."""
        self.active.clear()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Issuer]:
        """Serve while the block lasts."""
        application = web.Application()
        application.router.add_post("/token", self._token)
        application.router.add_post("/introspect", self._introspect)
        runner = web.AppRunner(application, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _token(self, request: web.Request) -> web.Response:
        self.requests.append({key: str(value) for key, value in (await request.post()).items()})
        if self.failure:
            status, body, fields = self.failure
            return web.json_response(body, status=status, headers=fields)
        value = f"token-{len(self.requests)}"
        self.active.add(value)
        answer = {"access_token": value, "expires_in": self.lifetime, "token_type": "Bearer"}
        if self.next_refresh_token:
            answer["refresh_token"] = self.next_refresh_token
        return web.json_response(answer)

    async def _introspect(self, request: web.Request) -> web.Response:
        token = str((await request.post()).get("token", ""))
        return web.json_response({"active": token in self.active, "email": self.user})
