"""What `/v1/status` says of how far a helpdesk is behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fanin.http import _note_lag
from model.health import Health
from store.ledger import Backlog


def test_the_lag_of_a_helpdesk_is_the_age_of_the_oldest_that_waits_for_it() -> None:
    """The oldest of all lanes counts, what is done leaves no lag, and a connector's own is not touched."""
    now = datetime.now(UTC)
    desk, idle, mail = Health("desk", "helpdesk"), Health("idle", "helpdesk"), Health("desk", "connector")
    mail.lag = idle.lag = timedelta(hours=1)
    waiting = [Backlog("desk", lane, 1, now - timedelta(minutes=age)) for lane, age in (("normal", 9), ("bulk", 5))]

    _note_lag([desk, idle, mail], waiting)

    assert timedelta(minutes=9) <= desk.lag < timedelta(minutes=10)
    assert idle.lag == timedelta(0)
    assert mail.lag == timedelta(hours=1)
