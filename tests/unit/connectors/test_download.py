"""Files are fetched within limits, and from the public internet alone."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

import connectors.download
from connectors.download import NotFetched, Rules, downloading
from tests.support.memory import MemoryState

PICTURE = b"\x89PNG" + b"." * 200_000


class Host:
    """A server of files on this machine."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.failures = 0
        self.url = ""
        self.gone = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the path asks for."""
        self.asked.append((request.path, request.headers.get("Authorization")))
        what = request.match_info["what"]
        if target := self._redirects().get(what):
            raise web.HTTPFound(target)
        if what == "flaky.png" and self.failures:
            self.failures -= 1
            raise web.HTTPBadGateway
        match what:
            case "picture.png" | "flaky.png":
                return web.Response(body=PICTURE, content_type="image/png")
            case "page.png":
                return web.Response(text="<html>", content_type="text/html")
            case "packed.png":
                body = gzip.compress(PICTURE)
                return web.Response(body=body, content_type="image/png", headers={"Content-Encoding": "gzip"})
            case "endless.png":
                return await self._endless(request)
            case "slow.png":
                return await self._stalled(request)
        raise web.HTTPNotFound

    def _redirects(self) -> dict[str, str]:
        return {
            "round.png": self.url + "/round.png",
            "moved.png": "/picture.png",
            "other.png": self.url.replace("127.0.0.1", "localhost") + "/picture.png",
            "inside.png": "http://169.254.169.254/latest/meta-data",
        }

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        while True:
            await response.write(b"." * 65536)

    async def _stalled(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "image/png", "Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"...")
        await self.gone.wait()
        return response


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    """A running server."""
    host, app = Host(), web.Application()
    app.router.add_get("/{what}", host.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield host
    host.gone.set()
    await runner.cleanup()


async def _fetch(url: str, **rules: Any) -> Any:
    state = MemoryState()
    given: dict[str, Any] = {"most": 1 << 20, "loopback": True, "within": timedelta(seconds=5)} | rules
    async with downloading(Rules(**given)) as downloader:
        return await downloader.fetch(url, state, headers={"Authorization": "Bearer t"})


async def test_a_file_is_kept_as_a_blob(host: Host) -> None:
    """It has the name of its address, the declared type, its digest, and its first 8 KiB to look at."""
    file = await _fetch(host.url + "/picture.png?name=orig")

    assert (file.filename, file.media_type, file.blob.size) == ("picture.png", "image/png", len(PICTURE))
    assert file.blob.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert file.head == PICTURE[:8192]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("page.png", "it is text/html"),
        ("packed.png", "it is packed"),
        ("endless.png", "larger than 1048576 bytes"),
        ("round.png", "redirected too often"),
        ("inside.png", "not https"),
        ("nothing.png", "answers 404"),
    ],
)
async def test_what_is_no_such_file_is_refused(host: Host, what: str, why: str) -> None:
    """Other types, packed and endless answers, circles, ways inside, and what is not there: each with its reason."""
    with pytest.raises(NotFetched, match=why):
        await _fetch(f"{host.url}/{what}")


async def test_a_file_takes_no_longer_than_it_may(host: Host) -> None:
    """A server that stops in the middle is given up."""
    with pytest.raises(NotFetched, match="took too long"):
        await _fetch(host.url + "/slow.png", within=timedelta(milliseconds=100))

    assert len(host.asked) == 1


async def test_what_fails_for_a_moment_is_asked_for_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bad gateways are followed by the file."""
    monkeypatch.setattr(connectors.download, "_FIRST_PAUSE", 0)
    host.failures = 2

    assert (await _fetch(host.url + "/flaky.png")).blob.size == len(PICTURE)


async def test_a_host_that_is_down_is_not_waited_for_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """After four failures in a row the next files are refused at once; a minute later it is asked again."""
    monkeypatch.setattr(connectors.download, "_FIRST_PAUSE", 0)
    host.failures = 10**6
    async with downloading(Rules(most=1 << 20, loopback=True)) as downloader:
        for _ in range(6):
            with pytest.raises(NotFetched):
                await downloader.fetch(host.url + "/flaky.png", MemoryState())
        asked, host.failures = len(host.asked), 0
        monkeypatch.setattr(connectors.download, "DOWN_FOR", 0)
        await downloader.fetch(host.url + "/flaky.png", MemoryState())

    assert asked == 4 * 3


async def test_credentials_go_to_the_first_host_alone(host: Host) -> None:
    """A redirect on the same host keeps them, one to another host does not."""
    await _fetch(host.url + "/moved.png")
    await _fetch(host.url + "/other.png")

    assert [token for _, token in host.asked] == ["Bearer t", "Bearer t", "Bearer t", None]


@pytest.mark.parametrize(
    "url",
    [
        *("https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/x", "https://localhost/x"),
        *("https://10.0.0.1/x", "https://[::ffff:10.0.0.1]/x", "https://2130706433/x", "https://127.1/x"),
        *(
            "http://1.1.1.1/x",
            "file:///etc/passwd",
            "https://user:pass@1.1.1.1/x",
            "https:///x",
            "nothing",
            "",
            "https://[",
        ),
    ],
)
async def test_ways_inside_are_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Private addresses in every spelling, names that lead there, and what is not https."""
    monkeypatch.setattr(connectors.download, "_FIRST_PAUSE", 0)
    with pytest.raises(NotFetched, match=r"public internet|not https|is none|cannot be reached"):
        await _fetch(url, loopback=False)


async def test_a_name_that_leads_inside_at_the_second_look_is_refused(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is looked at again when the socket is made, whatever the resolver said."""

    async def resolve(*_: Any, **__: Any) -> list[dict[str, Any]]:
        port = int(host.url.rpartition(":")[2])
        return [{"hostname": "a.example", "host": "127.0.0.1", "port": port, "family": 2, "proto": 6, "flags": 0}]

    monkeypatch.setattr(connectors.download._PublicResolver, "resolve", resolve)
    monkeypatch.setattr(connectors.download, "_FIRST_PAUSE", 0)
    with pytest.raises(NotFetched, match="not on the public internet"):
        await _fetch("https://a.example/picture.png", loopback=False)

    assert host.asked == []
