"""Reading a real Dovecot, the daemon is killed and so is the server: every mail is there once, in order."""

from __future__ import annotations

import os
import random
import smtplib
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.daemon import Daemon, until
from tests.support.dovecot import Dovecot
from tests.support.mail import conversation_mails
from tests.system.books import assert_complete
from tests.system.feed import fed
from tests.system.mailbox import read_account

SEED = int(os.environ.get("FANIN_TEST_SEED", "20261122"))
TURNS = 600 if os.environ.get("FANIN_SOAK") else 60
RESTARTS = 100 if os.environ.get("FANIN_SOAK") else 10
POINTS = {
    "after-fetch": (1, 1),
    "after-blob": (1, 3),
    "before-commit": (1, 3),  # the second is one that stores mails; before it cursors are kept
    "after-commit": (1, 3),
    "before-move": (1, 1),
    "after-publish": (1, 1),
    "request-sent": (1, 2),
    "answer-read": (1, 7),
}
"""Where to die, and for which passing of that point in each of two lives."""


def _insistent(server: Dovecot, user: str) -> Callable[[int, bytes], None]:
    """Delivers as mail servers do: a mail that was not taken, or perhaps was, is offered again."""

    def deliver(_: int, content: bytes) -> None:
        while True:
            try:
                server.deliver(user, [content])
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)
            else:
                return

    return deliver


@pytest.mark.parametrize("point", POINTS)
def test_killed_twice_at_a_point(daemon: Daemon, dovecot: Dovecot, point: str) -> None:
    """Killed twice at the same point, at different moments, every mail is at the helpdesk once."""
    options = {"after": "move", "move_to": "Done"} if point == "before-move" else {}
    user = read_account(daemon, dovecot, **options)
    mails = conversation_mails(6, 10)
    half = len(mails) // 2
    for life, count in enumerate(POINTS[point]):
        dovecot.deliver(user, mails[life * half : (life + 1) * half])
        daemon.die_at(point, count)
    daemon.start()
    daemon.wait_for_tickets(len(mails))
    daemon.terminate()

    assert_complete(daemon, len(mails))


@pytest.mark.slow
@pytest.mark.timeout(400 if TURNS == 60 else 6000)
def test_killed_at_random_instants(daemon: Daemon, dovecot: Dovecot, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed at thirty random instants while mail arrives, twenty of them with work in flight, nothing is lost."""
    dice = random.Random(SEED)
    user = read_account(daemon, dovecot)
    mails = conversation_mails(20, TURNS)
    in_flight, delays = Counter[bool](), Counter[str]()
    with fed(mails, _insistent(dovecot, user)) as feed:
        while in_flight.total() < RESTARTS * 3 or in_flight[True] < RESTARTS * 2:
            feed.allow(30)
            daemon.start()
            if awake := dice.random() < 0.75:  # else it dies while it starts
                daemon.wait_ready()
            delay = dice.uniform(0, 1.5)
            time.sleep(delay)  # the instant is what is random here; nothing is waited for
            in_flight[awake and len(daemon.tickets()) < feed.count] += 1
            daemon.kill()
            delays[f"{'ready' if awake else 'start'} + {delay:.1f} s"] += 1
            assert in_flight.total() < RESTARTS * 20, "never enough work in flight"
        arriving = feed.is_alive()
        daemon.start()
        feed.finish()
        daemon.wait_for_tickets(len(mails), within=120)
        daemon.terminate()
    with capsys.disabled():
        print(f"\nseed {SEED}; in flight {in_flight[True]} of {in_flight.total()}; {sorted(delays.items())}")

    assert arriving, "the mail came to an end before the kills did"
    assert_complete(daemon, len(mails))


@pytest.mark.slow
@pytest.mark.timeout(300 if TURNS == 60 else 6000)
def test_the_server_restarts_while_mail_arrives(
    daemon: Daemon, own_dovecot: Dovecot, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten times the server is stopped or killed at a random instant; mail that is offered again is one ticket."""
    dice = random.Random(SEED)
    user = read_account(daemon, own_dovecot)
    mails = conversation_mails(10, TURNS // 2)
    pauses = Counter[str]()
    daemon.start()
    daemon.wait_ready()
    with fed(mails, _insistent(own_dovecot, user)) as feed:
        for number in range(RESTARTS):
            seen = len(daemon.tickets())
            feed.allow(50)
            until(lambda seen=seen: len(daemon.tickets()) > seen, within=60, what="something new")  # type: ignore[misc]
            pause = dice.uniform(0, 0.7)
            time.sleep(pause)  # the instant is what is random here; nothing is waited for
            (own_dovecot.kill if number % 2 else own_dovecot.stop)()
            own_dovecot.start()
            pauses[f"{pause:.1f} s"] += 1
        feed.finish()
    daemon.wait_for_tickets(len(mails), within=120)
    with capsys.disabled():
        print(f"\nseed {SEED}; after {sorted(pauses.items())}")
    until(lambda: "waiting at the source" not in daemon.run("audit").stdout, within=60, what="the last repetition")
    daemon.terminate()

    assert_complete(daemon, len(mails))
