"""A real redis-server on a free port of 127.0.0.1, in a temporary folder, ended by its process id."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

from tests.support.certificate import Certificate
from tests.support.daemon import free_port
from tests.support.lacking import lacking


class RedisServer:
    """One server that keeps its data over a restart, and that a test may stop, kill, freeze and wipe."""

    def __init__(self, folder: Path, *arguments: str, tls: Certificate | None = None) -> None:
        self.folder, self.port, self._arguments, self._tls = folder, free_port(), arguments, tls
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis{'s' if self._tls else ''}://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A client of the test's own."""
        trusted = {"ssl_ca_certs": str(self._tls.certificate)} if self._tls else {}
        made: redis.Redis = redis.Redis.from_url(self.url, decode_responses=True, **trusted)
        return made

    @staticmethod
    def missing() -> str | None:
        """Say what is missing to run one, or None."""
        return None if shutil.which("redis-server") else "redis-server (Debian: redis-server)"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", *self._listening(), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        options = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--loglevel", "warning"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, *options, *self._arguments], stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def freeze(self) -> None:
        """Let it hang with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Forget everything."""
        with self.client() as client:
            client.flushall()

    def _listening(self) -> list[str]:
        if self._tls is None:
            return ["--port", str(self.port)]
        files = ["--tls-cert-file", str(self._tls.certificate), "--tls-key-file", str(self._tls.key)]
        return ["--port", "0", "--tls-port", str(self.port), *files, "--tls-auth-clients", "no"]

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


class Sentinel:
    """A Sentinel that watches a master under the name `desk`, and gives it up after half a second of silence."""

    def __init__(self, folder: Path, master: RedisServer) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        (folder / "sentinel.conf").write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor desk 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds desk 500\nsentinel failover-timeout desk 2000\n"
        )
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["redis-server", folder / "sentinel.conf", "--sentinel"], stdout=log, stderr=log
            )

    def knows_replica(self) -> bool:
        """Whether it has found a replica that could take over."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            try:
                found: list[list[str]] = client.execute_command("SENTINEL", "REPLICAS", "desk")
                named = [dict(zip(one[::2], one[1::2], strict=True)) for one in found]
                return any(one["master-link-status"] == "ok" for one in named)
            except redis.ConnectionError:
                return False

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait(60)


def started(folder: Path, *arguments: str, tls: Certificate | None = None) -> RedisServer:
    """A server that runs; without one here the test is skipped, or fails where FANIN_REQUIRE_SERVERS=1."""
    if shutil.which("redis-server") is None:
        lacking("redis-server")
    server = RedisServer(folder, *arguments, tls=tls)
    server.start()
    return server
