"""Weibo as its documentation tells of it: the interfaces, their limits and their faults.

`python -m tests.support.weibo_emulator --port 8300` runs it by hand, with `POST /emulator/mention`, `/emulator/comment`
and `/emulator/push` to write to the account, and `GET /emulator/state`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus, urlencode

import aiohttp
from aiohttp import web

from connectors.weibo.push import signature
from tests.support.weibo_world import BEIJING, World, written_time

LISTS = {
    "statuses/mentions": ("mentions", "statuses", 20),
    "comments/mentions": ("comment_mentions", "comments", 50),
    "comments/to_me": ("comments_to_me", "comments", 50),
}
FAULTS = ("html", "system", "system in 200", "truncated", "drop", "empty", "limit of the interface")
MOST_CHARACTERS = 140
FIELDS, NAME = web.RequestKey("fields", dict), web.RequestKey("name", str)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Emulator:
    """The interfaces of one account."""

    def __init__(self, world: World, *, token: str = "token", secret: str = "secret", limit: int = 150) -> None:
        self.world, self.token, self.secret, self.limit = world, token, secret, limit
        self.most = 200
        """The most that a page holds, whatever is asked for."""
        self.lifetime = timedelta(days=60)
        self.token_error = 21327
        """What a token that is not ours is refused with."""
        self.faults: deque[str] = deque()
        """What the next calls meet with; an empty name is none."""
        self.chance, self.kinds, self.dice = 0.0, FAULTS, random.Random(0)
        """How probable a fault is beside those, of which kinds, and what decides."""
        self.delay = 0.0
        self.shuffled = False
        """Whether pages come in disorder, with repetitions."""
        self.codes_as_text = False
        self.calls: Counter[tuple[datetime, str]] = Counter()
        """The counted calls by hour and interface."""
        self.refused = 0
        """Calls beyond the limit."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.files: dict[str, bytes] = {}
        self.picture = PNG
        """What every picture begins with."""
        self.missing_files: set[str] = set()
        self.closed: set[str] = set()
        """Interfaces that are not for this application."""
        self.may_write_to: dict[str, datetime] = {}
        self._pushes = 0

    def application(self) -> web.Application:
        """What is to be served."""
        application = web.Application()
        for path in LISTS:
            for form in (f"/2/{path}.json", f"/2/{path}/biz.json"):
                application.router.add_get(form, self._guarded(path, self._list))
        routes: list[tuple[str, str, str, Handler]] = [
            ("GET", "/2/statuses/show.json", "statuses/show", self._show),
            ("GET", "/2/statuses/show/biz.json", "statuses/show", self._show),
            ("GET", "/2/account/rate_limit_status.json", "account/rate_limit_status", self._limits),
            ("GET", "/2/remind/unread_count.json", "remind/unread_count", self._unread),
            ("POST", "/oauth2/get_token_info", "get_token_info", self._token_info),
            ("POST", "/2/comments/create.json", "comments/create", self._create),
            ("POST", "/2/comments/reply.json", "comments/reply", self._create),
            ("POST", "/2/comments/reply/biz.json", "comments/reply", self._create),
            ("POST", "/2/comments/create/biz.json", "comments/create", self._create),
            ("POST", "/2/messages/reply.json", "messages/reply", self._message),
            ("GET", "/2/mss/msget", "mss/msget", self._file),
        ]
        for method, path, name, handler in routes:
            application.router.add_route(method, path, self._guarded(name, handler))
        application.router.add_get("/pic/{size}/{name}", self._picture)
        application.router.add_post("/emulator/{what}", self._by_hand)
        application.router.add_get("/emulator/state", self._state)
        return application

    @property
    def counted(self) -> int:
        """All calls that count."""
        return self.calls.total()

    async def push(self, url: str, message: dict[str, Any], **forged: str) -> int:
        """Push a message as the fans service does: three tries, five seconds each; the last status, 0 for none."""
        body = {"receiver_id": int(self.world.uid), "created_at": written_time(self.world.now()), "data": {}} | message
        self.may_write_to[str(body["sender_id"])] = self.world.now() + timedelta(hours=48)
        status = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            for _ in range(3):
                query = self.signed() | forged
                try:
                    async with session.post(f"{url}?{urlencode(query)}", json=body) as answer:
                        status = answer.status
                        if status == 200 and not await answer.text():
                            break
                except (aiohttp.ClientError, TimeoutError):
                    status = 0
        return status

    def signed(self) -> dict[str, str]:
        """The three values that every request of the fans service carries."""
        self._pushes += 1
        timestamp = str(int(self.world.now().timestamp() * 1000))
        nonce = str(57_155_157 + self._pushes)
        return {"signature": signature(self.secret, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}

    def _hour(self) -> datetime:
        return self.world.now().replace(minute=0, second=0, microsecond=0)

    def _guarded(self, name: str, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(self.delay)
            fields = dict(request.query) | dict(await request.post())
            request[FIELDS], request[NAME] = fields, name
            self.asked.append((name, fields))
            if name in self.closed:
                return self._error(10014, "Insufficient app permissions!", 403)
            if fields.get("access_token") != self.token:
                return self._error(self.token_error, "expired_token", 403)
            return self._counted(name) or await self._faulty(request, handler)

        return guarded

    def _counted(self, name: str) -> web.Response | None:
        """Refuse what is beyond the hour's calls; the counters of unread messages are free."""
        if name == "remind/unread_count":
            return None
        if sum(count for (hour, _), count in self.calls.items() if hour == self._hour()) >= self.limit:
            self.refused += 1
            return self._error(10023, "User requests out of rate limit!", 403)
        self.calls[self._hour(), name] += 1
        return None

    async def _faulty(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else ""
        if not fault and self.dice.random() < self.chance:
            fault = self.dice.choice(self.kinds)
        if not fault:
            return await handler(request)
        return self._instead(fault) or await self._spoilt(fault, request, handler)

    def _instead(self, fault: str) -> web.Response | None:
        """What is answered in place of the answer."""
        match fault:
            case "html":
                return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
            case "system" | "system in 200":
                return self._error(10001, "System error!", 200 if "200" in fault else 403)
            case "limit of the interface":
                return self._error(20016, "out of limit", 403)
            case "empty":
                return web.Response(status=200, body=b"")
        return None

    async def _spoilt(self, fault: str, request: web.Request, handler: Handler) -> web.Response:
        """The answer, cut short or never sent, after what was asked for was done."""
        answer = await handler(request)
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        if fault == "truncated":
            return web.Response(status=200, body=answer.body[:-9], content_type="application/json")
        assert request.transport is not None
        request.transport.abort()
        return answer

    def _error(self, code: int, text: str, status: int) -> web.Response:
        given: int | str = str(code) if self.codes_as_text or code % 2 else code
        body = {"error": text, "error_code": given, "request": "/2/emulated.json"}
        return web.json_response(body, status=status)

    async def _list(self, request: web.Request) -> web.Response:
        fields, (stream, key, count) = request[FIELDS], LISTS[request[NAME]]
        count = max(1, min(int(fields.get("count", count)), self.most))
        since, top = int(fields.get("since_id", 0)), int(fields.get("max_id", 0))
        found, total = self.world.page(stream, since=since, top=top, count=count, page=int(fields.get("page", 1)))
        if self.shuffled and found:
            found = [*found, self.dice.choice(found)]
            self.dice.shuffle(found)
        return web.json_response({key: found, "previous_cursor": 0, "next_cursor": 0, "total_number": total})

    async def _show(self, request: web.Request) -> web.Response:
        number = int(request[FIELDS]["id"])
        status = self.world.objects.get(number)
        if status is None or status.get("deleted"):
            return self._error(20101, "target weibo does not exist!", 400)
        if request[FIELDS].get("isGetLongText") == "1" and number in self.world.long:
            status = status | {"longText": {"longTextContent": self.world.long[number]}}
        return web.json_response(status)

    async def _limits(self, _request: web.Request) -> web.Response:
        used = sum(count for (hour, _), count in self.calls.items() if hour == self._hour())
        ends = self._hour() + timedelta(hours=1)
        return web.json_response(
            {
                "ip_limit": 10000,
                "limit_time_unit": "HOURS",
                "remaining_ip_hits": 10000 - used,
                "remaining_user_hits": max(0, self.limit - used),
                "reset_time": ends.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
                "reset_time_in_seconds": int((ends - self.world.now()).total_seconds()),
                "user_limit": self.limit,
            }
        )

    async def _unread(self, request: web.Request) -> web.Response:
        if request[FIELDS].get("uid") != self.world.uid:
            return self._error(21335, "the user is not the one who is logged in", 403)
        return web.json_response({"status": 3, "follower": 1, "photo": 0, **self.world.unread})

    async def _token_info(self, _request: web.Request) -> web.Response:
        seconds = int(self.lifetime.total_seconds())
        info = {"uid": int(self.world.uid), "appkey": "1", "scope": None, "create_at": 1, "expire_in": seconds}
        return web.json_response(info)

    async def _create(self, request: web.Request) -> web.Response:
        form, name = request[FIELDS], request[NAME]
        if len(form["comment"].encode("utf-16-le")) // 2 > MOST_CHARACTERS:
            return self._error(20012, "Text too long, please input text less than 140 characters!", 400)
        if self.world.objects.get(int(form["id"]), {"deleted": "1"}).get("deleted"):
            return self._error(20101, "target weibo does not exist!", 400)
        if name == "comments/reply" and int(form["cid"]) not in self.world.objects:
            return self._error(20201, "target weibo comment does not exist!", 400)
        if any(form["comment"] == said["comment"] for _, said in self.world.written if "comment" in said):
            return self._error(20019, "repeated content!", 400)
        return web.json_response(self.world.answered(name, form))

    async def _message(self, request: web.Request) -> web.Response:
        form = request[FIELDS]
        data = form["data"]
        text = json.loads(data if data.startswith("{") else unquote_plus(data))["text"]
        if len(text) > 300:
            return self._error(20012, "Text too long!", 400)
        if self.world.now() >= self.may_write_to.get(form["receiver_id"], self.world.now()):
            return self._error(10014, "Insufficient app permissions!", 403)
        self.world.written.append(("messages/reply", form | {"text": text}))
        return web.json_response({"result": True})

    async def _file(self, request: web.Request) -> web.Response:
        fid = request[FIELDS]["fid"]
        if fid not in self.files or fid in self.missing_files:
            return web.Response(status=503)
        return web.Response(body=self.files[fid], content_type="image/png")

    async def _picture(self, request: web.Request) -> web.Response:
        content = self.picture + f"{request.match_info['size']} {request.match_info['name']}".encode()
        return web.Response(body=content, content_type="image/jpeg")

    async def _by_hand(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        answers: list[Any] = []
        for one in wanted if isinstance(wanted, list) else [wanted]:
            match request.match_info["what"]:
                case "mention":
                    answers.append(self.world.mention(**one))
                case "comment":
                    answers.append(self.world.comment(**one))
                case "push":
                    answers.append(await self.push(**one))
                case _:
                    raise web.HTTPNotFound
        return web.json_response(answers)

    async def _state(self, _request: web.Request) -> web.Response:
        hours = {f"{hour:%H}h {name}": count for (hour, name), count in self.calls.items()}
        return web.json_response({"refused": self.refused, "calls": hours, "written": self.world.written})


@asynccontextmanager
async def served(emulator: Emulator, port: int = 0) -> Any:
    """Serve it on 127.0.0.1; gives the address."""
    runner = web.AppRunner(emulator.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    emulator.world.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield emulator.world.base
    finally:
        await runner.cleanup()


async def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.weibo_emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--limit", type=int, default=150, help="calls in an hour")
    parser.add_argument("--faults", type=float, default=0.0, help="how probable a fault is, 0 to 1")
    parser.add_argument("--page", type=int, default=200, help="the most that a page holds")
    options = parser.parse_args()
    emulator = Emulator(World(), limit=options.limit)
    emulator.chance, emulator.most = options.faults, options.page
    emulator.dice = random.Random(time.time_ns())
    async with served(emulator, options.port) as address:
        print(f"{address}: account {emulator.world.uid}, access token {emulator.token}, push secret {emulator.secret}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
