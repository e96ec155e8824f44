"""Delivering to a real Request Tracker, the daemon is killed: one ticket a conversation, one message each, in order."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable

import pytest

from tests.support.daemon import Daemon, until
from tests.support.mail import conversation_mails
from tests.support.rt import Rt

pytestmark = [pytest.mark.xdist_group("rt"), pytest.mark.slow, pytest.mark.timeout(7200)]

SOAK = bool(os.environ.get("FANIN_SOAK"))
CONVERSATIONS, EACH = (200, 5) if SOAK else (8, 5)
LIVES = {"rt-before-request": (5, 60), "rt-request-sent": (7, 80), "rt-answer-read": (6, 70)}
"""Where to die, and for which passing of that point in each of two lives, the second only in a long run."""


def test_killed_at_named_points(make_daemon: Callable[..., Daemon], rt: Rt) -> None:
    """Killed before, in and after a request, RT holds each message once, in order, one ticket a conversation."""
    daemon = make_daemon(
        helpdesks={
            "desk": {
                "kind": "rt",
                "url": rt.url,
                "token": rt.tokens["fanin"],
                "queue": "Support",
                "timeout": "20 s" if SOAK else "8 s",
                "server_limit": "5 s" if SOAK else "2 s",
            }
        },
    )
    mails = conversation_mails(CONVERSATIONS, EACH, attached_every=10)
    for number, content in enumerate(mails):
        daemon.drop(f"{number:05d}", content)

    for point, lives in LIVES.items():
        for count in lives if SOAK else lives[:1]:
            daemon.die_at(point, count, within=900)
    daemon.start()
    until(lambda: rt.count() >= len(mails), within=3600, what=f"{len(mails)} messages in RT")
    daemon.terminate()

    _assert_each_once_in_order(rt, len(mails))
    audit = daemon.run("audit")
    assert audit.returncode == 0, audit.stdout
    checked = daemon.run("check")
    assert "ok    helpdesk desk" in checked.stdout, checked.stdout


def _assert_each_once_in_order(rt: Rt, count: int) -> None:
    """Compare what RT has with `count` numbered mails."""
    stored = rt.events()
    cases: dict[str, set[int]] = defaultdict(set)
    said: dict[str, list[int]] = defaultdict(list)
    for ticket, event in stored:
        cases[event.partitionkey].add(ticket)
        said[event.partitionkey].append(int(event.sequence))
    assert sorted(int(event.data.message.text.split()[-1]) for _, event in stored) == list(range(count))
    assert len(cases) == len({ticket for ticket, _ in stored}) == CONVERSATIONS
    assert all(len(tickets) == 1 for tickets in cases.values())
    assert all(sequences == list(range(1, EACH + 1)) for sequences in said.values())
