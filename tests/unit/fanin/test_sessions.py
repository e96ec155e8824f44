"""A secret in several messages of one session: the last of them takes it out of all."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fanin.pipeline import Pipeline
from fanin.sessions import Memory
from model.draft import Context, Correction, Heard
from model.envelope import Envelope, Receipt
from model.errors import Transient
from model.event import REDACTED
from model.spoken import SPOKEN, Spoken
from model.ticket import Identity
from store.retention import Retention
from store.store import Store
from tests.support.pipeline import make_pipeline
from tests.support.secrets import phrase

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WORDS = phrase(random.Random(1), "english")


def said(number: int, text: str, session: str = "1", who: str = "ann") -> Envelope:
    """A message of a chat session."""
    key = f"chat:{session}"
    content = Spoken(
        text=text,
        key=key,
        follows=(key,),
        identities=(Identity(kind="chat", value=who),),
        participants=(f"chat:{who}",),
    )
    raw = msgspec.json.encode(content)
    return Envelope(
        connector="web",
        channel="chat",
        account="a",
        source_id=f"{session}/{number}",
        received_at=NOW,
        raw=raw,
        size=len(raw),
        media_type=SPOKEN,
    )


async def accept(pipeline: Pipeline, *batch: Envelope) -> list[Receipt]:
    """Accept a batch."""
    return await pipeline.accept(Context(now=NOW), "web", batch, "", None)


async def texts(store: Store, receipt: Receipt) -> list[str]:
    """What the store holds of a conversation."""
    assert receipt.conversation_id is not None
    return [event.data.message.text for event in await store.events(receipt.conversation_id, 0)]


async def test_parts_that_are_stored_are_rewritten(pipeline: Pipeline, store: Store) -> None:
    """When a phrase completes, no part of it is left in the messages before, and they say what was removed."""
    await accept(pipeline, said(1, "hi, my wallet is broken"))
    await accept(pipeline, said(2, "here: " + " ".join(WORDS[:5])))
    await accept(pipeline, said(3, " ".join(WORDS[5:9])))

    [last] = await accept(pipeline, said(4, " ".join(WORDS[9:])))

    kept = await texts(store, last)
    assert kept[0] == "hi, my wallet is broken"
    assert [one.count("[seed phrase removed]") for one in kept] == [0, 1, 1, 1]
    assert not any(word in text.split() for text in kept[1:] for word in WORDS)


async def test_helpdesks_are_told_of_a_correction_first(pipeline: Pipeline, store: Store) -> None:
    """Each helpdesk that had a part is sent the corrected ticket of the same message, before the new message."""
    [first] = await accept(pipeline, said(1, " ".join(WORDS[:6])))

    [last] = await accept(pipeline, said(2, " ".join(WORDS[6:])))

    assert last.conversation_id is not None
    due, _ = await store.pair(last.conversation_id, "desk")
    events = [store.open_event(one) for one in due]
    assert [(one.type == REDACTED, one.data.message.id) for one in events] == [
        (False, first.message_id),
        (True, first.message_id),
        (False, last.message_id),
    ]
    assert [int(one.sequence) for one in events] == [1, 2, 3]
    assert events[1].data.message.text == "[seed phrase removed]"
    assert events[1].data.safety.redacted[0].kind == "mnemonic"


async def test_parts_in_one_batch_are_seen_as_one(pipeline: Pipeline, store: Store) -> None:
    """Messages of a session that are accepted together are read together."""
    receipts = await accept(pipeline, *(said(n, " ".join(WORDS[n * 3 : n * 3 + 3])) for n in range(4)))

    assert await texts(store, receipts[-1]) == ["[seed phrase removed]"] * 4


async def test_parts_that_come_at_once_are_seen_as_one(pipeline: Pipeline, store: Store) -> None:
    """Messages of a session that are handed over concurrently are understood one after the other."""
    await accept(pipeline, said(9, "guten Tag"))

    batches = await asyncio.gather(*(accept(pipeline, said(n, " ".join(WORDS[n * 3 : n * 3 + 3]))) for n in range(4)))

    assert await texts(store, batches[0][0]) == ["guten Tag", *["[seed phrase removed]"] * 4]


async def test_other_sessions_are_left_alone(pipeline: Pipeline, store: Store) -> None:
    """Parts in the sessions of two customers are no phrase."""
    [one] = await accept(pipeline, said(1, " ".join(WORDS[:6])))
    await accept(pipeline, said(1, " ".join(WORDS[6:]), session="2", who="bob"))

    assert await texts(store, one) == [" ".join(WORDS[:6])]


async def test_chat_that_is_no_secret_is_left_alone(pipeline: Pipeline, store: Store) -> None:
    """Short answers, many of which are list words, make no phrase."""
    talk = [
        "hello",
        "can you help me",
        "yes please",
        "it will not open",
        "when I swap",
        "what now",
        "still nothing",
        "ok",
    ]
    for number, text in enumerate(talk):
        [last] = await accept(pipeline, said(number, text))

    assert await texts(store, last) == talk


async def test_originals_with_secrets_expire_sooner_and_openings_are_on_record(
    pipeline: Pipeline, store: Store
) -> None:
    """What held a secret, or a part of one, is no ordinary original any more; whoever opens it is remembered."""
    [first] = await accept(pipeline, said(1, " ".join(WORDS[:6])))
    [last] = await accept(pipeline, said(2, " ".join(WORDS[6:])))
    assert first.message_id is not None
    assert last.message_id is not None

    assert [await store.original(one) for one in (first.message_id, last.message_id)] == [None, None]
    assert await store.open_original(first.message_id, "root") is not None
    assert [(one.event, one.by) for one in await store.openings()] == [(first.message_id, "root")]

    year = timedelta(days=365)
    rules = Retention(messages=year, attachments=year, originals=year, dead_letters=year, secrets=timedelta(days=7))
    await store.expire(rules, datetime.now(UTC) + timedelta(days=8))
    assert await store.open_original(first.message_id, "root") is None


async def test_a_name_that_holds_a_secret_is_known_again(pipeline: Pipeline, store: Store) -> None:
    """A source id with a key in it is kept without it, and a second time is a duplicate."""
    key = "privatekey-" + random.Random(3).randbytes(32).hex()
    envelope = msgspec.structs.replace(said(1, "hello"), source_id=key)

    [first] = await accept(pipeline, envelope)
    [second] = await accept(pipeline, envelope)

    assert (first.status, second.status) == ("accepted", "duplicate")
    assert await store.unknown("web", [key]) == [key]


async def test_what_is_stored_is_heard_after_a_restart(store: Store, tmp_path: Path) -> None:
    """Parts that another pipeline stored are found in the store, and taken out of it."""
    await accept(make_pipeline(store, tmp_path / "before"), said(1, " ".join(WORDS[:6])))

    [last] = await accept(make_pipeline(store, tmp_path / "after"), said(2, " ".join(WORDS[6:])))

    assert await texts(store, last) == ["[seed phrase removed]"] * 2


async def test_a_failed_commit_is_not_remembered(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the store did not take is heard once when it is handed over again."""
    await accept(pipeline, said(1, "guten Tag"))
    with monkeypatch.context() as patched:
        patched.setattr(store, "accept", _full)
        with pytest.raises(Transient):
            await accept(pipeline, said(2, " ".join(WORDS[:6])))

    await accept(pipeline, said(2, " ".join(WORDS[:6])))
    [last] = await accept(pipeline, said(3, " ".join(WORDS[6:])))

    assert await texts(store, last) == ["guten Tag", "[seed phrase removed]", "[seed phrase removed]"]


