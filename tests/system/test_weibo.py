"""Reading Weibo, the daemon is killed and Weibo fails: everything is one ticket message, in order, within the calls."""

from __future__ import annotations

import json
import os
import random
import re
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.daemon import Daemon, until
from tests.support.weibo_emulator import FAULTS, PNG, Emulator
from tests.support.weibo_server import serving
from tests.support.weibo_world import OUR_POST, World

SEED = int(os.environ.get("FANIN_TEST_SEED", "20261122"))
SOAK = bool(os.environ.get("FANIN_SOAK"))
MESSAGES, RESTARTS = (10_000, 200) if SOAK else (2_000, 20)
STEP = 5 if SOAK else 25
"""The most that is written at once: in small steps the daemon lives long enough to get something done."""
AUTHORS = 60


def _write(emulator: Emulator, number: int, dice: random.Random) -> None:
    """Somebody mentions us, or comments on our post or on their own."""
    world, uid, text = emulator.world, str(1000 + dice.randrange(AUTHORS)), f"number {number};"
    posts = [one for one in world.lists["mentions"][-100:] if world.objects[one]["user"]["idstr"] == uid]
    if dice.random() < 0.4:
        world.mention(uid, text, pictures=["a.jpg"] * (dice.random() < 0.1))
    else:
        world.comment(uid, text, on=dice.choice([OUR_POST, *posts]), mention=dice.random() < 0.2)


def _assert_complete(daemon: Daemon, count: int) -> None:
    """Each message once, in the order of its conversation, and balanced books."""
    said: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in daemon.tickets():
        found = re.match(r"number (\d+);", event["data"]["message"]["text"])
        assert found is not None
        said[event["partitionkey"]].append((int(event["sequence"]), int(found[1])))
    assert sorted(number for pairs in said.values() for _, number in pairs) == list(range(count))
    for pairs in said.values():
        assert [sequence for sequence, _ in pairs] == list(range(1, len(pairs) + 1))
        assert [number for _, number in pairs] == sorted(number for _, number in pairs)
    audit = daemon.run("audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def _get(daemon: Daemon, path: str) -> str:
    with urllib.request.urlopen(f"http://{daemon.private}{path}", timeout=60) as answer:
        return str(answer.read().decode())


def _answer(daemon: Daemon, number: str, text: str) -> None:
    request = urllib.request.Request(
        f"http://{daemon.private}/v1/tickets/{number}/replies",
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": text},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 202


@pytest.mark.slow
@pytest.mark.timeout(400 if not SOAK else 6000)
def test_killed_at_random_instants(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    """While people write, Weibo fails and the daemon dies, nothing is lost or doubled, and every call is counted."""
    dice, number, in_flight = random.Random(SEED), 0, 0
    emulator = Emulator(World(), limit=20_000)
    emulator.most, emulator.chance, emulator.dice, emulator.shuffled = 50, 0.1, random.Random(SEED), True
    emulator.kinds = tuple(fault for fault in FAULTS if fault != "limit of the interface")  # a minute's pause
    with serving(emulator) as server:
        server.read_by(daemon)
        for turn in range(RESTARTS):
            emulator.chance = 1.0 if dice.random() < 0.1 else 0.1  # now and then Weibo is away altogether
            daemon.start()
            if dice.random() < 0.6:
                daemon.wait_ready()
            last = MESSAGES * (turn + 1) // RESTARTS
            while number < last:
                for _ in range(min(dice.randint(1, STEP), last - number)):
                    server.do(lambda emulator, number=number: _write(emulator, number, dice))
                    number += 1
                time.sleep(dice.uniform(0, 0.15))  # the instant is what is random here; nothing is waited for
            in_flight += daemon.count_tickets() < number
            if dice.random() < 0.85:
                daemon.kill()
            else:
                daemon.wait_ready()
                daemon.terminate()
        emulator.chance, done = 0.0, daemon.count_tickets()
        daemon.start()
        daemon.wait_for_tickets(MESSAGES, within=200 if not SOAK else 2000)
        called = emulator.counted
        counted = re.search(r"fanin_budget_used\{.*weibo_official.*\} ([\d.e+]+)", _get(daemon, "/metrics"))
        daemon.terminate()
    with capsys.disabled():
        print(f"\nseed {SEED}; {in_flight} of {RESTARTS} with work in flight; {done} tickets before the last start")
        print(f"{called} calls")

    assert in_flight >= RESTARTS // 2
    _assert_complete(daemon, MESSAGES)
    assert emulator.refused == 0
    assert counted is not None
    assert len({hour for hour, _ in emulator.calls}) > 1 or float(counted[1]) >= called


def test_private_messages_and_answers_go_both_ways(daemon: Daemon, tmp_path: Path) -> None:
    """Pushed messages, also while the token is refused or Weibo fails, and answers, through the whole daemon."""
    token = tmp_path / "token"
    token.write_text("old")
    emulator = Emulator(World(), limit=20_000)
    emulator.files["5"] = PNG
    with serving(emulator) as server:
        server.read_by(daemon, access_token=None, access_token_file=str(token))
        daemon.start()
        until(lambda: "connector.rejected" in daemon.log, within=30, what="rejected")
        url = f"http://{daemon.configuration['http']['public']}/hooks/weibo_official/"
        pushes: list[dict[str, Any]] = [
            {"type": "text", "sender_id": 7, "text": "hello"},
            {"type": "image", "sender_id": 7, "text": "发了一张图片", "data": {"tovfid": 5}},
        ]
        assert [server.wait_for(emulator.push(url, one)) for one in pushes] == [200, 200]
        [private, _] = daemon.wait_for_tickets(2)
        status = json.loads(_get(daemon, "/v1/status"))[0]
        server.do(lambda emulator: emulator.world.mention("8", "@us help", name="小明"))
        token.write_text("token")
        tickets = daemon.wait_for_tickets(4)
        _answer(daemon, private["subject"], "in private")
        public = next(one for one in tickets if one["data"]["conversation"]["visibility"] == "public")
        _answer(daemon, public["subject"], "in public")
        until(lambda: len(emulator.world.written) == 2, within=30, what="answers")
        emulator.kinds, emulator.chance = ("html",), 1.0
        until(lambda: "connector.retrying" in daemon.log, within=30, what="retrying")
        assert server.wait_for(emulator.push(url, {"type": "text", "sender_id": 9, "text": "while it fails"})) == 200
        assert daemon.wait_for_tickets(5)[-1]["data"]["message"]["text"] == "while it fails"
        daemon.terminate()

    assert (status["state"], "access_token_file" in status["remedy"]) == ("rejected", True)
    assert {one["data"]["conversation"]["visibility"] for one in tickets[:2]} == {"private"}
    assert [len(one["data"]["attachments"]) for one in tickets if one["subject"] == private["subject"]] == [0, 0, 1]
    assert sorted(name for name, _ in emulator.world.written) == ["comments/create", "messages/reply"]
    assert public["data"]["message"]["url"].startswith("https://weibo.com/8/")
    assert "token" not in re.findall(r"access_token=\w+", daemon.log)
