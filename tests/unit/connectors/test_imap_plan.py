"""What is read in which order, and from where on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.imap_plan import BYTES, COUNT, LARGE, Cursor, before_start, opened, plan
from connectors.email.imap_session import Box, Listed

START = datetime(2026, 11, 1, tzinfo=UTC)
MOST = 10 * LARGE


def _message(uid: int, size: int = 100, *, seconds: int = 60) -> Listed:
    return Listed(uid, size, START + timedelta(seconds=seconds))


_MESSAGES = st.lists(
    st.tuples(st.sampled_from([0, 100, LARGE // 2, LARGE, LARGE + 1, MOST, MOST + 1]), st.sampled_from([-1000, 0, 60])),
    max_size=200,
).map(lambda drawn: [_message(uid, size, seconds=when) for uid, (size, when) in enumerate(drawn, start=1)])


@given(_MESSAGES, st.sets(st.integers(1, 200)))
def test_each_message_is_read_once_in_order_and_within_bounds(messages: list[Listed], alone: set[int]) -> None:
    """Batches keep the order, hold all, and never more than may be held at once."""
    batches = list(plan(messages, start=START, baseline=0, most=MOST, alone=alone))

    assert [message for batch in batches for message in batch.messages] == messages
    for batch in batches:
        assert batch.messages
        if batch.how == "whole":
            assert len(batch.messages) <= COUNT
            assert len(batch.messages) == 1 or sum(message.size for message in batch.messages) <= BYTES
            assert len(batch.messages) == 1 or not alone.intersection(message.uid for message in batch.messages)
        elif batch.how != "not":
            assert len(batch.messages) == 1


def test_size_decides_how_a_message_is_read() -> None:
    """Small is whole, large in pieces, above the limit the header."""
    messages = [_message(1, LARGE), _message(2, LARGE + 1), _message(3, MOST + 1)]

    assert [batch.how for batch in plan(messages, start=None, baseline=0, most=MOST)] == ["whole", "pieces", "header"]


@pytest.mark.parametrize(
    ("uid", "seconds", "expected"),
    [(4, -1, True), (4, 0, False), (5, -1, False), (5, -299, False), (5, -301, True)],
)
def test_a_clock_behind_ours_hides_nothing_that_came_while_we_watched(
    uid: int, seconds: int, *, expected: bool
) -> None:
    """Below the baseline the time decides exactly; above it the server's clock may be minutes behind."""
    assert before_start(_message(uid, seconds=seconds), START, baseline=5) is expected


def test_a_message_without_a_time_is_not_ignored() -> None:
    """Where the server states no arrival, the message is read."""
    assert not before_start(Listed(1, 1, None), START, baseline=5)


def test_a_folder_is_read_on_from_its_cursor() -> None:
    """The same numbering goes on; a new one, or one that went back, begins again."""
    known = Cursor(uidvalidity=7, uid=9, baseline=3)

    assert opened(known, Box(7, 12)) is known
    assert opened(known, Box(7, 0)) is known
    assert opened(None, Box(7, 12)) == Cursor(uidvalidity=7, baseline=12)
    assert opened(known, Box(8, 2)) == Cursor(uidvalidity=8, baseline=2)
    assert opened(known, Box(7, 5)) == Cursor(uidvalidity=7, generation=1, baseline=5)