async def test_memory_that_is_full_is_begun_anew(pipeline: Pipeline, store: Store, monkeypatch: Any) -> None:
    """What was forgotten for want of room is read from the store again."""
    monkeypatch.setattr("fanin.sessions.REMEMBERED", 300)
    for number in range(4):
        [last] = await accept(pipeline, said(number, " ".join(WORDS[number * 3 : number * 3 + 3])))

    assert await texts(store, last) == ["[seed phrase removed]"] * 4


async def test_a_session_that_goes_on_is_not_read_again(pipeline: Pipeline, store: Store, monkeypatch: Any) -> None:
    """However much one session and ever new ones say, a session in use is read once, and silent ones are forgotten."""
    monkeypatch.setattr("fanin.sessions.REMEMBERED", 30_000)
    asked: list[str] = []
    heard = store.heard

    async def counted(connector: str, keys: Any) -> Any:
        asked.extend(keys)
        return await heard(connector, keys)

    monkeypatch.setattr(store, "heard", counted)
    for number in range(100):
        await accept(pipeline, said(number, "was nun? " * 10, "long"), said(number, "hallo " * 50, f"new {number}"))
    await accept(pipeline, said(100, "noch da", "new 0"))

    assert [asked.count(f"chat:{session}") for session in ("long", "new 99", "new 0")] == [1, 1, 2]


