"""Killed while many customers write, the daemon loses nothing that it acknowledged and repeats nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from tests.support.chat import GENEROUS, Customer
from tests.support.daemon import Daemon

SOAK = bool(os.environ.get("FANIN_SOAK"))
CUSTOMERS, MESSAGES, KILLS = (500, 40, 8) if SOAK else (500, 4, 3)
Acks = dict[tuple[int, int], str]


async def _write(customer: Customer, number: int, acks: Acks) -> None:
    """Send numbered messages over sockets, each until it is acknowledged, whatever the server does meanwhile."""
    ids = [str(uuid.uuid4()) for _ in range(MESSAGES)]
    turn = 0
    while turn < MESSAGES:
        with contextlib.suppress(aiohttp.ClientError, OSError, TypeError, TimeoutError):
            if not customer.token:
                await customer.open()
            async with await customer.socket() as socket:
                while turn < MESSAGES:
                    message = {"type": "message", "client_msg_id": ids[turn], "text": f"customer {number} says {turn}"}
                    await socket.send_json(message)
                    acks[number, turn] = await _acknowledged(socket, ids[turn])
                    turn += 1
        await asyncio.sleep(0.05)


async def _acknowledged(socket: aiohttp.ClientWebSocketResponse, id_: str) -> str:
    """The message's id, once it is acknowledged.  Raises TypeError where the socket is closed before."""
    while True:
        frame: dict[str, Any] = await socket.receive_json(timeout=20)
        if frame["type"] == "ack" and frame["client_msg_id"] == id_:
            return str(frame["message_id"])


async def _killed_meanwhile(daemon: Daemon, seed: int) -> Acks:
    """What was acknowledged to customers who write while the daemon is killed and started again."""
    dice, acks = random.Random(seed), Acks()
    base = f"http://{daemon.configuration['http']['public']}/v1/chat"
    total = CUSTOMERS * MESSAGES
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        writing = [asyncio.create_task(_write(Customer(http, base), number, acks)) for number in range(CUSTOMERS)]
        for kill in range(KILLS):
            await asyncio.to_thread(daemon.start)
            wanted = total * (kill + dice.random()) / (KILLS + 1)
            while len(acks) < wanted:
                await asyncio.sleep(0.005)
            daemon.kill()
        await asyncio.to_thread(daemon.start)
        async with asyncio.timeout(600 if SOAK else 120):
            await asyncio.gather(*writing)
    return acks


@pytest.mark.slow
@pytest.mark.timeout(1800 if SOAK else 240)
def test_killed_under_load(make_daemon: Callable[..., Daemon], capsys: pytest.CaptureFixture[str]) -> None:
    """Every acknowledged message is at the helpdesk once and in order; every other arrives by the client's retry."""
    seed = int(os.environ.get("FANIN_TEST_SEED", "20261122"))
    with capsys.disabled():
        print(f"\nseed {seed}")
    allow = {"sockets_per_address": 10_000}
    daemon = make_daemon(connectors={"web": {"kind": "chat", "rates": GENEROUS, "allow": allow}})
    acks = asyncio.run(_killed_meanwhile(daemon, seed))
    events = daemon.wait_for_tickets(len(acks), within=300 if SOAK else 120)
    daemon.terminate()

    assert {event["id"] for event in events} == set(acks.values())
    assert len(events) == len(acks) == CUSTOMERS * MESSAGES
    said: dict[str, list[str]] = defaultdict(list)
    for event in events:
        said[event["partitionkey"]].append(event["data"]["message"]["text"])
    assert len(said) == CUSTOMERS
    for texts in said.values():
        assert [int(text.split()[-1]) for text in texts] == list(range(MESSAGES))
    assert daemon.run("audit").returncode == 0
