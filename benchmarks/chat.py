"""The chat on one core: durable POSTs against bare aiohttp, 500 sockets, and what an idle socket costs.

`python -m benchmarks.chat` runs the daemon as it is installed (rates raised) and a client in a process of its own.
The bare side answers 201 to the same POSTs in the same kind of process, with the same client, by turns.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

RATE = "1000000/second"
TEXT = "My transfer to the exchange has been pending for an hour, and the balance is gone. " * 2 + "Please help me now."
CONNECTIONS, POSTS = 50, 4000
SOCKETS, MESSAGES = 500, 20
IDLE = 5000
AT_ONCE = 50


def main(posts: int = POSTS, sockets: int = SOCKETS, idle: int = IDLE) -> None:
    """Measure, and print rates and ratios."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with _daemon() as (process, base):
        asyncio.run(_measure(process, base, posts, sockets, idle))


async def _measure(process: subprocess.Popen[bytes], base: str, posts: int, sockets: int, idle: int) -> None:
    # First: memory that traffic has used before would be used again, and count as nothing.
    print(f"  an idle socket                {await _idle(process.pid, base, idle) / 1024:8.1f} KB  (at most 16)")
    ours, bare = [], []
    for _ in range(3):
        with _bare() as address:
            bare.append(await _post(f"{address}/x", "", posts))
        async with _client() as http:
            url, token = await _session(http, base)
        ours.append(await _post(f"{url}/messages", token, posts // 4))
    ratio = statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))
    print(f"  durable POSTs, {CONNECTIONS} connections {statistics.median(ours):8.0f} /s")
    print(f"  bare aiohttp                  {statistics.median(bare):8.0f} /s")
    print(f"  ratio                         {ratio:8.3f}   (at least 0.07)")
    rate, latencies = await _sockets(base, sockets, None)
    print(f"  {sockets} sockets, as fast as acked {rate:8.0f} /s   (at least 2500)  p99 {_p99(latencies):.0f} ms")
    rate, latencies = await _sockets(base, sockets, 2500 / 2)
    print(f"  {sockets} sockets, at a pace of 1250 {rate:7.0f} /s   p99 {_p99(latencies):.0f} ms   (below 50)")


async def _post(url: str, token: str, count: int) -> float:
    """POSTs a second, each with a message of its own."""
    left = iter(range(count))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def connection(http: aiohttp.ClientSession) -> None:
        for _ in left:
            body = b'{"client_msg_id": "%s", "text": "%s"}' % (str(uuid.uuid4()).encode(), TEXT.encode())
            async with http.post(url, data=body, headers=headers) as answer:
                assert answer.status == 201, await answer.text()
                await answer.read()

    async with _client() as http:
        begun = time.perf_counter()
        await asyncio.gather(*(connection(http) for _ in range(CONNECTIONS)))
        return count / (time.perf_counter() - begun)


async def _sockets(base: str, count: int, pace: float | None) -> tuple[float, list[float]]:
    """Acknowledged messages a second, and how long each waited; at a pace, or as fast as each socket may."""
    latencies: list[float] = []
    async with _client() as http:
        opened = await _opened(http, base, count)
        begun = time.perf_counter()

        async def talk(number: int, ws: aiohttp.ClientWebSocketResponse) -> None:
            for turn in range(MESSAGES):
                if pace:
                    due = begun + (turn * count + number) / pace
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                sent = time.perf_counter()
                await ws.send_json({"type": "message", "client_msg_id": str(uuid.uuid4()), "text": TEXT})
                while (await ws.receive_json())["type"] != "ack":
                    pass
                latencies.append(time.perf_counter() - sent)

        await asyncio.gather(*(talk(number, ws) for number, ws in enumerate(opened)))
        seconds = time.perf_counter() - begun
        await asyncio.gather(*(ws.close() for ws in opened))
    return len(latencies) / seconds, latencies


async def _idle(pid: int, base: str, count: int) -> float:
    """Bytes of memory that the daemon has more for each open socket."""
    async with _client() as http:
        warm = await _opened(http, base, 100)
        before = _rss(pid)
        opened = await _opened(http, base, count)
        await asyncio.sleep(1)
        grown = _rss(pid) - before
        await asyncio.gather(*(ws.close() for ws in [*opened, *warm]))
    return grown / count


async def _opened(http: aiohttp.ClientSession, base: str, count: int) -> list[aiohttp.ClientWebSocketResponse]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> aiohttp.ClientWebSocketResponse:
        async with gate:
            _, token = await _session(http, base)
            ws = await http.ws_connect(f"{base}/ws", compress=0)
            await ws.send_json({"type": "auth", "token": token})
            assert (await ws.receive_json())["type"] == "ready"
            return ws

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def _session(http: aiohttp.ClientSession, base: str) -> tuple[str, str]:
    async with http.post(f"{base}/sessions", json={}) as answer:
        body: Any = await answer.json()
        assert answer.status == 201, body
        return f"{base}/sessions/{body['session_id']}", body["session_token"]


@asynccontextmanager
async def _client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        yield http


@contextmanager
def _daemon() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    rates = dict.fromkeys(("messages", "uploads", "requests", "sessions", "refusals", "app", "app_sessions"), RATE)
    allow = {"sockets": 100_000, "sockets_per_address": 100_000}
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = {
            "data_dir": f"{folder}/data",
            "connectors": {"web": {"kind": "chat", "rates": rates, "allow": allow}},
            "http": {"public": f"127.0.0.1:{port}", "private": f"127.0.0.1:{_free_port()}"},
        }
        file = Path(folder) / "fanin.yaml"
        file.write_text(yaml.safe_dump(config))
        script = Path(sys.executable).with_name("fanin")
        command = [script, "run", "--role", "intake", "--config", file]
        with _process(command, port) as process:
            yield process, f"http://127.0.0.1:{port}/v1/chat"


@contextmanager
def _bare() -> Iterator[str]:
    port = _free_port()
    with _process([sys.executable, "-m", "benchmarks.chat", "--bare", str(port)], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _process(command: list[Any], port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process on one core, the first, from when it listens."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _serve_bare(port: int) -> None:
    import uvloop  # noqa: PLC0415 - as the daemon does

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=201)

    uvloop.install()
    application = web.Application()
    application.add_routes([web.post("/x", answer)])
    web.run_app(application, host="127.0.0.1", port=port, access_log=None, print=None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _p99(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=100)[98] * 1000


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        _serve_bare(int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
