"""The parts of the chat that need nothing around them."""

from __future__ import annotations

import asyncio
import unicodedata
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.chat import batch
from connectors.chat.batch import LONG, Batches
from connectors.chat.identity import Person, line
from connectors.chat.problem import Refused
from connectors.chat.rate import BoundedStorage, Limiter, network
from connectors.chat.session import Sessions
from connectors.chat.wire import OpenSession
from fanin.proxies import client_address
from model.envelope import Envelope
from model.errors import Transient
from tests.support.chat import chat_settings
from tests.support.memory import MemoryIntake, MemoryState


def _envelope(number: int, size: int = 0) -> Envelope:
    return Envelope(
        connector="web",
        channel="chat",
        account="",
        source_id=str(number),
        received_at=datetime.now(UTC),
        raw=b"",
        size=size,
    )


async def test_messages_that_wait_share_a_batch_in_their_order():
    """What comes while the store is busy is handed over together, the messages of a thread in order."""
    intake = MemoryIntake()
    batches = Batches(intake, lambda: None)
    waiting = [asyncio.create_task(batches.accept(_envelope(number), "thread")) for number in range(100)]
    running = asyncio.create_task(batches.run())
    await asyncio.gather(*waiting)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [envelope.source_id for envelope in intake.accepted] == [str(number) for number in range(100)]
    assert len(intake.history) <= 3


class SlowIntake(MemoryIntake):
    """An intake that takes long for long messages: until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def accept(self, batch, *, stream="", cursor=None):
        """Accept, long messages once it is let go."""
        if any(envelope.size > LONG for envelope in batch):
            await self.let_go.wait()
        return await super().accept(batch, stream=stream, cursor=cursor)


async def test_a_long_message_keeps_only_its_own_thread_waiting():
    """While long messages are understood others are taken; what follows one in its thread comes after it."""
    intake = SlowIntake()
    batches = Batches(intake, lambda: None)
    running = asyncio.create_task(batches.run())
    first = asyncio.create_task(batches.accept(_envelope(1, LONG + 1), "mine"))
    await asyncio.sleep(0)
    second = asyncio.create_task(batches.accept(_envelope(2), "mine"))
    await batches.accept(_envelope(3), "another's")
    assert not first.done()
    intake.let_go.set()
    await asyncio.gather(first, second)
    await batches.accept(_envelope(4), "mine")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [envelope.source_id for envelope in intake.accepted] == ["3", "1", "2", "4"]


async def test_a_long_message_follows_what_was_said_before_it():
    """It waits for the others of its thread, what follows waits for it, and nobody else waits for either."""
    intake = SlowIntake()
    batches = Batches(intake, lambda: None)
    mine = [
        asyncio.create_task(batches.accept(_envelope(number, size), "mine"))
        for number, size in enumerate((0, 0, LONG + 1, 0, LONG + 1, 0))
    ]
    running = asyncio.create_task(batches.run())
    await mine[1]
    await batches.accept(_envelope(9), "another's")
    assert not any(one.done() for one in mine[2:])
    intake.let_go.set()
    await asyncio.gather(*mine)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [envelope.source_id for envelope in intake.accepted] == ["0", "1", "9", "2", "3", "4", "5"]


async def test_messages_that_come_at_short_intervals_share_batches(monkeypatch):
    """Who comes first is handed over at once; those who come in the moment after it, together."""
    monkeypatch.setattr(batch, "SPACING", 0.2)
    intake = MemoryIntake()
    batches = Batches(intake, lambda: None)
    running = asyncio.create_task(batches.run())
    begun = asyncio.get_running_loop().time()
    await batches.accept(_envelope(0), "0")
    assert asyncio.get_running_loop().time() - begun < 0.15
    coming = []
    for number in range(1, 6):
        coming.append(asyncio.create_task(batches.accept(_envelope(number), str(number))))
        await asyncio.sleep(0)
    await asyncio.gather(*coming)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [len(ids) for _, ids, _ in intake.history] == [1, 5]


async def test_a_refusal_is_told_to_everybody_who_waited():
    """Where the store refuses a batch, each sender is told to come again, and the next batch is taken."""
    intake = MemoryIntake()
    intake.refuse(1)
    batches = Batches(intake, lambda: None)
    running = asyncio.create_task(batches.run())
    refused = await asyncio.gather(
        *(batches.accept(_envelope(number), "thread") for number in range(3)), return_exceptions=True
    )
    assert all(isinstance(one, Transient) and one.retry_after for one in refused)
    assert (await batches.accept(_envelope(0), "thread")).status == "accepted"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    with pytest.raises(Transient):
        await batches.accept(_envelope(4), "thread")


class HangingIntake(MemoryIntake):
    """An intake whose store answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def accept(self, batch, *, stream="", cursor=None):
        """Accept once the store answers again."""
        await self.let_go.wait()
        return await super().accept(batch, stream=stream, cursor=cursor)


