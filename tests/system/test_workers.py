"""One process that reads and several that deliver, on one data_dir, with a real Redis between them."""

from __future__ import annotations

import os
import signal
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


@pytest.mark.skipif(not os.environ.get("FANIN_SOAK"), reason="a long run: make soak")
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
    process.send_signal(signal.SIGSTOP)
    workers[0].start({}, "--role", "deliver")
    workers[0].wait_ready(within=90)
    before = len(intake.tickets())
    until(lambda: len(intake.tickets()) > before or len(intake.tickets()) == len(mails), within=30, what="the other")
    process.send_signal(signal.SIGCONT)
    intake.wait_for_tickets(len(mails))
    for one in (intake, *workers):
        one.terminate()

    assert_complete(intake, len(mails))
