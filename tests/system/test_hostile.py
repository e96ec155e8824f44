"""Mails that are made to break parsers: a ticket, a stub or a dead letter, and the daemon goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, until
from tests.support.mail import mail
from tests.support.pipeline import processes

BACKLOG = 3000
HEAD = b"From: attacker@example.net\r\nTo: support@example.com\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n"


def _many_parts() -> Iterator[bytes]:
    yield HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    for number in range(10_000):
        yield b"--b\r\nContent-Type: application/octet-stream; name=%d\r\n\r\nx\r\n" % number
    yield b"--b--\r\n"


def _nested_multiparts() -> Iterator[bytes]:
    yield HEAD
    for number in range(40_000):
        yield b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
    yield b"Content-Type: text/plain\r\n\r\ndeep\r\n"


def _nested_divs() -> Iterator[bytes]:
    yield HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 200_000 + b"hello"


def _long_header_line() -> Iterator[bytes]:
    yield HEAD + b"X-Long: " + b"a" * 1_000_000 + b"\r\n\r\nhello\r\n"


def _many_recipients() -> Iterator[bytes]:
    yield HEAD + b"Cc: " + b",\r\n ".join(b"user%d@example.com" % one for one in range(40_000)) + b"\r\n\r\nhello\r\n"


def _random_bytes() -> Iterator[bytes]:
    yield random.Random(1).randbytes(500_000)


def _huge() -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    for _ in range(200):
        yield b"0123456789abcde\n" * 65_536


def _empty() -> Iterator[bytes]:
    yield b""


CASES: dict[str, Callable[[], Iterator[bytes]]] = {
    "empty": _empty,
    "200-megabytes": _huge,
    "10000-parts": _many_parts,
    "40000-nested-multiparts": _nested_multiparts,
    "nested-divs": _nested_divs,
    "1-megabyte-header-line": _long_header_line,
    "40000-addresses": _many_recipients,
    "random-bytes": _random_bytes,
}


@pytest.mark.slow
def test_hostile_mails_stop_nothing(daemon: Daemon) -> None:
    """One of each kind: each is accounted for in bounded time and memory, and the mails behind them too."""
    daemon.start()
    daemon.wait_ready()
    assert daemon.process is not None
    begun = time.monotonic()
    for number, (name, make) in enumerate(CASES.items()):
        with (daemon.inbox / "tmp" / name).open("wb") as file:
            file.writelines(make())
        (daemon.inbox / "tmp" / name).rename(daemon.inbox / "new" / name)
        daemon.drop(f"good{number}", mail(number))

    tickets = daemon.wait_for_tickets(2 * len(CASES), within=90)

    assert time.monotonic() - begun < 90
    until(lambda: daemon.waiting() == 0, within=60, what="everything acknowledged")
    assert daemon.process.poll() is None, "the daemon must keep its process"
    assert _peak_memory(daemon.process.pid) < 600 * 1024 * 1024
    assert daemon.terminate() < 10
    texts = {
        event["data"]["message"]["source_id"].partition(":")[0]: event["data"]["message"]["text"] for event in tickets
    }
    assert set(CASES) <= set(texts)
    assert "209715292 bytes" in texts["200-megabytes"]
    assert "hello" in texts["nested-divs"]
    audit = daemon.run("audit")
    assert audit.returncode == 0, audit.stdout


def test_sigterm_while_a_hostile_mail_is_read(daemon: Daemon) -> None:
    """A child process that is at work when the daemon is told to stop does not delay it."""
    daemon.start()
    daemon.wait_ready()
    with (daemon.inbox / "new" / "nested").open("wb") as file:
        file.writelines(_nested_multiparts())
    until(lambda: "message.isolated" in daemon.log or bool(daemon.tickets()), within=30, what="the child at work")

    assert daemon.terminate() < 10

    daemon.start()
    daemon.wait_for_tickets(1)
    daemon.terminate()


def test_a_backlog_outlives_the_process_that_understands_it(daemon: Daemon) -> None:
    """Whenever that is killed, what it has not given back is read elsewhere, and every mail is a ticket once."""
    for number in range(BACKLOG):
        daemon.drop(f"backlog{number}", mail(number))
    daemon.start()
    assert daemon.process is not None
    killed = set[int]()
    while len(killed) < 3 and daemon.count_tickets() < BACKLOG:
        for pid in processes(daemon.process.pid) - killed:
            if _has_answered(pid):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        time.sleep(0.005)

    tickets = daemon.wait_for_tickets(BACKLOG, within=120)

    assert killed, "no process understood the backlog"
    assert daemon.terminate() < 10
    assert len({event["data"]["message"]["source_id"] for event in tickets}) == len(tickets) == BACKLOG
    assert not any(event["data"]["attachments"] for event in tickets), "no mail may be a stub"
    audit = daemon.run("audit")
    assert audit.returncode == 0, audit.stdout


def _has_answered(pid: int) -> bool:
    """Whether a process has written as much as the tickets of some mails."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(int(line.split()[1]) > 10_000 for line in lines if line.startswith("wchar"))


def _peak_memory(pid: int) -> int:
    """The most memory (bytes) that the process held so far, as Linux counts it."""
    with Path(f"/proc/{pid}/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def test_what_was_being_read_when_the_daemon_died_is_read_in_a_child(daemon: Daemon) -> None:
    """A message that stood in the journal at the start is isolated, however harmless it looks."""
    content = mail(1)
    daemon.drop("suspect", content)
    daemon.start()
    [event] = daemon.wait_for_tickets(1)
    daemon.terminate()
    source_id = event["data"]["message"]["source_id"]
    for path in [*daemon.data.glob("fanin.db*"), daemon.data / "tickets" / "tickets.jsonl"]:
        path.unlink()
    (daemon.data / "parsing" / "999999999-0").write_text(f'["{source_id}"]')
    (daemon.inbox / "cur" / "suspect:2,").rename(daemon.inbox / "new" / "suspect")

    daemon.start()
    daemon.wait_for_tickets(1)
    daemon.terminate()

    assert "it was being read when the daemon last ended" in daemon.log
    assert list((daemon.data / "parsing").iterdir()) == []
