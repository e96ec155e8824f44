"""Reading X, the daemon is killed, X fails, and tokens go: every mention is one ticket message, in order."""

from __future__ import annotations

import os
import random
import re
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

import orjson
import pytest

from tests.support.daemon import Daemon, until
from tests.support.x_emulator import Emulator
from tests.support.x_server import serving

SEED = int(os.environ.get("FANIN_TEST_SEED", "20261122"))
SOAK = bool(os.environ.get("FANIN_SOAK"))
MENTIONS, RESTARTS = (10_000, 200) if SOAK else (2_000, 20)
STEP = 5 if SOAK else 25
"""The most that is written at once: in small steps the daemon lives long enough to get something done."""
AUTHORS = 60
FAULTS = ["502", "503", "429", "truncated", "dropped", "lost"]


def _mention(emulator: Emulator, number: int, dice: random.Random, threads: dict[str, str]) -> None:
    author = str(100 + dice.randrange(AUTHORS))
    thread = emulator.world.mention(f"number {number};", author, thread=threads.get(author))
    threads.setdefault(author, thread)


def _assert_complete(daemon: Daemon, count: int) -> None:
    """Each mention once, in the order of its conversation, and balanced books."""
    said: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in daemon.tickets():
        found = re.search(r"number (\d+);", event["data"]["message"]["text"])
        assert found is not None
        said[event["partitionkey"]].append((int(event["sequence"]), int(found[1])))
    assert sorted(number for pairs in said.values() for _, number in pairs) == list(range(count))
    for pairs in said.values():
        assert pairs == sorted(pairs)
        assert [sequence for sequence, _ in pairs] == list(range(1, len(pairs) + 1))
        assert [number for _, number in pairs] == sorted(number for _, number in pairs)
    assert len(said) == AUTHORS
    audit = daemon.run("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.slow
@pytest.mark.timeout(400 if not SOAK else 6000)
def test_killed_at_random_instants(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """While mentions arrive, X fails and the daemon dies, nothing is lost or doubled, and what is paid is counted."""
    dice, threads = random.Random(SEED), dict[str, str]()
    emulator = Emulator(seed=SEED)
    emulator.limits["mentions"] = [10**6, 10**6]
    trouble = {"rate": 0.15}
    emulator.fault = lambda _: dice.choice(FAULTS) if dice.random() < trouble["rate"] else None
    number, in_flight = 0, 0
    with serving(emulator) as server:
        server.read_by(daemon)
        for turn in range(RESTARTS):
            trouble["rate"] = 1.0 if dice.random() < 0.1 else 0.15  # now and then X is away altogether
            daemon.start()
            if awake := dice.random() < 0.6:  # else it may die while it starts
                daemon.wait_ready()
            last = MENTIONS * (turn + 1) // RESTARTS
            before = daemon.count_tickets()
            while number < last:
                for _ in range(min(dice.randint(1, STEP), last - number)):
                    server.do(lambda emulator, number=number: _mention(emulator, number, dice, threads))
                    number += 1
                time.sleep(dice.uniform(0, 0.15))  # the instant is what is random here; nothing is waited for
            if awake and trouble["rate"] < 1 and dice.random() < 0.5:  # others die before anything is done
                until(lambda before=before: daemon.count_tickets() > before, within=60, what="progress")  # type: ignore[misc]
            in_flight += daemon.count_tickets() < number
            daemon.terminate() if awake and dice.random() < 0.2 else daemon.kill()
        trouble["rate"], done = 0.0, daemon.count_tickets()
        daemon.start()
        daemon.wait_for_tickets(MENTIONS, within=200 if not SOAK else 2000)
        check = daemon.run("check")
        daemon.terminate()
        paid = server.do(lambda emulator: sum(emulator.world.paid.values()))
    found = re.search(r"([\d.]+) of 1000 USD this month", check.stdout)
    assert found is not None, check.stdout
    counted = round(float(found[1]) * 1_000_000)
    with capsys.disabled():
        print(f"\nseed {SEED}; {in_flight} of {RESTARTS} with work in flight; {done} tickets before the last start")
        print(f"paid {paid}, counted {counted}")

    assert in_flight >= RESTARTS // 2
    _assert_complete(daemon, MENTIONS)
    assert paid <= counted


def test_a_revoked_token_is_rejected_and_a_new_one_taken_up(daemon: Daemon, tmp_path: Path) -> None:
    """The state names the remedy, another connector goes on, and a new token in the file is enough."""
    token = tmp_path / "token"
    token.write_text("app-token")
    with serving(Emulator()) as server:
        server.read_by(daemon, bearer_token=None, bearer_token_file=str(token))
        daemon.configuration["connectors"]["drop"] = {
            "kind": "email",
            "source": {"type": "maildir", "path": str(daemon.inbox), "rest": "10 ms"},
        }
        daemon.start()
        server.do(lambda emulator: emulator.world.mention("number 0;"))
        daemon.wait_for_tickets(1)
        server.do(lambda emulator: setattr(emulator, "bearer", "another"))
        until(lambda: "connector.rejected" in daemon.log, within=20, what="rejected")
        daemon.drop("mail", b"Subject: x\r\n\r\nstill read\r\n")
        daemon.wait_for_tickets(2)
        server.do(lambda emulator: emulator.world.mention("number 1;"))
        token.write_text("another")
        tickets = daemon.wait_for_tickets(3)
        daemon.terminate()

    assert "put a valid token in bearer_token_file" in daemon.log
    assert tickets[-1]["data"]["message"]["text"] == "@acme number 1;"
    assert tickets[-1]["data"]["conversation"]["visibility"] == "public"
    assert "another" not in daemon.log
    assert server.emulator.statuses[401] <= 2


def test_an_answer_comes_out_where_the_question_was_asked(daemon: Daemon) -> None:
    """Handed over at the private door: in public below the post, in private as a direct message; refusals come back."""
    with serving(Emulator()) as server:
        server.read_by(daemon, oauth={"client_id": "client", "refresh_token": "refresh-0"})
        daemon.start()
        post = server.do(lambda emulator: emulator.world.mention("number 0;"))
        [ticket] = daemon.wait_for_tickets(1)
        number = ticket["data"]["tracking_number"]
        ids = [
            _answer(daemon, number, text, visibility) for text, visibility in (("hello", "public"), ("x", "private"))
        ]
        for one in ids:
            until(lambda one=one: _status(daemon, number, one) == "sent", within=20, what="sent")  # type: ignore[misc]
        server.do(lambda emulator: emulator.world.closed.add("42"))
        refused = _answer(daemon, number, "y", "private")
        until(lambda: _status(daemon, number, refused) == "failed", within=20, what="failed")
        sent = server.do(lambda emulator: [(one["kind"], one["to"], one["text"]) for one in emulator.world.sent])
        daemon.terminate()

    assert sent == [("post", post, "hello"), ("dm", "42", "x")]


def _answer(daemon: Daemon, number: str, text: str, visibility: str) -> str:
    """Hand an answer over as a helpdesk does; its id."""
    body = orjson.dumps({"text": text, "visibility": visibility})
    headers = {"Content-Type": "application/json", "Idempotency-Key": text}
    url = f"http://{daemon.private}/v1/tickets/{number}/replies"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as response:
        return str(orjson.loads(response.read())["id"])


def _status(daemon: Daemon, number: str, reply: str) -> str:
    url = f"http://{daemon.private}/v1/tickets/{number}/replies/{reply}"
    with urllib.request.urlopen(url, timeout=60) as response:
        return str(orjson.loads(response.read())["status"])
