"""The API of X: tweepy shapes the requests, this module carries them.

tweepy 4.17 cannot be used whole.  Its `AsyncBaseClient.request` has its host written into it, opens a connection for
each call, knows no deadline and no bound, raises aiohttp's own error for an HTML page, hides the rate limit's header
fields, writes the token to its debug log, and with `wait_on_rate_limit` repeats without a pause.  So this class has a
`request` of its own, which the methods of `AsyncClient` come down to, and nothing waits or repeats in here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import msgspec
from tweepy.asynchronous import AsyncClient

from connectors.budget import asked_once
from connectors.x.errors import Broken, refusal, reset_time
from model.clock import Clock
from model.errors import CredentialsRejected

DEADLINE = timedelta(seconds=30)
MOST = 16 << 20
"""Bytes of an answer: a page of a hundred long posts is far below."""
Token = Callable[[str | None], Awaitable[str]]
"""Gives an access token that is not the refused one.  Raises CredentialsRejected or Transient."""


class Answer(msgspec.Struct, frozen=True):
    """A successful answer, and how many more requests its window allows."""

    body: Mapping[str, Any]
    remaining: int | None = None
    reset: datetime | None = None


class Client(AsyncClient):  # type: ignore[misc]
    """Asks X with one kind of token; its methods return an `Answer`.

    They raise Broken, Limited, Capped, Refused (`connectors.x.errors`) or CredentialsRejected.
    """

    def __init__(self, api_base: str, session: aiohttp.ClientSession, token: Token, clock: Clock) -> None:
        # With this return type tweepy hands on what `request` returned, as it is.
        super().__init__(return_type=aiohttp.ClientResponse)
        self.session = session
        self._base, self._token, self._clock = api_base, token, clock

    async def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        user_auth: bool = False,  # noqa: ARG002, FBT001, FBT002 - overrides; every token here is a bearer's
    ) -> Answer:
        """Ask once; a token that is refused is renewed once."""
        token = await self._token(None)
        try:
            return await self._ask(method, route, params, json, token)
        except CredentialsRejected:
            renewed = await self._token(token)
            if renewed == token:
                raise
        return await self._ask(method, route, params, json, renewed)

    async def _ask(self, method: str, route: str, params: Mapping[str, Any] | None, json: Any, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self.session.request(
                method, self._base + route, params=params, json=json, headers=headers, allow_redirects=False
            ) as response:
                body = await _body(response)
        except aiohttp.ClientConnectorError as error:
            raise Broken(f"X cannot be reached ({type(error).__name__})", reached=False) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Broken(f"X does not answer ({type(error).__name__})", reached=True) from None
        except ValueError:  # a token that is no text for a header field
            raise CredentialsRejected("the token is none", remedy="look at what the token file holds") from None
        reset = reset_time(response.headers.get("x-rate-limit-reset"))
        if not 200 <= response.status < 300:
            raise refusal(response.status, body, reset, self._clock.now())
        if not isinstance(body, dict):
            raise Broken(f"X answers {response.status} with something else than JSON", reached=True)
        remaining = response.headers.get("x-rate-limit-remaining", "")
        return Answer(body, int(remaining) if remaining.isdecimal() else None, reset)


async def _body(response: aiohttp.ClientResponse) -> Any:
    """What the answer holds as JSON, None where it holds none."""
    content = bytearray()
    async for piece in response.content.iter_chunked(64 << 10):
        content += piece
        if len(content) > MOST:
            return None
    try:
        return msgspec.json.decode(bytes(content))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections to the API, while the block lasts."""
    timeout = aiohttp.ClientTimeout(total=DEADLINE.total_seconds(), connect=10)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=jar, middlewares=(asked_once,)) as opened:
        yield opened
