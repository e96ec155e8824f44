"""Messages that must not be understood in the daemon's own process, and what becomes of them."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from fanin.child import DECODE, ENCODE, Task
from fanin.children import Children
from fanin.isolation import BACKLOG, Isolation, Journal
from fanin.overrun import Overrun, Work
from fanin.reading import Reading
from model.draft import Context, Draft
from model.envelope import Envelope
from model.errors import Transient
from model.spoken import SPOKEN, Spoken
from model.ticket import Identity
from normalizer.normalize import normalize
from normalizer.precheck import MAX_TAGS
from tests.support.pipeline import processes

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CONTEXT = Context(now=NOW)
MEMORY = 2**30
LIMIT = timedelta(seconds=60)


def said(number: int) -> Envelope:
    """A message of a chat session."""
    content = Spoken(
        text=f"number {number};",
        key="chat:1",
        follows=("chat:1",),
        sender="Ann",
        identities=(Identity(kind="chat", value="ann"),),
        participants=("chat:ann",),
    )
    raw = msgspec.json.encode(content)
    return Envelope(
        connector="web",
        channel="chat",
        account="a",
        source_id=f"1/{number}",
        received_at=NOW,
        raw=raw,
        size=len(raw),
        media_type=SPOKEN,
    )


def task(number: int, *, memory: int = MEMORY) -> bytes:
    """A message as a child gets it."""
    envelope = said(number)
    assert isinstance(envelope.raw, bytes)
    messages = [(envelope, envelope.raw)]
    return ENCODE(Task(messages=messages, context=CONTEXT, memory=memory, seconds=60, alone=True))


def text(output: bytes) -> str:
    """What the message said that a child understood."""
    [outcome] = DECODE(output)
    assert isinstance(outcome, Reading)
    return outcome.draft.message.text


def after_a_crash(folder: Path, *, suspects: int, memory: int = MEMORY) -> Isolation:
    """What reads messages in a daemon that died with so many of them in work."""
    folder.mkdir()
    (folder / "999999999-0").write_bytes(msgspec.json.encode([said(number).source_id for number in range(suspects)]))
    return Isolation(Journal(folder), time_limit=LIMIT, memory=memory)


def endless(envelope: Envelope, raw: bytes, context: Context) -> Draft:
    """A normalizer with a defect: it never comes to an end with the second message."""
    while envelope.source_id == "1/1":
        pass
    return normalize(envelope, raw, context)


def letter(number: int) -> tuple[Envelope, bytes]:
    """A mail, and what it is."""
    raw = f"From: ann@example.com\nSubject: {number}\n\nnumber {number};\n".encode()
    envelope = msgspec.structs.replace(said(number), channel="email", media_type="message/rfc822", raw=raw)
    return msgspec.structs.replace(envelope, size=len(raw)), raw


async def read_letters(isolation: Isolation, count: int) -> list[Reading]:
    """Understand so many mails at once."""
    return await isolation.read([letter(number) for number in range(count)], [CONTEXT] * count)


def texts(readings: list[Reading]) -> list[str]:
    """What the messages said."""
    return [one.draft.message.text.strip() for one in readings]


async def read(isolation: Isolation, count: int) -> list[Reading]:
    """Understand so many messages at once."""
    messages = [(one, one.raw) for one in map(said, range(count)) if isinstance(one.raw, bytes)]
    return await isolation.read(messages, [CONTEXT] * count)


def failing(*_: object) -> Draft:
    """A normalizer that knows nothing."""
    raise ValueError


@pytest.fixture
async def warm(tmp_path: Path) -> AsyncIterator[Isolation]:
    """What reads messages in a daemon beside which a process waits for a backlog."""
    isolation = Isolation(Journal(tmp_path / "parsing"), time_limit=LIMIT, memory=MEMORY)
    while not processes():
        await read_letters(isolation, BACKLOG)
    while not isolation._readers.is_warm(bytes):
        await asyncio.sleep(0.01)
    yield isolation
    await isolation.close()


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    """One child at most."""
    made = Children(1, time_limit=LIMIT)
    yield made
    await made.close()


async def test_messages_share_a_process(children: Children) -> None:
    """One start is enough for many messages, also for such as come at once."""
    seen = set[int]()
    for first in (0, 10):
        answers = await asyncio.gather(*(children.ask(task(first + number)) for number in range(10)))
        assert [text(output) for output, _ in answers] == [f"number {first + number};" for number in range(10)]
        seen |= processes()

    assert len(seen) == 1


async def test_a_message_that_ends_its_process_harms_no_other(children: Children) -> None:
    """It has a reason in place of a draft, and those before and after it are understood."""
    before = await children.ask(task(1))
    bad = await children.ask(b"no task")
    after = await children.ask(task(2))

    assert [failure for _, failure in (before, bad, after)] == [None, "reading it ended with status 1", None]
    assert text(after[0]) == "number 2;"


async def test_a_process_that_has_gone_is_replaced(children: Children) -> None:
    """A child that ended while it waited is nobody's failure."""
    await children.ask(task(1))
    [pid] = processes()
    os.kill(pid, signal.SIGKILL)

    output, failure = await children.ask(task(2))

    assert failure is None
    assert text(output) == "number 2;"
    assert processes() != {pid}


