"""One process that reads and several that deliver, on one data_dir, with a real Redis between them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, until
from tests.support.mail import conversation_mails
from tests.support.redis import RedisServer, started
from tests.system.books import assert_complete


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own."""
    server = started(tmp_path / "redis")
    yield server
    server.kill()


def stop_between_writes(process: subprocess.Popen[bytes], data: Path) -> None:
    """Stop a process at an instant at which it is writing neither the database nor the file of tickets.

    What is stopped in the middle of a write rightly keeps everybody from writing; in between it keeps only
    its conversations.
    """

    def writes_nothing() -> bool:
        process.send_signal(signal.SIGSTOP)
        until(lambda: _state(process.pid) == "T", within=60, what="the process to be stopped")
        locked = _written_by(process.pid)
        if locked & {path.stat().st_ino for path in (data / "tickets" / ".lock", data / "fanin.db-shm")}:
            process.send_signal(signal.SIGCONT)
            return False
        return True

    until(writes_nothing, within=60, what="an instant between two writes")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _written_by(pid: int) -> set[int]:
    """The inodes of files on which a process holds a lock to write (proc(5), `/proc/locks`)."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" not in line]
    return {int(line[5].rpartition(":")[2]) for line in lines if line[3] == "WRITE" and line[4] == str(pid)}


@pytest.mark.timeout(300)
def test_two_workers_and_an_intake_share_a_store(
    make_daemon: Callable[..., Daemon], redis_server: RedisServer, tmp_path: Path
) -> None:
    """With a worker killed and another one stopped in mid-work, every mail is at the helpdesk once and in order."""
    queue = {"kind": "arq", "url": redis_server.url}
    intake = make_daemon(queue=queue)
    workers = [make_daemon(tmp_path / f"worker{number}", queue=queue) for number in range(2)]
    helpdesks = {"archive": {"kind": "file", "path": str(intake.data / "tickets")}}
    for one in (intake, *workers):
        one.configuration |= {"data_dir": str(intake.data), "helpdesks": helpdesks}
    mails = conversation_mails(20, 10)
    intake.start({}, "--role", "intake")
    for worker in workers:
        worker.start({}, "--role", "deliver")
    for one in (intake, *workers):
        one.wait_ready(within=90)

    for number, content in enumerate(mails):
        intake.drop(f"{number:05d}", content)
    intake.wait_for_tickets(len(mails) // 10)
    workers[0].kill()
    process = workers[1].process
    assert process is not None
    stop_between_writes(process, intake.data)
    workers[0].start({}, "--role", "deliver")
    workers[0].wait_ready(within=90)
    before = len(intake.tickets())
    until(lambda: len(intake.tickets()) > before or len(intake.tickets()) == len(mails), within=30, what="the other")
    process.send_signal(signal.SIGCONT)
    intake.wait_for_tickets(len(mails))
    for one in (intake, *workers):
        one.terminate()

    assert_complete(intake, len(mails))
