"""X as its API v2 is documented: paging, fields, limits, errors, money, and everything that goes wrong.

    python -m tests.support.x_emulator [PORT]

serves it on 127.0.0.1 with the bearer token `app-token`, the client `client` and the refresh token `refresh-0`; a
mention arrives by  curl -d text='my wallet is empty' -d author=42 http://127.0.0.1:PORT/emulator/mention  and a direct
message by /emulator/message.  Configure `api_base` with its address, and `loopback_media: true`.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.support.x_world import ACCOUNT, DEFAULT_DM, DEFAULT_POST, HANDLE, WINDOW, World, page, shown

LIMITS = {
    "mentions": (450, 300),
    "dm_events": (0, 15),
    "tweets": (0, 100),
    "messages": (0, 15),
    "me": (0, 75),
    "users": (300, 900),
    "usage": (50, 0),
    "media": (0, 900),
}
"""Requests in a window for the app's token and for a user's; 0: that token may not."""
PAGED = {"max_results", "pagination_token", "expansions", "media.fields", "user.fields"}
PARAMETERS = {
    "mentions": PAGED | {"since_id", "until_id", "start_time", "end_time", "tweet.fields"},
    "dm_events": PAGED | {"dm_event.fields", "event_types", "tweet.fields"},
}
Handler = Callable[["Emulator", web.Request], Awaitable[web.StreamResponse]]


class Emulator:
    """One app and one account on X; what it does wrong is set by its attributes."""

    def __init__(self, world: World | None = None, *, seed: int | None = None) -> None:
        self.world = world or World()
        self.dice = random.Random(seed) if seed is not None else None
        """With a seed, pages are short, repeat one another or are out of order."""
        self.fault: Callable[[str], str | None] = lambda _: None
        """What goes wrong with a request to a route: one of `FAULTS`, or None."""
        self.renamed = False
        """Whether fields have the names of the newer specification."""
        self.window = WINDOW
        self.limits = {name: list(both) for name, both in LIMITS.items()}
        self.bearer, self.refresh, self.lifetime = "app-token", "refresh-0", 7200
        self.scope = "tweet.read users.read tweet.write dm.read dm.write offline.access"
        self.access: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.renewals = 0
        self.counts: Counter[tuple[str, str, int]] = Counter()
        self.statuses: defaultdict[int, int] = defaultdict(int)
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[Emulator]:
        """Serve while the block lasts."""
        app = web.Application(middlewares=[self._answer])
        for method, path, name in ROUTES:
            app.router.add_route(method, path, getattr(self, f"_{name}"), name=name)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.port = runner.addresses[0][1]
        try:
            yield self
        finally:
            await runner.cleanup()

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """What every route has in common: who asks, the window, and what goes wrong."""
        name = request.match_info.route.name or ""
        if not request.path.startswith("/2/") or name == "token":
            return await handler(request)
        self.asked.append((name, dict(request.query)))
        fault = self.fault(name)
        if fault and (failed := await self._fail(fault, request)) is not None:
            self.statuses[failed.status] += 1
            return failed
        refused, fields = self._admit(name, request.headers.get("Authorization", ""))
        response = refused or await handler(request)
        response.headers.update(fields)
        self.statuses[response.status] += 1
        if fault == "truncated" and isinstance(response, web.Response):
            body = bytes(response.body) if isinstance(response.body, bytes) else b""
            return web.Response(body=body[: len(body) // 2], content_type="application/json", headers=fields)
        if fault == "lost" and request.transport is not None:  # done, and the answer never comes
            request.transport.abort()
        return response

    async def _fail(self, fault: str, request: web.Request) -> web.Response | None:
        match fault:
            case "502":
                return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
            case "503":
                return problem(503, "Service Unavailable", "Service Unavailable")
            case "429":
                end = int(self.world.time().timestamp()) + 1
                response = problem(429, "Too Many Requests", "Too Many Requests")
                response.headers.update(_limit_fields(0, 0, end))
                return response
            case "429-legacy":  # without a reset, as it was seen
                return web.json_response({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, status=429)
            case "capped":
                detail = "Usage cap exceeded: Monthly product cap"
                return problem(429, "UsageCapExceeded", detail, kind="usage-capped")
            case "dropped" if request.transport is not None:
                request.transport.abort()
            case "slow":
                await asyncio.sleep(0.3)
        return None

    def _admit(self, name: str, authorization: str) -> tuple[web.Response | None, dict[str, str]]:
        token = authorization.removeprefix("Bearer ")
        if token != self.bearer and token not in self.access:
            return problem(401, "Unauthorized", "Unauthorized", kind="about:blank"), {}
        by_user = token in self.access
        limit = self.limits[name][by_user]
        if not limit:
            detail = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            return problem(403, "Unsupported Authentication", detail, kind="unsupported-authentication"), {}
        now, span = self.world.time().timestamp(), self.window.total_seconds()
        window = int(now // span)
        key = (name, "user" if by_user else "app", window)
        self.counts[key] += 1
        left, reset = limit - self.counts[key], int((window + 1) * span)
        fields = _limit_fields(limit, max(0, left), reset)
        return (problem(429, "Too Many Requests", "Too Many Requests") if left < 0 else None), fields

    async def _mentions(self, request: web.Request) -> web.Response:
        query = request.query
        if (wrong := _wrong(query, "mentions", 5)) is not None:
            return wrong
        if request.match_info["id"] != ACCOUNT:
            return problem(404, "Not Found Error", "Could not find user", kind="resource-not-found")
        since, until = int(query.get("since_id", 0)), int(query.get("until_id", 1 << 63))
        found = self.world.mentions((since, until, _time(query, "start_time"), _time(query, "end_time")))
        numbers, following = page(found, int(query.get("max_results", 10)), query.get("pagination_token"), self.dice)
        fields = query.get("tweet.fields", "").split(",")
        visible = [number for number in numbers if number not in self.world.protected]
        posts = [shown(self.world.posts[one], DEFAULT_POST, fields, renamed=self.renamed) for one in visible]
        body = self._body(posts, visible, following, query, [self.world.posts[one] for one in visible])
        if len(visible) < len(numbers):
            body["errors"] = [{"title": "Authorization Error", "detail": "Sorry, you are not authorized to see it."}]
        self.world.bill("mention", map(str, visible))
        return web.json_response(body)

    async def _dm_events(self, request: web.Request) -> web.Response:
        query = request.query
        if (wrong := _wrong(query, "dm_events", 1)) is not None:
            return wrong
        found = sorted(self.world.events, reverse=True)
        if query.get("event_types"):
            found = [one for one in found if self.world.events[one]["event_type"] in query["event_types"]]
        numbers, following = page(found, int(query.get("max_results", 100)), query.get("pagination_token"), self.dice)
        fields = query.get("dm_event.fields", "").split(",")
        whole = [self.world.events[one] for one in numbers]
        body = self._body(
            [shown(one, DEFAULT_DM, fields, renamed=False) for one in whole], numbers, following, query, whole
        )
        self.world.bill("dm", map(str, numbers))
        return web.json_response(body)

    def _body(
        self,
        data: list[dict[str, Any]],
        numbers: list[int],
        following: str | None,
        query: Mapping[str, str],
        whole: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """Data, includes and meta; without data where there is none, without a token on the last page."""
        meta: dict[str, Any] = {"result_count": len(numbers)}
        if numbers:
            meta |= {"newest_id": str(max(numbers)), "oldest_id": str(min(numbers))}
        if following:
            meta["next_token"] = following
        expansions = query.get("expansions", "").split(",")
        users, media = dict[str, Any](), dict[str, Any]()
        for one in whole:
            author = one.get("author_id") or one.get("sender_id")
            if author in self.world.users and {"author_id", "sender_id"} & set(expansions):
                users[author] = self.world.users[author]
            if "attachments.media_keys" in expansions:
                keys = one.get("attachments", {}).get("media_keys", [])
                media |= {key: self.world.media[key] for key in keys if key in self.world.media}
        self.world.bill("user", users)
        includes = {"users": [*users.values()], "media": [*media.values()]}
        included = {name: some for name, some in includes.items() if some}
        return ({"data": data} if data else {}) | ({"includes": included} if included else {}) | {"meta": meta}

    async def _me(self, request: web.Request) -> web.Response:
        self.world.bill("user", [ACCOUNT])
        return web.json_response({"data": self.world.users[ACCOUNT]})

    async def _users(self, request: web.Request) -> web.Response:
        user = self.world.users.get(request.match_info["id"])
        if user is None:
            return web.json_response({"errors": [{"title": "Not Found Error", "detail": "Could not find user"}]})
        self.world.bill("user", [user["id"]])
        return web.json_response({"data": user})

    async def _usage(self, request: web.Request) -> web.Response:
        return web.json_response({"data": {"project_cap": "3000000", "project_usage": "1234", "project_id": "1"}})

    async def _tweets(self, request: web.Request) -> web.Response:
        said = await request.json()
        target = self.world.posts.get(int(said.get("reply", {}).get("in_reply_to_tweet_id", 0)))
        text = said.get("text", "")
        if not text or len(text) > 280:
            return problem(400, "Invalid Request", "Your Tweet text is too long.")
        if target is None or f"@{HANDLE}" not in target["text"]:
            detail = "You are only allowed to reply to posts whose author mentioned or quoted you."
            return problem(403, "Forbidden", detail, kind="about:blank")
        if any(one["kind"] == "post" and one["text"] == text for one in self.world.sent):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return problem(403, "Forbidden", detail, kind="about:blank")
        return self._sent("post", text, target["id"], {"text": text})

    async def _messages(self, request: web.Request) -> web.Response:
        text, to = (await request.json()).get("text", ""), request.match_info["id"]
        if to in self.world.closed or to not in self.world.users:
            detail = "You cannot send messages to this user."
            return problem(403, "Forbidden", detail, kind="about:blank")
        pair = sorted((int(to), int(ACCOUNT)))
        return self._sent("dm", text, to, {"dm_conversation_id": f"{pair[0]}-{pair[1]}"})

    def _sent(self, kind: str, text: str, to: str, more: dict[str, str]) -> web.Response:
        number = str(self.world.new_id())
        self.world.sent.append({"kind": kind, "text": text, "to": to, "id": number})
        self.world.charge("dm" if kind == "dm" else "link" if "://" in text else "reply")
        name = "dm_event_id" if kind == "dm" else "id"
        return web.json_response({"data": more | {name: number}}, status=201)

    async def _media(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["resource"])

    async def _file_of(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["name"])

    def _file(self, name: str) -> web.Response:
        if name not in self.world.files:
            return web.Response(status=404, text="<html>", content_type="text/html")
        kind, content = self.world.files[name]
        return web.Response(body=content, content_type=kind)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("refresh_token") != self.refresh or form.get("client_id") != "client":
            said = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
            return web.json_response(said, status=400)
        self.renewals += 1
        self.refresh, access = f"refresh-{self.renewals}", f"access-{self.renewals}"
        self.access.add(access)
        answer = {"token_type": "bearer", "expires_in": self.lifetime, "access_token": access, "scope": self.scope}
        return web.json_response(answer | {"refresh_token": self.refresh})

    async def _arrive(self, request: web.Request) -> web.Response:
        form = await request.post()
        text, author = str(form.get("text", "hello")), str(form.get("author", "42"))
        arrive = self.world.message if request.path.endswith("message") else self.world.mention
        return web.Response(text=arrive(text, author) + "\n")


ROUTES = (
    ("GET", "/2/users/me", "me"),
    ("GET", "/2/users/{id}", "users"),
    ("GET", "/2/users/{id}/mentions", "mentions"),
    ("GET", "/2/dm_events", "dm_events"),
    ("GET", "/2/usage/tweets", "usage"),
    ("POST", "/2/tweets", "tweets"),
    ("POST", "/2/dm_conversations/with/{id}/messages", "messages"),
    ("GET", "/2/dm_conversations/media/{dm}/{media}/{resource}", "media"),
    ("POST", "/2/oauth2/token", "token"),
    ("GET", "/media/{name}", "file_of"),
    ("POST", "/emulator/{kind}", "arrive"),
)


def problem(status: int, title: str, detail: str, *, kind: str = "invalid-request") -> web.Response:
    """An error as X writes it."""
    where = kind if ":" in kind else f"https://api.x.com/2/problems/{kind}"
    body = {"title": title, "detail": detail, "type": where, "status": status}
    return web.json_response(body, status=status, content_type="application/problem+json")


def _limit_fields(limit: int, left: int, reset: int) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(left),
        "x-rate-limit-reset": str(reset),
    }


def _wrong(query: Mapping[str, str], name: str, least: int) -> web.Response | None:
    """What X says of a query that it does not take."""
    if unknown := sorted(set(query) - PARAMETERS[name]):
        return problem(400, "Invalid Request", f"The query parameter [{unknown[0]}] is not one of those allowed")
    if not least <= int(query.get("max_results", 10)) <= 100:
        return problem(400, "Invalid Request", f"max_results must be between {least} and 100")
    numbers = [query.get(one, "0") for one in ("since_id", "until_id")]
    if not all(one.isdecimal() and len(one) < 20 for one in numbers):
        return problem(400, "Invalid Request", "since_id and until_id must be ids")
    return None


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    return datetime.fromisoformat(query[name]) if name in query else None


async def main(port: int = 8090) -> None:
    """Serve until interrupted."""
    emulator = Emulator()
    emulator.world.mention("my assets are being stolen, help!")
    emulator.world.message("the app crashes when I open it", "43")
    async with emulator.serving(port):
        print(f"X at {emulator.url}; bearer token app-token, account {ACCOUNT}, refresh token refresh-0")
        await asyncio.sleep(timedelta(days=365).total_seconds())


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:2])))