async def test_a_process_that_takes_too_long_is_ended() -> None:
    """The limit holds for each message, and nothing of it stays behind."""
    children = Children(1, time_limit=timedelta(milliseconds=1))

    _, failure = await children.ask(task(1))

    assert failure == "reading it took more than 0.001 s"
    assert processes() == set()


async def test_a_cancelled_message_leaves_no_process(children: Children) -> None:
    """Whoever gives up waiting ends the child that is at work."""
    asking = asyncio.create_task(children.ask(task(1)))
    while not processes():
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)

    assert processes() == set()


async def test_everything_that_was_in_work_at_a_crash_costs_one_start(tmp_path: Path) -> None:
    """A hundred suspects are understood, by one process, and then no longer suspected."""
    isolation = after_a_crash(tmp_path / "parsing", suspects=100)

    readings = await read(isolation, 100)
    started = processes()
    await isolation.close()

    assert [one.is_stub for one in readings] == [False] * 100
    assert [one.draft.message.text for one in readings] == [f"number {number};" for number in range(100)]
    assert len(started) == 1
    assert list((tmp_path / "parsing").iterdir()) == []
    assert processes() == set()


async def test_a_backlog_is_understood_beside_the_daemon(warm: Isolation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process understands it as the daemon would; a few mails at once still stay in the daemon."""
    monkeypatch.setattr("fanin.reading.normalize", failing)
    with capture_logs() as logs:
        readings = await read_letters(warm, BACKLOG)
        few = await read_letters(warm, 1)

    assert texts(readings) == [f"number {number};" for number in range(BACKLOG)]
    assert texts(few) == ["number 0;"]
    assert [one["source_id"] for one in logs if one["event"] == "message.isolated"] == ["1/0"]


async def test_what_is_said_in_sessions_waits_behind_no_mailbox(
    warm: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many customers write at once, their messages are understood in the daemon."""
    monkeypatch.setattr(warm, "_beside", None)

    assert texts(await read(warm, BACKLOG)) == [f"number {number};" for number in range(BACKLOG)]


async def test_what_looks_dangerous_leaves_the_backlog(warm: Isolation) -> None:
    """The process that understands many messages hands such a one back, and it is read in one of its own."""
    messages = [letter(number) for number in range(BACKLOG)]
    envelope, raw = letter(BACKLOG)
    messages.append((envelope, raw + b"<" * (MAX_TAGS + 1)))

    with capture_logs() as logs:
        readings = await warm.read(messages, [CONTEXT] * len(messages))

    assert f"number {BACKLOG};" in readings[-1].draft.message.text
    assert [one["source_id"] for one in logs if one["event"] == "message.isolated"] == [f"1/{BACKLOG}"]


async def test_a_backlog_whose_process_dies_is_read_one_by_one(
    warm: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ended it, each message is read in a process of its own, and the next backlog finds another."""
    [reader] = processes()
    monkeypatch.setattr(
        warm,
        "_task",
        lambda *task, **how: b"no task" if len(task[0]) > 1 else Isolation._task(warm, *task, **how),
    )

    readings = await read_letters(warm, BACKLOG)

    assert texts(readings) == [f"number {number};" for number in range(BACKLOG)]
    assert reader not in processes()


async def test_an_endless_loop_costs_no_other_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that never ends is told to, the message is read in a process, and the thread takes the next."""
    monkeypatch.setattr("fanin.reading.normalize", endless)
    isolation = Isolation(Journal(tmp_path), time_limit=LIMIT, memory=MEMORY, patience=timedelta(milliseconds=200))

    with capture_logs() as logs:
        readings = [*await read(isolation, 3), *await read(isolation, 3)]
    await isolation.close()

    assert [one.draft.message.text for one in readings] == [f"number {number};" for number in (0, 1, 2)] * 2
    assert [one["source_id"] for one in logs if one["event"] == "message.isolated"] == ["1/1", "1/1"]
    assert list(tmp_path.iterdir()) == []


async def test_what_nobody_waits_for_is_ended_at_the_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that was stopped in the middle of an endless message leaves no thread behind."""
    monkeypatch.setattr("fanin.reading.normalize", endless)
    isolation = Isolation(Journal(tmp_path), time_limit=LIMIT, memory=MEMORY)
    reading = asyncio.create_task(read(isolation, 2))
    while not any(tmp_path.iterdir()):
        await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    await isolation.close()

    while any(tmp_path.iterdir()):
        await asyncio.sleep(0)


def test_work_is_ended_in_its_block_and_never_behind_it() -> None:
    """Whoever ends it at any moment stops what is in the block, and nothing that the thread does afterwards."""
    work, ended = Work(), []

    def repeat() -> None:
        for _ in range(20_000):
            try:
                with work:
                    pass
            except Overrun:
                ended.append(1)

    thread = threading.Thread(target=repeat)
    thread.start()
    tries = 0
    while thread.is_alive():
        tries += work.end()

    assert not work.end()
    assert len(ended) <= tries


async def test_the_stub_of_a_chat_message_stays_in_its_conversation(tmp_path: Path) -> None:
    """What cannot be understood is still known by its sender and its conversation."""
    isolation = after_a_crash(tmp_path / "parsing", suspects=1, memory=16 * 2**20)

    [reading] = await read(isolation, 1)
    await isolation.close()

    assert reading.is_stub
    assert "could not be read: it was being read when the daemon last ended" in reading.draft.message.text
    assert "number 0" not in reading.draft.message.text
    assert (reading.draft.requester.name, reading.draft.own_keys, reading.draft.participants) == (
        "Ann",
        ("chat:1",),
        ("chat:ann",),
    )


async def test_a_batch_that_is_given_up_leaves_its_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once nobody waits, no further message of it is begun, and one that never ends is ended."""
    begun: list[str] = []

    def noted(envelope: Envelope, raw: bytes, context: Context) -> Draft:
        begun.append(envelope.source_id)
        return endless(envelope, raw, context)

    monkeypatch.setattr("fanin.reading.normalize", noted)
    isolation = Isolation(Journal(tmp_path), time_limit=LIMIT, memory=MEMORY, patience=timedelta(milliseconds=200))
    reading = asyncio.create_task(read(isolation, 3))
    while "1/1" not in begun:
        await asyncio.sleep(0)

    reading.cancel()
    await asyncio.wait([reading])
    while list(tmp_path.iterdir()):  # the journal says when the thread is done
        await asyncio.sleep(0)
    await isolation.close()

    assert reading.cancelled()
    assert begun == ["1/0", "1/1"]


async def test_a_disk_that_takes_no_note_is_a_passing_trouble(tmp_path: Path) -> None:
    """Where the ids of what is being understood cannot be written, nothing is understood; it is tried again later."""
    isolation = Isolation(Journal(tmp_path / "parsing"), time_limit=LIMIT, memory=MEMORY)
    (tmp_path / "parsing").rmdir()

    with pytest.raises(Transient, match=r"cannot write .*parsing"):
        await read(isolation, 1)
    (tmp_path / "parsing").mkdir()
    [reading] = await read(isolation, 1)
    await isolation.close()

    assert reading.draft.message.text == "number 0;"
