"""The console script as a process: started, watched and ended by its process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import orjson
import yaml

SCRIPT = Path(sys.executable).with_name("fanin")
FAILPOINTS = Path(__file__).with_name("failpoints")


def _ports() -> Iterator[int]:
    """Ports of this worker of pytest alone, one after the other, from below those that systems give to connections."""
    worker, share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), 1_000
    first = 10_000 + worker % 20 * share
    begin = int.from_bytes(os.urandom(2), "big") % share
    return cycle([first + (begin + number) % share for number in range(share)])


_PORTS = _ports()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that nobody else takes before a server comes to it."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port := next(_PORTS)))
            return port


def until(condition: Callable[[], bool], *, within: float, what: str) -> None:
    """Wait until something outside this process holds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited {within} s in vain: {what}"
        time.sleep(0.02)


class Daemon:
    """A folder with a configuration, and the daemon that runs on it."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.inbox = self.data / "inbox"
        self.private = f"127.0.0.1:{free_port()}"
        self.configuration: dict[str, Any] = {
            "data_dir": str(self.data),
            "http": {"public": f"127.0.0.1:{free_port()}", "private": self.private},
            "store": {"min_free_disk": "1 MiB"},
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._looked_at = (0, 0, 0)
        """The helpdesk's file, how many bytes of it were looked at, and how many events are in them."""
        for part in ("tmp", "new", "cur"):
            (self.inbox / part).mkdir(parents=True, exist_ok=True)

    @property
    def log(self) -> str:
        """Everything that was logged so far, by every run."""
        return (self.folder / "log").read_text()

    def start(self, environ: Mapping[str, str] = {}, *arguments: str) -> None:
        """Start the daemon; it need not be ready yet."""
        self.write_configuration()
        with (self.folder / "log").open("ab") as log, (self.folder / "out").open("wb") as out:
            self.process = subprocess.Popen(
                [SCRIPT, "run", "--config", self.folder / "fanin.yaml", *arguments],
                env=self._environ(environ),
                stdout=out,
                stderr=log,
                cwd=self.folder,
            )

    def write_configuration(self) -> None:
        """Write the configuration file."""
        (self.folder / "fanin.yaml").write_text(yaml.safe_dump(self.configuration))

    def wait_ready(self, within: float = 30) -> None:
        """Wait until the daemon has said what it watches."""
        until(lambda: self._ended() or bool((self.folder / "out").read_bytes()), within=within, what="ready")
        assert not self._ended(), self.log

    def die_at(self, point: str, count: int, *, within: float = 60) -> None:
        """Start it, and wait until it has died at the named point."""
        self.start({"FAILPOINT": f"{point}:{count}", "PYTHONPATH": str(FAILPOINTS)})
        assert self.process is not None
        assert self.process.wait(within) == -signal.SIGKILL, self.log

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)

    def terminate(self, within: float = 10) -> float:
        """Stop it as an operator does; how many seconds that took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.terminate()
        status = self.process.wait(within)
        assert status == 0, self.log
        return time.monotonic() - begun

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the script on the same configuration."""
        self.write_configuration()
        return subprocess.run(
            [SCRIPT, *command, "--config", self.folder / "fanin.yaml"],
            env=self._environ({}),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
            check=False,
        )

    def drop(self, name: str, content: bytes) -> None:
        """Deliver a mail into the Maildir, as mail servers do: by way of tmp/."""
        temporary = self.inbox / "tmp" / name
        temporary.write_bytes(content)
        temporary.rename(self.inbox / "new" / name)

    def waiting(self) -> int:
        """How many mails lie in new/."""
        return sum(1 for _ in (self.inbox / "new").iterdir())

    def tickets(self) -> list[dict[str, Any]]:
        """The events that the helpdesk has; a line that is being written does not count."""
        path = self.data / "tickets" / "tickets.jsonl"
        if not path.exists():
            return []
        return [orjson.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]

    def count_tickets(self) -> int:
        """How many events the helpdesk has; of a file that grew only what is new is looked at, for it may be long."""
        path = self.data / "tickets" / "tickets.jsonl"
        if not path.exists():
            return 0
        with path.open("rb") as file:
            now = os.fstat(file.fileno())
            inode, end, count = self._looked_at
            if inode != now.st_ino or now.st_size < end:  # a correction exchanges the file
                end, count = 0, 0
            file.seek(end)
            new = file.read()
        self._looked_at = (now.st_ino, end + new.rfind(b"\n") + 1, count + new.count(b"\n"))
        return self._looked_at[2]

    def wait_for_tickets(self, count: int, within: float = 60) -> list[dict[str, Any]]:
        """Wait until the helpdesk has that many events."""
        until(lambda: self.count_tickets() >= count or self._ended(), within=within, what=f"{count} tickets")
        assert not self._ended(), self.log
        return self.tickets()

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _environ(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FANIN_", "PYTHONDONTWRITE"))}
        return kept | more
