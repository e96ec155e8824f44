"""Connectors on the public listener: each serves its own paths, for as long as it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from aiohttp import web

from connectors.base import Connector, Routed
from fanin.supervisor import Post

RETRY_AFTER = "5"
"""Seconds after which a connector that is being started again may be asked once more."""


class Mount:
    """Hands each request to the connector that has its path.

    Connectors come and go while the listener runs, and aiohttp's own router cannot change; so each running
    connector has a router of its own.
    """

    def __init__(self, posts: Callable[[], Iterable[Post]]) -> None:
        self._posts = posts
        self._routers: WeakKeyDictionary[Connector, web.UrlDispatcher] = WeakKeyDictionary()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as the connector does; 404 where none has the path, 503 where it does not run now."""
        refused: web.HTTPException = web.HTTPNotFound(text="there is nothing here\n")
        for post in self._posts():
            connector = post.running
            if connector is None:  # perhaps the path is its own: it is being started again
                refused = web.HTTPServiceUnavailable(text="not now\n", headers={"Retry-After": RETRY_AFTER})
            if not isinstance(connector, Routed):
                continue
            found = await self._router(post, connector, connector).resolve(request)
            if found.http_exception is None:
                # What aiohttp does for its one router; there is no public way to choose among several.
                request._match_info = found  # noqa: SLF001
                return await found.handler(request)
            if found.http_exception.status != web.HTTPNotFound.status_code:
                refused = found.http_exception
        raise refused

    def _router(self, post: Post, connector: Connector, routed: Routed) -> web.UrlDispatcher:
        router = self._routers.get(connector)
        if router is None:
            router = self._routers[connector] = web.UrlDispatcher()
            router.add_routes(routed.routes(post.intake, post.state))
        return router
