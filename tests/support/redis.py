"""A real redis-server on a free port of 127.0.0.1, in a temporary folder, ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import redis

from tests.support.daemon import free_port


class RedisServer:
    """One server that keeps its data over a restart, and that a test may stop, kill, freeze and wipe."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder, self.port, self._arguments = folder, free_port(), arguments
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """A client of the test's own."""
        return redis.Redis(port=self.port, decode_responses=True)

    @staticmethod
    def missing() -> str | None:
        """Say what is missing to run one, or None."""
        return None if shutil.which("redis-server") else "redis-server (Debian: redis-server)"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
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
            self._process.wait(10)
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

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


def started(folder: Path, *arguments: str) -> RedisServer:
    """A server that runs; without one here the test is skipped, or fails where FANIN_REQUIRE_SERVERS=1."""
    if shutil.which("redis-server") is None:
        if os.environ.get("FANIN_REQUIRE_SERVERS") == "1":
            pytest.fail("redis-server is not installed, and FANIN_REQUIRE_SERVERS=1")
        pytest.skip("redis-server is not installed (tests/support/install-servers)")
    server = RedisServer(folder, *arguments)
    server.start()
    return server