def test_memory_weighs_what_it_holds() -> None:
    """Whatever is learned, added, corrected and forgotten under shared keys, nothing is left without its weight."""
    chance, memory = random.Random(3), Memory()
    keys = [("web", str(number)) for number in range(4)]
    for turn in range(3000):
        key, one = chance.choice(keys), str(chance.randrange(6))
        heard = Heard(str(turn), "x" * chance.randrange(5000))
        match chance.randrange(6):
            case 0:
                memory.learn(key, {each: [heard] for each in chance.sample("012345", 2)})
            case 1:
                memory.name(key, one, is_new=chance.random() < 0.5)
            case 2:
                memory.correct(one, [Correction(str(turn - chance.randrange(9)), "y", ())])
            case 3 if turn % 3 == 0:
                memory.forget({key})
            case _:
                memory.add(one, heard)
    for key in keys:
        memory.learn(key, {})
        memory.forget({key})

    assert (memory._size, memory._said, len(memory._conversations)) == (0, {}, 0)


async def _full(_batch: object) -> list[Receipt]:
    raise Transient("no room")


@pytest.mark.parametrize("call", ["number {};", "help!"])
async def test_one_word_again_and_again_is_no_phrase(pipeline: Pipeline, store: Store, call: str) -> None:
    """Who numbers messages, or calls for help a dozen times, is read, whether the word is in a list or not."""
    calls = [call.format(n) for n in range(30)]
    receipts = [(await accept(pipeline, said(n, text)))[0] for n, text in enumerate(calls)]

    assert await texts(store, receipts[-1]) == calls


async def test_a_long_phrase_leaves_nothing_word_by_word(pipeline: Pipeline, store: Store) -> None:
    """When twelve of twenty-four words are removed the next ones go at once; what is removed is not removed again."""
    words = phrase(random.Random(4), "english", 24)
    receipts = [(await accept(pipeline, said(n, word)))[0] for n, word in enumerate(words)]

    kept = await texts(store, receipts[-1])
    assert kept == ["[seed phrase removed]"] * 24
    corrections = (await store.pair(receipts[-1].conversation_id or "", "desk"))[0]
    assert sum(store.open_event(one).type == REDACTED for one in corrections) == 11


async def test_a_damaged_message_keeps_no_new_one_out(store: Store, tmp_path: Path) -> None:
    """Where an earlier message cannot be opened any more, the next one of its conversation is accepted without it."""
    await accept(make_pipeline(store, tmp_path / "before"), said(1, "guten Tag"))
    with closing(sqlite3.connect(store.data_dir / "fanin.db")) as connection, connection:
        connection.execute("UPDATE message SET body = zeroblob(80)")

    [last] = await accept(make_pipeline(store, tmp_path / "after"), said(2, "ist jemand da?"))

    assert (last.status, last.sequence) == ("accepted", 2)


async def test_what_is_forgotten_while_it_is_read_is_read_again(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A memory that others empty while a session is being read costs a second look, and nothing else."""
    await accept(pipeline, said(1, " ".join(WORDS[:6])))
    memory, heard = pipeline._sessions._memory, store.heard

    async def emptied(connector: str, keys: Any) -> Any:
        found = await heard(connector, keys)
        memory.forget({("web", "chat:1")})
        monkeypatch.setattr(store, "heard", heard)
        return found

    monkeypatch.setattr(store, "heard", emptied)
    receipts = await accept(pipeline, said(1, "moin", session="2"), said(2, " ".join(WORDS[6:])))

    assert [one.status for one in receipts] == ["accepted", "accepted"]
    assert await texts(store, receipts[1]) == ["[seed phrase removed]"] * 2