async def test_a_store_that_hangs_keeps_nobody_waiting():
    """Whoever waited for too long, handed over or not, is told to come again; what the store has is taken once."""
    intake = HangingIntake()
    batches = Batches(intake, lambda: None, longest=0.1)
    running = asyncio.create_task(batches.run())
    first = asyncio.create_task(batches.accept(_envelope(0), "thread"))
    await asyncio.sleep(0)
    second = asyncio.create_task(batches.accept(_envelope(1), "thread"))
    refused = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(one, Transient) and one.retry_after for one in refused)
    intake.let_go.set()
    assert (await batches.accept(_envelope(2), "thread")).status == "accepted"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [envelope.source_id for envelope in intake.accepted] == ["0", "2"]


def test_counters_are_bounded():
    """Beyond the limit the counter that was begun first is forgotten; the others count on."""
    storage = BoundedStorage(most=2)
    counts = [storage.incr(key, 60) for key in ("a", "a", "b", "c", "b", "a")]
    assert counts == [1, 2, 1, 1, 2, 1]


def test_several_rates_hold_together():
    """Of several rates the strictest refuses, and says when it is over."""
    limiter = Limiter({"messages": "2/second; 3/minute"})
    limiter.hit("messages", "me")
    limiter.hit("messages", "me")
    with pytest.raises(Refused) as refused:
        limiter.hit("messages", "me")
    limiter.hit("messages", "you")
    assert refused.value.code == "rate_limited"
    assert refused.value.retry_after is not None


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        (None, ""),
    ],
)
def test_a_customer_s_network_counts_as_one(address, counted):
    """Of IPv6 a /64 counts as one address, and a mapped IPv4 address as itself."""
    assert network(address) == counted


@given(st.text())
def test_a_name_is_one_line(text):
    """Whatever somebody is called, the name is one line without controls."""
    name = line(text)
    assert name == name.strip()
    assert not {unicodedata.category(one) for one in name} & {"Cc", "Cf", "Zl", "Zp", "Cs"}
    assert not set(name) & set("\r\n\t\0\x1b\x85\u2028\u2029\u200e\u202e\ufeff")
    assert len(name) <= 100


PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.1, 10.0.0.9"], "203.0.113.1"),
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        (None, ["198.51.100.1"], None),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy(peer, forwarded, client):
    """Of the addresses that are named only those count that trusted proxies added."""
    assert client_address(peer, forwarded, PROXIES) == client


async def test_tokens_are_not_kept():
    """Neither the token nor anything by which a user could be told is in the clear among the kept values' names."""
    state = MemoryState()
    opened = await Sessions(chat_settings(), state).open(OpenSession(), Person(user_id="alice"), "")
    assert opened.token not in str(state.values)
    assert not [name for name in state.values if "alice" in name]
    assert {name for name in state.values if name.startswith(("session:", "pepper"))} <= state.secrets


async def test_a_session_that_is_used_lives_on():
    """Once part of its time is over, using a session gives it its whole lifetime again, also for a new process."""
    state = MemoryState()
    opened = await Sessions(chat_settings(lifetime="30 d"), state).open(OpenSession(), Person(), "")
    await _set_expiry(state, datetime.now(UTC) + timedelta(days=2))
    later = await Sessions(chat_settings(lifetime="30 d"), state).find(opened.token)
    again = await Sessions(chat_settings(lifetime="30 d"), state).find(opened.token)
    assert later.expires_at > datetime.now(UTC) + timedelta(days=29)
    assert again.expires_at == later.expires_at


async def test_an_expired_session_is_told_from_an_unknown_one():
    """What was not used for its lifetime is expired; what was never given is unknown."""
    state = MemoryState()
    opened = await Sessions(chat_settings(), state).open(OpenSession(), Person(), "")
    await _set_expiry(state, datetime.now(UTC) - timedelta(seconds=1))
    sessions = Sessions(chat_settings(), state)
    with pytest.raises(Refused) as expired:
        await sessions.find(opened.token)
    with pytest.raises(Refused) as unknown:
        await sessions.find("another")
    assert (expired.value.code, unknown.value.code) == ("session_expired", "token_unknown")


async def _set_expiry(state: MemoryState, moment: datetime) -> None:
    """Let the one session that is kept expire at a time."""
    [name] = [name for name in state.values if name.startswith("session:")]
    value, version = state.values[name]
    assert isinstance(value, dict)
    await state.put(name, {**value, "expires_at": moment.isoformat()}, version=version, secret=True)


@pytest.mark.parametrize(
    "settings",
    [
        {"anonymous": False},
        {"apps": {"web": "pk_same_key", "ios": "pk_same_key"}},
        {"rates": {"messages": "often"}},
        {"origins": ["https://example.com/path"]},
        {"start": "all"},
        {"jwt": {"algorithm": "none", "key": "x"}},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings):
    """An operator's mistake is named at the start."""
    with pytest.raises(ValidationError):
        chat_settings(**settings)
