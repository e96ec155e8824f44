"""Killed at named points and at random instants, the daemon loses nothing and repeats nothing."""

from __future__ import annotations

import os
import random
import time
from collections import Counter

import pytest

from tests.support.daemon import Daemon
from tests.support.mail import conversation_mails
from tests.system.books import assert_complete
from tests.system.feed import fed

POINTS = {
    "after-blob": (1, 2, 3),
    "before-commit": (1, 2, 3),
    "after-commit": (1, 2, 3),
    "before-acknowledge": (1, 1, 1),  # these two are passed once for a whole batch
    "after-publish": (1, 1, 1),
    "request-sent": (1, 1, 2),
    "answer-read": (1, 3, 7),
}
"""Where to die, and for which passing of that point in each of three lives."""


@pytest.mark.parametrize("point", POINTS)
def test_killed_three_times_at_a_point(daemon: Daemon, point: str) -> None:
    """Killed three times at the same point, at different moments, every mail is at the helpdesk once."""
    mails = conversation_mails(6, 10)
    third = len(mails) // 3
    for life, count in enumerate(POINTS[point]):
        for number in range(life * third, (life + 1) * third):
            daemon.drop(f"{number:05d}", mails[number])
        daemon.die_at(point, count)
    daemon.start()
    daemon.wait_for_tickets(len(mails))
    daemon.terminate()

    assert_complete(daemon, len(mails))


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_killed_at_random_instants(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed at thirty random instants, twenty of them with work in flight, every mail is there once."""
    seed = int(os.environ.get("FANIN_TEST_SEED", "20261122"))
    dice = random.Random(seed)
    mails = conversation_mails(20, 60 if not os.environ.get("FANIN_SOAK") else 600)
    in_flight, delays = Counter[bool](), Counter[str]()
    with fed(mails, lambda number, content: daemon.drop(f"{number:05d}", content)) as feed:
        while sum(in_flight.values()) < 30 or in_flight[True] < 20:
            delay = dice.uniform(0.2, 3.0)
            feed.allow(30)
            daemon.start()
            time.sleep(delay)  # the instant is what is random here; nothing is waited for
            in_flight[daemon.waiting() > 0 or len(daemon.tickets()) < feed.count] += 1
            daemon.kill()
            delays[f"{delay:.0f} s"] += 1
            assert sum(in_flight.values()) < 200, "never enough work in flight"
        daemon.start()
        feed.finish()
        daemon.wait_for_tickets(len(mails), within=120)
        daemon.terminate()
    with capsys.disabled():
        print(f"\nseed {seed}; in flight {in_flight[True]} of {in_flight.total()}; after {sorted(delays.items())}")

    assert_complete(daemon, len(mails))
