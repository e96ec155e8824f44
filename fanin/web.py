"""The widget, served as it is, and the page on which it can be tried."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from aiohttp import web

from config.settings import Config
from model.settings import Listen

FOLDER = Path(__file__).parents[1] / "web"
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The content security policy of the demo page: the widget needs no more (add fanin's host to your own)."""


def pages(config: Config) -> list[web.RouteDef]:
    """What the public listener serves beside its interfaces: nothing where there is no chat."""
    if not any(settings.kind == "chat" for settings in config.connectors.values()):
        return []
    return [*widget_routes(), *(demo_routes(config.http.private) if config.http.public.loopback else [])]


def widget_routes() -> list[web.RouteDef]:
    """`/widget.js` and its modules: public, for pages of any origin, and fresh within five minutes."""
    names = ["widget.js", *(f"widget/{file.name}" for file in sorted((FOLDER / "widget").glob("*.js")))]
    return [_route(f"/{name}", name, {"Access-Control-Allow-Origin": "*"}) for name in names]


def demo_routes(private: Listen) -> list[web.RouteDef]:
    """The page at `/`, which tells how to answer on the private listener: for this machine alone."""

    async def where(_request: web.Request) -> web.Response:
        return web.json_response({"private": str(private)})

    page = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return [
        _route("/", "demo/index.html", page),
        _route("/demo/demo.js", "demo/demo.js", {}),
        _route("/demo/demo.css", "demo/demo.css", {}),
        web.get("/demo/where.json", where),
    ]


def _route(path: str, name: str, headers: dict[str, str]) -> web.RouteDef:
    async def serve(request: web.Request) -> web.Response:
        content, tag = _content(name)
        fixed = {"ETag": tag, "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff", **headers}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=fixed)
        return web.Response(body=content, headers=fixed, content_type=TYPES[Path(name).suffix], charset="utf-8")

    return web.get(path, serve)


@cache
def _content(name: str) -> tuple[bytes, str]:
    """A file and its entity tag (RFC 9110 section 8.8.3)."""
    content = (FOLDER / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'
