"""Calls of Weibo's interfaces (https://open.weibo.com/wiki/API): hosts, budget, deadlines, errors.

Every call is counted before it is made, so the count is never below the truth; only the counters of unread messages
are free.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import aiohttp
import orjson

from connectors.base import Health, State
from connectors.budget import Budget, Limit, asked_once
from connectors.weibo.errors import RateLimited, refusal
from connectors.weibo.settings import WeiboSettings
from model.clock import Clock
from model.errors import CredentialsRejected, Misconfigured, Transient, Uncertain

DEADLINE = aiohttp.ClientTimeout(total=30, connect=10)
MOST = 16 << 20
"""Bytes of an answer: two hundred posts have less than two million."""

UNSURE, AGAIN = timedelta(minutes=5), timedelta(minutes=1)
"""So long after the hour has begun for us, and it may not have for Weibo, and when it is asked again then."""
MARGIN = timedelta(seconds=5)


class Endpoint(NamedTuple):
    """An interface: on which host, and by which path."""

    host: str
    path: str
    is_free: bool = False
    business: str | None = None
    """Its path on the host of business contracts."""


def _read(path: str) -> Endpoint:
    return Endpoint("https://api.weibo.com", f"/2/{path}.json", business=f"/2/{path}/biz.json")


LISTS = {
    "mentions": _read("statuses/mentions"),
    "comment_mentions": _read("comments/mentions"),
    "comments_to_me": _read("comments/to_me"),
}
SHOW = _read("statuses/show")
REPLY = _read("comments/reply")
CREATE = _read("comments/create")
UNREAD = Endpoint("https://rm.api.weibo.com", "/2/remind/unread_count.json", is_free=True)
LIMITS = Endpoint("https://api.weibo.com", "/2/account/rate_limit_status.json")
TOKEN = Endpoint("https://api.weibo.com", "/oauth2/get_token_info")
MESSAGE = Endpoint("https://m.api.weibo.com", "/2/messages/reply.json")
MEDIA = Endpoint("https://upload.api.weibo.com", "/2/mss/msget")
BUSINESS = "https://c.api.weibo.com"


class Api:
    """The interfaces of one account."""

    def __init__(self, name: str, settings: WeiboSettings, clock: Clock, health: Health) -> None:
        self._settings, self._clock = settings, clock
        self.budget = Budget(name, [Limit("hour", settings.calls_per_hour)], clock, health, unit="calls")
        self._session: aiohttp.ClientSession | None = None
        self._shut_until: datetime | None = None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keep connections for as long as the block runs; without, each call has its own."""
        async with _session() as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    async def get(self, endpoint: Endpoint, state: State | None, *, spare: int = 0, **query: Any) -> Any:
        """Ask for something; `spare` calls of the hour must be left after it.  Without `state` it is not counted.

        Raises Transient, CredentialsRejected, or errors.Refused.
        """
        await self._count(endpoint, state, spare)
        try:
            return await self._ask("GET", endpoint, query)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient(f"Weibo cannot be reached ({type(error).__name__})") from None

    async def post(self, endpoint: Endpoint, state: State | None, **form: Any) -> Any:
        """Write something.  Raises also Uncertain, where it may have been written."""
        await self._count(endpoint, state, 0)
        try:
            return await self._ask("POST", endpoint, form)
        except aiohttp.ClientConnectorError as error:  # nothing was sent
            raise Transient(f"Weibo cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError, _Unreadable) as error:
            raise Uncertain(f"Weibo did not say whether it took it ({type(error).__name__})") from None

    def url(self, endpoint: Endpoint) -> str:
        """Where an interface is."""
        if self._settings.access == "business" and endpoint.business:
            return (self._settings.api_base or BUSINESS) + endpoint.business
        return (self._settings.api_base or endpoint.host) + endpoint.path

    def token(self) -> str:
        """The access token.  Raises CredentialsRejected where there is none to be read."""
        try:
            return self._settings.access_token.read()
        except Misconfigured as error:
            raise CredentialsRejected(str(error), remedy="make the file readable, with the token in it") from None

    async def count(self, state: State) -> None:
        """Count a call that is made elsewhere (a file).  Raises Transient where none is left."""
        await self._count(MEDIA, state, 0)

    async def slot(self, state: State) -> timedelta:
        """The pause between two calls that spreads what reading may still use over the rest of the hour."""
        [use] = await self.budget.uses(state)
        rest = use.ends - self._clock.now()
        return rest / max(1, use.left - self._settings.reserve)

    async def adopt_count(self, state: State) -> None:
        """Count what others used of the hour's calls, as Weibo itself says (`account/rate_limit_status`)."""
        answer = await self.get(LIMITS, state)
        left = answer.get("remaining_user_hits") if isinstance(answer, Mapping) else None
        ours = await self.budget.left(state)
        if isinstance(left, int) and ours is not None and 0 <= left < ours:
            await self._use(state, ours - left)

    async def _count(self, endpoint: Endpoint, state: State | None, spare: int) -> None:
        if state is None or endpoint.is_free:
            return
        if self._shut_until and (rest := self._shut_until - self._clock.now()) > timedelta(0):
            raise RateLimited("Weibo's limit for this hour is reached", retry_after=rest)
        if spare:
            [use] = await self.budget.uses(state)
            if use.left <= spare:
                rest = use.ends - self._clock.now()
                raise Transient("the calls of this hour are used but for those kept for replies", retry_after=rest)
        await self._use(state, 1)

    async def _use(self, state: State, calls: int) -> None:
        name = uuid4().hex
        await self.budget.hold(state, name, calls)
        await self.budget.settle(state, name, calls)

    async def _ask(self, method: str, endpoint: Endpoint, fields: Mapping[str, Any]) -> Any:
        if self._session is not None:
            return await self._request(self._session, method, endpoint, fields)
        async with _session() as session:
            return await self._request(session, method, endpoint, fields)

    async def _request(
        self, session: aiohttp.ClientSession, method: str, endpoint: Endpoint, fields: Mapping[str, Any]
    ) -> Any:
        values = {name: str(value) for name, value in fields.items() if value is not None}
        values["access_token"] = self.token()
        sent = {"params": values} if method == "GET" else {"data": values}
        request = session.request(method, self.url(endpoint), allow_redirects=False, **sent)  # type: ignore[arg-type]
        async with request as response:
            body = bytearray()
            async for piece in response.content.iter_chunked(64 << 10):
                body += piece
                if len(body) > MOST:
                    raise _Unreadable(f"Weibo answers with more than {MOST} bytes")
            return self._judge(response.status, body)

    def _judge(self, status: int, body: bytes | bytearray) -> Any:
        """The answer, unless it is an error, with whatever status it comes."""
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise _Unreadable(f"Weibo answers {status} with something that is no JSON") from None
        if isinstance(answer, Mapping) and (code := _code(answer)) is not None:
            error = refusal(code, status)
            raise self._limited(error) if isinstance(error, RateLimited) else error
        if status != 200:
            raise _Unreadable(f"Weibo answers {status}")
        return answer

    def _limited(self, error: RateLimited) -> RateLimited:
        """Others use the same calls: nothing is asked until the hour ends, which for Weibo may be a little later."""
        now = self._clock.now()
        begun = now - now.replace(minute=0, second=0, microsecond=0)
        pause = AGAIN if begun < UNSURE else timedelta(hours=1) - begun + MARGIN
        self._shut_until = now + pause
        return RateLimited(str(error), retry_after=pause)


def _session() -> aiohttp.ClientSession:
    jar = aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(timeout=DEADLINE, cookie_jar=jar, middlewares=(asked_once,))


class _Unreadable(Transient):
    """The answer is none of Weibo's interfaces: of something on the way, or cut off."""


def _code(answer: Mapping[str, Any]) -> int | None:
    found = answer.get("error_code")
    if isinstance(found, str) and found.strip().isdecimal():
        return int(found)
    if isinstance(found, int):
        return found
    return 0 if "error" in answer else None
