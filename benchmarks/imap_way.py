"""The whole way: from a Dovecot to the ticket delivered, fanin beside a node stack that does as much of it.

    python -m benchmarks.imap_way [--rounds 3] [--messages 5000] [--arrivals 100]

Both read the same folder over TLS, by turns, and end with the last ticket in a Redis that is synced once a second.
fanin does everything that it does in operation: it parses and understands each mail, stores original and attachments
encrypted, commits with a synced disk, and delivers through its queue to a helpdesk that takes its tickets from a
stream and acknowledges them.  The node stack (imapflow, mailparser, ioredis) parses, digests the attachments without
keeping them, and adds each ticket to a stream.  A third figure is fanin's with the helpdesk of the embedded default, a
folder in which every attachment stands again as a file that is synced.

Then mails are delivered one by one, and the time is taken from the server's "taken" to the ticket at the helpdesk.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from benchmarks.daemon import Daemon
from benchmarks.imap_fetch import NODE, USER
from benchmarks.mail import Mail, generate
from tests.support.dovecot import PASSWORD, Dovecot, sample

SERVER_PAUSE = 0.5
"""Seconds that Dovecot waits before it tells of new mail."""
_GROUP = "consumers"


class Tickets:
    """The helpdesk's file as it grows, each byte looked at once."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "tickets" / "tickets.jsonl"
        self._read = self.count = 0

    def wait_for(self, count: int, *, pause: float) -> None:
        """Look at the file every `pause` seconds until it has that many lines."""
        deadline = time.monotonic() + 600
        while self._look() < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.count} of {count} tickets after ten minutes")
            time.sleep(pause)

    def _look(self) -> int:
        if self._path.exists() and self._path.stat().st_size > self._read:
            with self._path.open("rb") as file:
                file.seek(self._read)
                found = file.read()
            self._read += len(found)
            self.count += found.count(b"\n")
        return self.count


class Consumer:
    """A helpdesk that takes its tickets from a stream and acknowledges them, as docs/consuming.md has it."""

    def __init__(self, address: str) -> None:
        self._server = redis.Redis.from_url(address)
        self._streams: dict[Any, Any] = {f"fanin:bot:{lane}": ">" for lane in ("urgent", "normal", "bulk")}
        self._server.flushall()
        for stream in self._streams:
            self._server.xgroup_create(stream, _GROUP, id="0", mkstream=True)

    def take(self, count: int) -> None:
        """Return when so many tickets were acknowledged."""
        while count > 0:
            found: Any = self._server.xreadgroup(_GROUP, "bench", self._streams, count=500, block=1000)
            with self._server.pipeline(transaction=False) as pipeline:
                for stream, entries in found:
                    pipeline.xack(stream, _GROUP, *(entry for entry, _ in entries))
                    count -= len(entries)
                pipeline.execute()


@contextmanager
def reading(server: Dovecot, user: str, place: Path, **more: Any) -> Iterator[tuple[Daemon, Tickets]]:
    """A daemon that reads the account, from its first moment on, and what it has delivered.

    Its folder stays: ext4 creates files slowly for a while after many were deleted, which the next one would pay.
    """
    folder = Path(tempfile.mkdtemp(dir=place))
    source = {"type": "imap", "host": "127.0.0.1", "port": server.imaps, "user": user, "password": PASSWORD}
    source["ca_file"] = str(server.certificate.certificate)
    connectors = {"mail": {"kind": "email", "source": source, "start": "all"}}
    with Daemon(folder, connectors=connectors, **more) as daemon:
        daemon.wait_ready()
        yield daemon, Tickets(folder / "data")


