"""Files that a channel points to: fetched over HTTPS, from public addresses alone, within limits.

A customer may choose where such an address leads, so each host is checked after its name was resolved, and each
address again when its socket is made: a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import PurePosixPath
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct
from yarl import URL

from connectors.base import State
from connectors.budget import asked_once
from model.addresses import is_public
from model.errors import FaninError
from model.spoken import SpokenFile

CHUNK = 64 << 10
HEAD = 8 << 10
"""Bytes by which a file's type is told (`SpokenFile.head`)."""
AT_ONCE = 8
"""Files that a downloader fetches beside one another; the others wait, and their time has not begun."""
DOWN, DOWN_FOR = 4, 60.0
"""After so many failures in a row a host is not asked for so many seconds: no message waits for its pictures."""
TRIES = 3
"""How often a file is asked for that could not be had for a reason that may pass."""
_FIRST_PAUSE = 0.5


class NotFetched(FaninError):
    """The file cannot be had; the text says why and holds no address.

    `passing` is true where it could be had later: the network failed, or the server did.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class Rules(Struct, frozen=True, kw_only=True):
    """What may be fetched."""

    types: tuple[str, ...] = ("image/", "video/", "audio/")
    """What the declared media type must begin with."""
    most: int
    """Bytes; a larger file is not fetched."""
    within: timedelta = timedelta(seconds=60)
    """How long a file may take, redirects and repetitions included."""
    redirects: int = 3
    loopback: bool = False
    """Whether files may also come from this machine, and from there without TLS: only to try an emulator out."""


class Downloader:
    """Fetches files into the store; several may be fetched at once."""

    def __init__(self, session: aiohttp.ClientSession, rules: Rules) -> None:
        self._session, self._rules = session, rules
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._failures: dict[str, tuple[int, float]] = {}
        """Hosts that did not answer: how often in a row, and when last, by the loop's clock."""

    async def fetch(
        self, url: str, state: State, *, headers: Mapping[str, str] | None = None, tries: int = TRIES
    ) -> SpokenFile:
        """Fetch a file and keep it as a blob.  `headers` go to the first host alone.

        It is asked for at most `tries` times where what fails is passing.  Raises NotFetched, or Transient if the
        store cannot take it.
        """
        try:
            address = URL(url)
        except ValueError:
            raise NotFetched("its address is none") from None
        host, now = address.host or "", asyncio.get_running_loop().time
        async with self._turn:
            failed, last = self._failures.get(host, (0, 0.0))
            if failed >= DOWN and now() < last + DOWN_FOR:
                raise NotFetched("its host does not answer", passing=True)
            try:
                async with asyncio.timeout(self._rules.within.total_seconds()):
                    file = await self._persist(address, state, dict(headers or {}), tries)
            except (NotFetched, TimeoutError) as error:
                refusal = error if isinstance(error, NotFetched) else NotFetched("it took too long", passing=True)
                self._failures[host] = (failed + 1 if refusal.passing else 0, now())
                raise refusal from None
            self._failures.pop(host, None)
            return file

    async def _persist(self, url: URL, state: State, headers: dict[str, str], tries: int) -> SpokenFile:
        for tried in range(1, tries):
            try:
                return await self._fetch(url, state, headers)
            except NotFetched as error:
                if not error.passing:
                    raise
            await asyncio.sleep(_FIRST_PAUSE * tried)
        return await self._fetch(url, state, headers)

    async def _fetch(self, url: URL, state: State, headers: dict[str, str]) -> SpokenFile:
        for _ in range(self._rules.redirects + 1):
            self._look_at(url)
            try:
                async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                    if response.status not in (301, 302, 303, 307, 308):
                        return await self._take(response, state)
                    target = url.join(URL(response.headers.get("Location", "")))
            except aiohttp.ClientError as error:
                if (found := _refusal(error)) is not None:
                    raise found from None
                raise NotFetched(f"the server cannot be reached ({type(error).__name__})", passing=True) from None
            if target.origin() != url.origin():
                headers = {}
            url = target
        raise NotFetched("it is redirected too often")

    def _look_at(self, url: URL) -> None:
        host = url.host or ""
        near = self._rules.loopback and _is_loopback(host)
        if url.scheme != "https" and not (near and url.scheme == "http"):
            raise NotFetched("its address is not https")
        if url.user is not None or not host:
            raise NotFetched("its address is none")
        if _is_address(host) and not (near or is_public(host)):
            raise _PrivateAddress

    async def _take(self, response: aiohttp.ClientResponse, state: State) -> SpokenFile:
        rules = self._rules
        if response.status != 200:
            passing = response.status >= 500 or response.status == 429
            raise NotFetched(f"the server answers {response.status}", passing=passing)
        if not response.content_type.startswith(rules.types):
            raise NotFetched(f"it is {response.content_type[:60]}, no file of a kind that is kept")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise NotFetched("it is packed, though we did not ask for that")
        if (response.content_length or 0) > rules.most:
            raise NotFetched(f"it is larger than {rules.most} bytes")
        head = bytearray()
        blob = await state.write_blob(_pieces(response, rules.most, head))
        return SpokenFile(
            filename=PurePosixPath(response.url.path).name,
            media_type=response.content_type,
            blob=blob,
            head=bytes(head),
        )


async def _pieces(response: aiohttp.ClientResponse, most: int, head: bytearray) -> AsyncIterator[bytes]:
    size = 0
    try:
        async for piece in response.content.iter_chunked(CHUNK):
            size += len(piece)
            if size > most:
                raise NotFetched(f"it is larger than {most} bytes")
            head += piece[: HEAD - len(head)]
            yield piece
    except aiohttp.ClientError as error:
        raise NotFetched(f"it broke off ({type(error).__name__})", passing=True) from None
    if size == 0:
        raise NotFetched("it is empty", passing=True)


@asynccontextmanager
async def downloading(rules: Rules) -> AsyncIterator[Downloader]:
    """A downloader with connections of its own, while the block lasts."""

    def make_socket(found: Any) -> socket.socket:
        family, kind, protocol, _, address = found
        if not (is_public(str(address[0])) or (rules.loopback and _is_loopback(str(address[0])))):
            raise _PrivateAddress
        return socket.socket(family, kind, protocol)

    connector = aiohttp.TCPConnector(
        resolver=_PublicResolver(loopback=rules.loopback), socket_factory=make_socket, limit=AT_ONCE, ttl_dns_cache=60
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=rules.within.total_seconds(), sock_read=30, connect=10),
        headers={"Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(asked_once,),
    ) as session:
        yield Downloader(session, rules)


class _PrivateAddress(NotFetched, OSError):
    """Also an OSError, which aiohttp lets through from where a connection is made."""

    def __init__(self) -> None:
        NotFetched.__init__(self, "its host is not on the public internet")


class _PublicResolver(AbstractResolver):
    """Resolves a name to its public addresses alone."""

    def __init__(self, *, loopback: bool) -> None:
        self._resolver, self._loopback = aiohttp.ThreadedResolver(), loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look the name up.  Raises an OSError if it has none but private addresses."""
        found = await self._resolver.resolve(host, port, family)
        kept = [one for one in found if is_public(one["host"]) or (self._loopback and _is_loopback(one["host"]))]
        if not kept:
            raise _PrivateAddress
        return kept

    async def close(self) -> None:
        """Nothing is held."""


def _refusal(error: BaseException | None) -> NotFetched | None:
    """Our own refusal, however aiohttp wrapped it."""
    while error is not None:
        if isinstance(error, _PrivateAddress):
            return error
        error = getattr(error, "os_error", None) or error.__cause__
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)
