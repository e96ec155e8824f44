"""What must be true after every crash: every mail is there once, in order, and the books balance."""

from __future__ import annotations

import hashlib
from collections import defaultdict

from tests.support.daemon import Daemon


def assert_complete(daemon: Daemon, count: int) -> None:
    """Compare what the helpdesk has with `count` numbered mails, and ask `fanin audit`, which asks the source."""
    tickets = daemon.tickets()
    numbers = [int(event["data"]["message"]["text"].split()[-1]) for event in tickets]
    assert sorted(numbers) == list(range(count))
    _assert_order(tickets)
    _assert_attachments(daemon, tickets)
    audit = daemon.run("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert "waiting at the source" not in audit.stdout
    assert "cannot be asked" not in audit.stdout
    assert f"accepted {count:>33}".split() == _line(audit.stdout, "accepted")


def _assert_order(tickets: list[dict]) -> None:
    said: dict[str, list[int]] = defaultdict(list)
    for event in tickets:
        said[event["partitionkey"]].append(int(event["sequence"]))
    for sequences in said.values():
        assert sequences == list(range(1, len(sequences) + 1))


def _assert_attachments(daemon: Daemon, tickets: list[dict]) -> None:
    for attachment in (one for event in tickets for one in event["data"]["attachments"]):
        content = (daemon.data / "tickets" / "attachments" / attachment["sha256"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == attachment["sha256"]


def _line(output: str, state: str) -> list[str]:
    """The state and the count of the line about messages in a state."""
    return next(line.split()[2:] for line in output.splitlines() if line.startswith("messages") and state in line)