def way(server: Dovecot, count: int, place: Path, address: str | None = None) -> dict[str, Any]:
    """Read the folder, from the daemon's readiness (before it logs in) to the last ticket at the helpdesk."""
    bot = {"kind": "consumer", "transport": "stream", "url": address}
    consumer = Consumer(address) if address else None
    with reading(server, USER, place, **({"helpdesks": {"bot": bot}} if address else {})) as (daemon, tickets):
        begun, before = time.perf_counter(), daemon.processor()
        if consumer:
            consumer.take(count)
        else:
            tickets.wait_for(count, pause=0.02)
        seconds = time.perf_counter() - begun
        cpu, rss = daemon.processor() - before, daemon.memory("VmHWM")
    return {"count": count, "seconds": seconds, "cpu": cpu, "rss": rss}


def arrivals(server: Dovecot, count: int, place: Path) -> list[float]:
    """Seconds from the delivery of each mail to its ticket at the helpdesk, mails being delivered one by one."""
    dice, found = random.Random(1), []
    user = "arrivals@example.com"
    server.deliver(user, [sample(0)])
    with reading(server, user, place) as (_, tickets):
        tickets.wait_for(1, pause=0.01)
        for number in range(1, count + 1):
            time.sleep(
                1 + dice.uniform(0, 0.3)
            )  # longer than the server's pause, so that each arrival is told by itself
            server.deliver(user, [sample(number)])
            begun = time.perf_counter()
            tickets.wait_for(number + 1, pause=0.001)
            found.append(time.perf_counter() - begun)
    return found


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """A Redis that appends to a file and syncs it every second; its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise SystemExit("redis-server did not start")


def node(server: Dovecot, address: str) -> dict[str, Any]:
    """Read the folder with the node stack, from the opened folder to the last answer of Redis."""
    account = ["127.0.0.1", str(server.imaps), USER, PASSWORD, str(server.certificate.certificate)]
    command = ["node", str(NODE / "imap_to_redis.mjs"), *account, "50", address]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def compare(server: Dovecot, folder: Path, mails: Sequence[Mail], rounds: int) -> None:
    """Measure both by turns, and print medians and their ratio."""
    subprocess.run(["npm", "ci", "--silent", "--no-fund", "--no-audit"], cwd=NODE, check=True)
    server.fill(USER, (mail.raw for mail in mails))
    with server.client(USER) as client:  # so that neither pays for the server's first look at the files
        client.select("INBOX", readonly=True)
    count = len(mails)
    with redis_server(folder) as address:
        runs = [(way(server, count, folder, address), node(server, address)) for _ in range(rounds)]
    filed = [way(server, count, folder)]
    if any(side["count"] != count for run in (*runs, filed) for side in run):
        raise SystemExit("a stack did not read every mail")
    for name, side in (("fanin", [one for one, _ in runs]), ("node", [one for _, one in runs]), ("to files", filed)):
        speed = statistics.median(one["count"] / one["seconds"] for one in side)
        cpu = statistics.median(1e3 * one["cpu"] / one["count"] for one in side)
        rss = statistics.median(one["rss"] for one in side)
        print(f"  {name:8}{speed:8.0f} messages/s{cpu:8.2f} ms CPU each{rss / 1e6:8.0f} MB at the most")
    faster = statistics.median(other["seconds"] / one["seconds"] for one, other in runs)
    cheaper = statistics.median(one["cpu"] / other["cpu"] for one, other in runs)
    print(f"  ratio   {faster:8.2f} x speed (at least 1.5, aim for 3), {100 * cheaper:.0f} % of the CPU")


def _print_arrivals(seconds: Sequence[float]) -> None:
    beyond = sorted(1e3 * (one - SERVER_PAUSE) for one in seconds)
    p50, p99 = (beyond[round(share * (len(beyond) - 1))] for share in (0.5, 0.99))
    print(f"  delivered to ticket, beyond the server's {1e3 * SERVER_PAUSE:.0f} ms: ", end="")
    print(f"p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(beyond)} (p99 at most 150)")


def main() -> None:
    """Parse the command line, start the servers, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--arrivals", type=int, default=100)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fanin-bench-"))
    server = Dovecot(folder)
    server.start()
    try:
        compare(server, folder, generate(options.messages), options.rounds)
        _print_arrivals(arrivals(server, options.arrivals, folder))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
