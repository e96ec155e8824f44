"""Request Tracker's REST 2 interface: one request, and what its failure means.

Source: RT::REST2 of Request Tracker 5.0.3 (https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from delivery.helpdesks.rt.settings import RtSettings
from delivery.web import asked_pause, connector
from model.errors import CredentialsRejected, Misconfigured, Transient
from model.json import Json

ANSWER_LIMIT = 64 << 20
"""Bytes of the longest answer that is read: an attachment comes whole, in base64."""


class Unclear(Transient):
    """Transient, and whether RT did what it was asked is not known."""


class Refused(Exception):
    """RT understood and said no; `status` is HTTP's, the message RT's own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"RT answered {status}: {message}")
        self.status = status


class RtSession:
    """Requests to one RT.

    Each raises Refused, CredentialsRejected for what an operator must settle, and Transient where nothing
    was asked of RT yet, or Unclear where something may have been done.
    """

    def __init__(self, http: aiohttp.ClientSession, settings: RtSettings) -> None:
        self._http = http
        self._base = f"{settings.url}/REST/2.0"
        self._token = settings.token

    async def get(self, path: str, **parameters: str) -> Any:
        """Read a resource."""
        return await self._ask("GET", path, params=parameters)

    async def put(self, path: str, fields: Mapping[str, Json]) -> Any:
        """Change a resource."""
        return await self._ask("PUT", path, json=fields)

    async def post(self, path: str, fields: Mapping[str, Json], parts: aiohttp.MultipartWriter | None = None) -> Any:
        """Create a resource; `parts` hold the fields already, and files."""
        return await self._ask("POST", path, data=parts) if parts else await self._ask("POST", path, json=fields)

    async def _ask(self, method: str, path: str, **content: Any) -> Any:
        try:
            async with self._http.request(
                method, self._base + path, headers=self._headers(), allow_redirects=False, **content
            ) as response:
                return _understand(response, await _read(response))
        except aiohttp.ClientConnectorError as error:
            raise Transient(f"RT cannot be reached: {error.os_error.strerror or type(error).__name__}") from None
        except aiohttp.ClientError as error:
            raise Unclear(f"the connection to RT broke ({type(error).__name__})") from None
        except TimeoutError:
            raise Unclear("RT did not answer in time") from None

    def _headers(self) -> dict[str, str]:
        try:
            token = self._token.read()
        except Misconfigured as error:
            raise CredentialsRejected(str(error), remedy="make the file readable, with the token in it") from None
        return {"Authorization": f"token {token}", "Accept": "application/json"}


@asynccontextmanager
async def session(settings: RtSettings) -> AsyncIterator[RtSession]:
    """A session for a few requests.  Raises CredentialsRejected if the certificates cannot be read."""
    timeout = aiohttp.ClientTimeout(total=settings.timeout.total_seconds())
    async with aiohttp.ClientSession(
        connector=connector(settings.ca_file), timeout=timeout, json_serialize=_serialize
    ) as http:
        yield RtSession(http, settings)


def _serialize(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body.  Raises Unclear if it is longer than any can be."""
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > ANSWER_LIMIT:
            raise Unclear(f"RT answered with more than {ANSWER_LIMIT >> 20} MiB")
    return b"".join(pieces)


def _understand(response: aiohttp.ClientResponse, body: bytes) -> Any:
    status = response.status
    if status == 401:
        raise CredentialsRejected(
            "RT refuses the token",
            remedy="make a token for fanin's user (Logged in as, Settings, Auth Tokens) and set it as `token`",
        )
    if 300 <= status < 400:
        raise CredentialsRejected(
            f"RT redirects to {response.headers.get('Location', 'nowhere')[:200]}",
            remedy="set `url` to the address where RT itself answers",
        )
    if status == 429:
        raise Transient("RT asks for a pause", retry_after=asked_pause(response.headers))
    if status >= 500:
        raise Unclear(f"RT answered {status}", retry_after=asked_pause(response.headers))
    if status == 204:
        return None
    answer = _json(body)
    if status >= 400:
        message = answer.get("message") if isinstance(answer, dict) else None
        raise Refused(status, str(message or "without a reason")[:300])
    if answer is None:
        raise Unclear(
            "the answer is no JSON: is `url` the address of an RT 5, and nothing asks for a log-in before it?"
        )
    return answer


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
