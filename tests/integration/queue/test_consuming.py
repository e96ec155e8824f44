"""The consumers of docs/consuming.md, run exactly as they stand there, and killed in the middle of their work."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

from delivery.helpdesks.consumer import ConsumerHelpdesk
from delivery.settings import ConsumerSettings
from store.store import Store
from tests.support.delivery import Bench, until
from tests.support.drafts import arrival, batch, draft
from tests.support.lacking import lacking
from tests.support.redis import RedisServer

pytestmark = pytest.mark.timeout(300)

PAGE = (Path(__file__).parents[3] / "docs" / "consuming.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
[SHELL] = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
TEXTS = {"redis-py": ("stream", "py", PYTHON[0]), "shell": ("stream", "sh", SHELL), "arq": ("arq", "py", PYTHON[1])}
CONVERSATIONS, FOLLOW_UPS = 10, 3


class Consumer:
    """One of the page's consumers as a process, in a folder where it keeps what it took."""

    def __init__(self, name: str, folder: Path, server: RedisServer) -> None:
        if name == "shell" and shutil.which("redis-cli") is None:
            lacking("redis-cli")
        self.transport, suffix, text = TEXTS[name]
        self.folder, self._script = folder, folder / f"consumer.{suffix}"
        self._command = [sys.executable if suffix == "py" else "/bin/sh", str(self._script)]
        self._environ = {**os.environ, "REDIS_URL": server.url, "DEAD_AFTER": "300", "JOB_TIMEOUT": "1"}
        self._script.write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Let it work."""
        self._process = subprocess.Popen(
            self._command, cwd=self.folder, env=self._environ, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def kill(self) -> None:
        """End it, and what it started, as a power cut would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(60)
            self._process = None

    def kept(self) -> list[tuple[str, str, str]]:
        """Id, conversation and text of what it has, in the order in which it came."""
        if (self.folder / "tickets.jsonl").exists():
            whole, _, _ = (self.folder / "tickets.jsonl").read_bytes().rpartition(b"\n")  # the rest is being written
            events = [orjson.loads(line) for line in whole.splitlines()]
            return [(one["id"], one["partitionkey"], one["data"]["message"]["text"]) for one in events]
        if not (self.folder / "tickets.db").exists():
            return []
        with closing(sqlite3.connect(self.folder / "tickets.db")) as database, suppress(sqlite3.OperationalError):
            return database.execute("SELECT id, conversation, text FROM ticket ORDER BY rowid").fetchall()
        return []


def bench_for(store: Store, server: RedisServer, transport: str) -> tuple[Bench, ConsumerHelpdesk]:
    """A delivery whose helpdesk `desk` consumes."""
    settings: dict[str, Any] = {"kind": "consumer", "transport": transport, "url": server.url, "queue": "bot"}
    helpdesk = ConsumerHelpdesk(ConsumerSettings.model_validate(settings))
    return Bench(store, helpdesk=helpdesk), helpdesk


async def say_everything(store: Store) -> int:
    """Accept conversations of several messages each; how many messages."""
    for round_ in range(FOLLOW_UPS + 1):
        numbers = [(round_ * CONVERSATIONS + one, one) for one in range(CONVERSATIONS)]
        drafts = [draft(number, answers=first if round_ else None) for number, first in numbers]
        await store.accept(batch(*(arrival(one) for one in drafts)))
    return CONVERSATIONS * (FOLLOW_UPS + 1)


def assert_in_order(kept: list[tuple[str, str, str]]) -> None:
    """Within each conversation messages stand in their order."""
    texts: dict[str, list[int]] = defaultdict(list)
    for _, conversation, text in kept:
        texts[conversation].append(int(text.split()[-1]))
    assert len(texts) == CONVERSATIONS
    assert [one for one in texts.values() if one != sorted(one)] == []


@pytest.mark.parametrize("name", TEXTS)
async def test_a_consumer_that_is_killed_misses_nothing(
    store: Store, redis_server: RedisServer, tmp_path: Path, name: str
) -> None:
    """Killed twice in mid-work, a consumer of the page has everything once and in order, and the books balance."""
    consumer = Consumer(name, tmp_path, redis_server)
    bench, helpdesk = bench_for(store, redis_server, consumer.transport)
    count = await say_everything(store)
    try:
        async with bench.running():
            for part in (count // 8, count // 3, count):
                consumer.start()
                await until(lambda part=part: len(consumer.kept()) >= part, within=100)  # type: ignore[misc]
                if part < count:
                    consumer.kill()
            await _until_delivered(store, count)
            await asyncio.wait_for(_until_empty(helpdesk), 60)
    finally:
        consumer.kill()
        await helpdesk.close()

    kept = consumer.kept()
    assert len({id_ for id_, _, _ in kept}) == len(kept) == count
    assert_in_order(kept)
    assert (await store.account(["desk"])).imbalances == []


async def test_half_an_event_is_not_taken_for_the_event(
    store: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Where a crash cut a line of the shell consumer short, that event is kept again, and whole."""
    consumer = Consumer("shell", tmp_path, redis_server)
    bench, helpdesk = bench_for(store, redis_server, consumer.transport)
    count = await say_everything(store)
    [(_, first)] = await store.unpublished("desk", "normal", 1)
    (tmp_path / "tickets.jsonl").write_text(f'{{"id":"{first.event}","partitionkey":')
    try:
        async with bench.running():
            consumer.start()
            await until(lambda: len(consumer.kept()) >= count, within=100)
    finally:
        consumer.kill()
        await helpdesk.close()

    assert first.event in {id_ for id_, _, _ in consumer.kept()}


async def test_a_wiped_redis_loses_nothing_and_repeats_nothing_acknowledged(
    store: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    """What was acknowledged before a wipe is not sent again; what was not is."""
    consumer = Consumer("redis-py", tmp_path, redis_server)
    bench, helpdesk = bench_for(store, redis_server, "stream")
    count = await say_everything(store)
    try:
        async with bench.running():
            consumer.start()
            await until(lambda: len(consumer.kept()) >= count // 4, within=30)
            consumer.kill()
            await asyncio.wait_for(_until_booked(helpdesk), 60)
            before = {id_ for id_, _, _ in consumer.kept()}
            (tmp_path / "tickets.db").unlink()
            redis_server.wipe()
            consumer.start()
            await _until_delivered(store, count)
    finally:
        consumer.kill()
        await helpdesk.close()

    again = {id_ for id_, _, _ in consumer.kept()}
    assert len(before | again) == count
    assert len(before & again) <= 10  # taken, and killed before they were acknowledged


async def _until_delivered(store: Store, count: int) -> None:
    async with asyncio.timeout(60):
        while True:
            lines = (await store.account(["desk"])).lines
            if any(one.state == "delivered" and one.count == count for one in lines):
                return
            await asyncio.sleep(0.02)


async def _until_booked(helpdesk: ConsumerHelpdesk) -> None:
    """Wait until every acknowledgement is in the ledger."""
    while await helpdesk.acknowledged():
        await asyncio.sleep(0.01)


async def _until_empty(helpdesk: ConsumerHelpdesk) -> None:
    """Wait until the queue holds nothing that was booked."""
    await _until_booked(helpdesk)
