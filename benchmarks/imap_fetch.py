"""Fetch over TLS, fanin's reader beside node's imapflow, and what an idle mailbox costs.

    python -m benchmarks.imap_fetch [--rounds 5] [--messages 5000] [--idle 1000]

Both clients read the same folder of a Dovecot of the benchmark's own, by turns; medians and their ratio
are printed.  fanin's figures include everything that its reader does: UID list, sizes and times of
arrival, envelopes, cursor; only the store is one that forgets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
import uvloop

from connectors.email.imap_login import connect
from connectors.email.imap_source import ImapReader
from connectors.email.settings import EmailSettings, ImapSource
from model.envelope import Envelope, Receipt
from model.json import Json
from tests.support.dovecot import PASSWORD, Dovecot, sample
from tests.support.memory import MemoryHealth, MemoryState

NODE = Path(__file__).parent / "node"
USER = "bench@example.com"


class Forgetful:
    """An Intake that counts."""

    def __init__(self, expected: int) -> None:
        self.count = self.bytes = 0
        self.done = asyncio.Event()
        self._expected = expected

    async def cursor(self, stream: str) -> Json | None:  # noqa: ARG002 - the contract's words
        """There is none."""
        return None

    def ahead(self, batch: Sequence[Envelope]) -> AbstractAsyncContextManager[Sequence[Envelope]]:
        """Nothing is understood here."""
        return nullcontext(batch)

    async def accept(self, batch: Sequence[Envelope], *, stream: str = "", cursor: Json | None = None) -> list[Receipt]:  # noqa: ARG002
        """Count the batch."""
        self.count += len(batch)
        self.bytes += sum(envelope.size for envelope in batch)
        if self.count >= self._expected:
            self.done.set()
        return [Receipt(status="accepted") for _ in batch]


def settings(port: int, user: str, ca: str) -> EmailSettings:
    """An account of the benchmark's server."""
    source = {"type": "imap", "host": "127.0.0.1", "port": port, "user": user, "password": PASSWORD, "ca_file": ca}
    return EmailSettings(kind="email", source=source, start="all")  # type: ignore[arg-type]


async def read_all(port: int, ca: str, expected: int) -> dict[str, Any]:
    """Read the folder with the reader, from its connection to the last accept."""
    config = settings(port, USER, ca)
    assert isinstance(config.source, ImapSource)
    intake = Forgetful(expected)
    start, before = time.perf_counter(), _cpu()
    task = asyncio.create_task(ImapReader("mail", config, config.source, MemoryHealth()).run(intake, MemoryState()))
    await intake.done.wait()
    seconds, cpu = time.perf_counter() - start, _cpu() - before
    task.cancel()
    await asyncio.wait([task])
    return {"count": intake.count, "bytes": intake.bytes, "seconds": seconds, "cpu": cpu, "rss": _peak()}


async def idle(port: int, ca: str, count: int) -> dict[str, Any]:
    """Hold that many logged-in connections in IDLE, and say what they cost."""
    first = await _idling(port, ca, 10)
    before = _resident()
    sessions = await _idling(port, ca, count)
    after, cpu, start = _resident(), _cpu(), time.perf_counter()
    await asyncio.sleep(10)
    share = (_cpu() - cpu) / (time.perf_counter() - start)
    for task in first + sessions:
        task.cancel()
    await asyncio.gather(*first, *sessions, return_exceptions=True)
    return {"mailboxes": count, "bytes_each": (after - before) // count, "cpu_share": share}


async def _idling(port: int, ca: str, count: int) -> list[asyncio.Task[None]]:
    state, tasks = MemoryState(), []
    places = asyncio.Semaphore(20)

    async def one(number: int, ready: asyncio.Future[None]) -> None:
        config = settings(port, f"idle{number}@example.com", ca)
        assert isinstance(config.source, ImapSource)
        async with places:
            opened = connect(config.source, state, None)
            session = await opened.__aenter__()
            await session.select("INBOX")
        ready.set_result(None)
        try:
            await session.wait(timedelta(minutes=20))
        finally:
            await opened.__aexit__(None, None, None)

    loop = asyncio.get_running_loop()
    waiting = [loop.create_future() for _ in range(count)]
    tasks = [asyncio.create_task(one(number, ready)) for number, ready in enumerate(waiting)]
    await asyncio.gather(*waiting)
    await asyncio.sleep(1)
    return tasks


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _run(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def compare(rounds: int, messages: int, idlers: int) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="fanin-bench-"))
    server = Dovecot(folder)
    server.start()
    try:
        numbers = random.Random(1)
        server.fill(USER, (sample(n, size=int(numbers.lognormvariate(9.9, 1.0))) for n in range(messages)))
        ca = str(server.certificate.certificate)
        this = [sys.executable, "-m", "benchmarks.imap_fetch", "--port", str(server.imaps), "--ca", ca]
        node = ["node", str(NODE / "imap_fetch.mjs"), "127.0.0.1", str(server.imaps), USER, PASSWORD, ca, "50"]
        _fetch(rounds, lambda: _run([*this, "--client", "fetch", "--messages", str(messages)]), lambda: _run(node))
        if idlers:
            found = _run([*this, "--client", "idle", "--idle", str(idlers)])
            print(f"idle: {found['mailboxes']} mailboxes, {found['bytes_each'] / 1024:.1f} KiB each, ", end="")
            print(f"{100 * found['cpu_share']:.2f} % of one core")
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(rounds: int, fanin: Callable[[], dict[str, Any]], node: Callable[[], dict[str, Any]]) -> None:
    runs = [(fanin(), node()) for _ in range(rounds)]
    assert all(one["bytes"] == other["bytes"] for one, other in runs)
    for name, side in (("fanin", 0), ("imapflow", 1)):
        speed = statistics.median(run[side]["count"] / run[side]["seconds"] for run in runs)
        cpu = statistics.median(run[side]["cpu"] for run in runs)
        rss = statistics.median(run[side]["rss"] for run in runs)
        print(f"{name:10}{speed:8.0f} messages/s{cpu:8.2f} s CPU{rss / 2**20:8.0f} MiB")
    faster = statistics.median(other["seconds"] / one["seconds"] for one, other in runs)
    cheaper = statistics.median(one["cpu"] / other["cpu"] for one, other in runs)
    print(f"ratio     {faster:8.2f} x speed     {100 * cheaper:8.0f} % of the CPU")


def main() -> None:
    """Parse the command line: without --client it starts the server and both clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--client", choices=["fetch", "idle"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--ca")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    if options.client == "fetch":
        print(json.dumps(uvloop.run(read_all(options.port, options.ca, options.messages))))
    elif options.client == "idle":
        print(json.dumps(uvloop.run(idle(options.port, options.ca, options.idle))))
    else:
        compare(options.rounds, options.messages, options.idle)


if __name__ == "__main__":
    main()
