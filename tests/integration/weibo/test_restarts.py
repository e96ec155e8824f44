"""Ended at random instants while the hours go by: nothing is missing or there twice, and no call is too many."""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.support.clock import FastClock
from tests.support.weibo import Desk
from tests.support.weibo_emulator import Emulator, served
from tests.support.weibo_world import OUR_POST, World

SEED = int(os.environ.get("FANIN_TEST_SEED", "20261122"))
SOAK = bool(os.environ.get("FANIN_SOAK"))
RESTARTS, MESSAGES = (200, 10_000) if SOAK else (20, 2000)
SKEW = timedelta(seconds=20)
"""How much later an hour begins for Weibo than for us."""
CALLS = 150


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An account whose hour takes two seconds, on a Weibo that is unwell every tenth time."""
    clock = FastClock(1800)
    emulator = Emulator(World(now=lambda: clock.now() - SKEW), limit=CALLS)
    emulator.most, emulator.chance, emulator.dice = 50, 0.1, random.Random(SEED)
    emulator.shuffled = True
    async with served(emulator) as address:
        yield Desk(emulator, address, clock)


def _write(desk: Desk, dice: random.Random, said: dict[str, list[str]]) -> None:
    """Let somebody mention us or comment, in one of many conversations."""
    uid, text = str(dice.randrange(1000, 1040)), str(sum(map(len, said.values())))
    if dice.random() < 0.5:
        number = desk.world.mention(uid, text)
        said[f"weibo:{number}:{uid}"].append(text)
        return
    on = dice.choice([OUR_POST, *desk.world.lists["mentions"][-20:]])
    uid = dice.choice([uid, desk.world.objects[on]["user"]["idstr"]]) if on != OUR_POST else uid
    desk.world.comment(uid, text, on=on, mention=dice.random() < 0.3)
    said[f"weibo:{on}:{uid}"].append(text)


@pytest.mark.timeout(60 if not SOAK else 3600)
async def test_ended_at_random_instants_everything_is_one_message(desk: Desk) -> None:
    """Each message once, in the order of its conversation, and no hour's calls exceeded."""
    print(f"seed {SEED}")
    dice, said = random.Random(SEED), defaultdict[str, list[str]](list)
    for _ in range(RESTARTS):
        connector = desk.connector(reconcile="2 min", reserve=20)
        async with desk.running(connector):
            for _ in range(MESSAGES // RESTARTS // 10):
                for _ in range(10):
                    _write(desk, dice, said)
                await asyncio.sleep(dice.uniform(0, 0.08))
    async with desk.running(desk.connector(reconcile="2 min", reserve=20)):
        await desk.intake.until_accepted(MESSAGES, within=45 if not SOAK else 600)

    _assert_complete(desk, said)
    assert desk.emulator.refused == 0
    assert len({hour for hour, _ in desk.emulator.calls}) > 1


def _assert_complete(desk: Desk, said: dict[str, list[str]]) -> None:
    heard = defaultdict[str, list[str]](list)
    for one in desk.spoken():
        heard[one.key].append(one.text)
    assert {key: texts for key, texts in said.items() if sorted(heard[key]) != sorted(texts)} == {}
    assert {key: heard[key] for key in said if heard[key] != said[key]} == {}
    assert len(desk.intake.accepted) == len({one.source_id for one in desk.intake.accepted})
