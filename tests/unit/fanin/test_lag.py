"""What `/v1/status` says of how far a helpdesk is behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from aiohttp.test_utils import TestClient, TestServer

from fanin.door import Door
from fanin.http import Surface, _note_lag
from model.health import Health
from store.ledger import Backlog
from store.store import Store


def test_the_lag_of_a_helpdesk_is_the_age_of_the_oldest_that_waits_for_it() -> None:
    """The oldest of all lanes counts, what is done leaves no lag, and a connector's own is not touched."""
    now = datetime.now(UTC)
    desk, idle, mail = Health("desk", "helpdesk"), Health("idle", "helpdesk"), Health("desk", "connector")
    mail.lag = idle.lag = timedelta(hours=1)
    waiting = [Backlog("desk", lane, 1, now - timedelta(minutes=age)) for lane, age in (("normal", 9), ("bulk", 5))]

    _note_lag([desk, idle, mail], waiting)

    assert desk.lag is not None
    assert timedelta(minutes=9) <= desk.lag < timedelta(minutes=10)
    assert idle.lag == timedelta(0)
    assert mail.lag == timedelta(hours=1)


async def test_the_states_are_shown_while_the_store_cannot_be_read(store: Store) -> None:
    """The lag of a helpdesk is then unknown, with the reason; a connector's own and the states are told as ever."""
    desk, mail = Health("desk", "helpdesk"), Health("mail", "connector")
    mail.proven(lag=timedelta(seconds=7))
    desk.proven()
    surface = Surface(store, lambda: [desk, mail])
    door = Door(store, {}, None, lambda: None)
    async with TestClient(TestServer(surface.private(None, door))) as client:
        before = await (await client.get("/v1/status")).json()
        with closing(sqlite3.connect(store.data_dir / "fanin.db")) as connection, connection:
            connection.execute("ALTER TABLE delivery RENAME TO elsewhere")

        answer, metrics = await client.get("/v1/status"), await client.get("/metrics")
        told, samples = await answer.json(), await metrics.text()

    assert [(one["lag_seconds"], one["lag_unknown"]) for one in before] == [(0, None), (7, None)]
    assert [one["state"] for one in told] == ["running", "running"]
    assert [one["lag_seconds"] for one in told] == [None, 7]
    assert "the store cannot be read" in told[0]["lag_unknown"]
    assert told[1]["lag_unknown"] is None
    assert 'fanin_lag_seconds{kind="connector",name="mail"} 7.0' in samples
    assert 'fanin_lag_seconds{kind="helpdesk",name="desk"}' not in samples
