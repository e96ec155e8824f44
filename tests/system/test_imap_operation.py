"""What an operator does with an IMAP account, by the console script and against a real Dovecot."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from tests.support.daemon import Daemon, until
from tests.support.dovecot import Dovecot
from tests.support.mail import conversation_mails, mail
from tests.system.books import assert_complete
from tests.system.mailbox import read_account


def test_backfill_brings_in_what_was_before_the_start(daemon: Daemon, dovecot: Dovecot) -> None:
    """Mail that was passed as before-start becomes a ticket by backfill, once, beside the daemon that reads on."""
    user = read_account(daemon, dovecot, start="now")
    mails = conversation_mails(3, 2)
    dovecot.deliver(user, mails[:4])
    daemon.start()
    daemon.wait_ready()
    until(lambda: _states(daemon) == {"ignored: before-start": 4}, within=30, what="the old mail to be passed")
    dovecot.deliver(user, mails[4:])
    daemon.wait_for_tickets(2)

    for _ in range(2):
        again = daemon.run("backfill", "mail", "--since", "2020-01-01", "--folder", "INBOX")
        assert again.returncode == 0, again.stderr
        assert "6 messages handed over" in again.stdout

    daemon.wait_for_tickets(len(mails))
    daemon.terminate()
    assert _states(daemon) == {"accepted": 6}
    assert {event["data"]["message"]["text"].split()[-1] for event in daemon.tickets()} == set("012345")


def test_the_audit_counts_what_waits_at_the_server(daemon: Daemon, dovecot: Dovecot) -> None:
    """Mail that came while nothing ran waits at the source, which is no imbalance, and then is read."""
    user = read_account(daemon, dovecot)
    _read(daemon, dovecot, user, 2)
    dovecot.deliver(user, [mail(2), mail(3)])

    audit = daemon.run("audit")

    assert audit.returncode == 0, audit.stdout
    assert _states(daemon) == {"accepted": 2, "waiting at the source": 2}
    daemon.start()
    daemon.wait_for_tickets(4)
    daemon.terminate()
    assert_complete(daemon, 4)


def test_the_audit_finds_what_was_passed_and_is_unknown(daemon: Daemon, dovecot: Dovecot) -> None:
    """A mail below the cursor that the store does not know is an imbalance with its name and the remedy."""
    user = read_account(daemon, dovecot)
    _read(daemon, dovecot, user, 3)
    with closing(sqlite3.connect(daemon.data / "fanin.db")) as database, database:
        database.execute("UPDATE message SET source_id = 'lost' WHERE source_id LIKE '%:2'")

    audit = daemon.run("audit")

    assert audit.returncode == 1
    assert "does not balance: 1 messages that mail has passed are at the source" in audit.stdout
    assert ":2: fanin backfill mail reads them" in audit.stdout
    assert daemon.run("audit", "--offline").returncode == 0


def test_a_server_that_is_away_is_named_and_no_imbalance(daemon: Daemon, own_dovecot: Dovecot) -> None:
    """Where the source cannot be reached the audit says so and judges by the books; --offline does not ask."""
    user = read_account(daemon, own_dovecot)
    _read(daemon, own_dovecot, user, 1)
    own_dovecot.stop()

    asked, offline = daemon.run("audit"), daemon.run("audit", "--offline")

    assert (asked.returncode, offline.returncode) == (0, 0)
    assert "mail cannot be asked what it holds: " in asked.stdout
    assert asked.stdout.splitlines()[-1] == "balanced"
    assert "cannot be asked" not in offline.stdout


def _read(daemon: Daemon, server: Dovecot, user: str, count: int) -> None:
    """Let the daemon read that many mails and end."""
    server.deliver(user, [mail(number) for number in range(count)])
    daemon.start()
    daemon.wait_for_tickets(count)
    daemon.terminate()


def _states(daemon: Daemon) -> dict[str, int]:
    """How many messages are in which state, by `fanin audit`."""
    lines = [line.split() for line in daemon.run("audit").stdout.splitlines() if line.startswith("messages")]
    return {" ".join(words[2:-1]): int(words[-1]) for words in lines}
