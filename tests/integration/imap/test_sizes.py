"""Large messages are read in pieces, and too large ones not at all."""

from __future__ import annotations

import tracemalloc

from model.envelope import BlobRef
from tests.integration.imap.conftest import Desk
from tests.support.dovecot import Dovecot, sample


async def test_a_large_message_is_spooled_in_pieces(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """25 MB go to the spool piece by piece, between small messages and in their order."""
    messages = [sample(1), sample(2, size=25_000_000), sample(3)]
    dovecot.fill(user, messages)

    async with desk.running(desk.settings(dovecot, user)):
        await desk.intake.until_accepted(3)

    assert desk.bodies() == messages
    assert isinstance(desk.intake.accepted[1].raw, BlobRef)
    assert desk.intake.accepted[1].size == len(messages[1])
    assert desk.state.largest_piece <= 512 * 1024


async def test_above_the_limit_only_the_header_is_read(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """A mail of 200 MB costs a header: its envelope says how large it is and holds no more."""
    message = sample(1, size=200_000_000)
    dovecot.fill(user, [message, sample(2)])
    del message
    tracemalloc.start()
    async with desk.running(desk.settings(dovecot, user)):
        await desk.intake.until_accepted(2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    first = desk.intake.accepted[0]
    assert isinstance(first.raw, bytes)
    assert first.raw.startswith(b"From: Customer 1")
    assert b"Message 1" not in first.raw
    assert first.size > 199_000_000
    assert peak < 20_000_000


async def test_the_limit_is_a_setting(dovecot: Dovecot, desk: Desk, user: str) -> None:
    """`max_message_size` decides, to the byte."""
    messages = [sample(1, size=9000), sample(2, size=20_000)]
    dovecot.fill(user, messages)
    async with desk.running(desk.settings(dovecot, user, max_message_size=len(messages[0]))):
        await desk.intake.until_accepted(2)

    assert desk.intake.accepted[0].raw == messages[0]
    assert len(desk.intake.accepted[1].raw) < 1000
