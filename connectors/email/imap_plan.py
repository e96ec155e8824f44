"""What is read in which order and how much of it at once: pure decisions about a folder."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from connectors.email.imap_session import Box, Listed

COUNT, BYTES = 50, 4 << 20
"""Most small messages that are read at once, and most bytes of them."""
LARGE = 1 << 20
"""A message of more bytes is read alone and in pieces."""
IGNORED = 500
"""Most messages that are put aside at once."""
SKEW = timedelta(minutes=5)
"""How far the server's clock may be behind ours."""

How = Literal["whole", "pieces", "header", "not"]


class Cursor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a folder was read, under which numbering of it."""

    uidvalidity: int
    uid: int = 0
    """Every message up to this UID is accounted for."""
    generation: int = 0
    """How often the UIDs began again although the UIDVALIDITY stayed."""
    baseline: int = 0
    """Messages below this UID lay in the folder when it was first read under this numbering."""
    tidied: int | None = None
    """What is done after acceptance was done up to this UID; None where nothing is done."""


class Batch(Struct, frozen=True):
    """Messages that are read with one command, ascending; not empty."""

    how: How
    messages: tuple[Listed, ...]


def opened(known: Cursor | None, box: Box) -> Cursor:
    """The cursor with which a folder is read on, given how it presents itself now.

    A changed UIDVALIDITY, or UIDs that went back, mean that every number has a new meaning: the folder is
    read from its beginning, and sameness tells what is known.
    """
    if known is None or known.uidvalidity != box.uidvalidity:
        return Cursor(uidvalidity=box.uidvalidity, baseline=box.uidnext)
    if box.uidnext and box.uidnext <= known.uid:
        return Cursor(uidvalidity=box.uidvalidity, generation=known.generation + 1, baseline=box.uidnext)
    return known


def before_start(message: Listed, start: datetime | None, baseline: int) -> bool:
    """Whether the message arrived before the connector's start, by the server's clock.

    For a message that came while we watched, that clock is allowed to be behind.
    """
    if start is None or message.arrived is None:
        return False
    return message.arrived < (start if message.uid < baseline else start - SKEW)


def plan(
    messages: Iterable[Listed],
    *,
    start: datetime | None,
    baseline: int,
    most: int,
    alone: Container[int] = (),
) -> Iterator[Batch]:
    """Group messages in their order; of one above `most` bytes only the header is read.

    UIDs in `alone` gave trouble before and are read by themselves, so that the others get through.
    """
    group: list[Listed] = []
    group_how: How = "whole"
    for message in messages:
        how = _how(message, start, baseline, most)
        if group and (how != group_how or message.uid in alone or not _fits(group, message, how, alone)):
            yield Batch(group_how, tuple(group))
            group = []
        group.append(message)
        group_how = how
    if group:
        yield Batch(group_how, tuple(group))


def _how(message: Listed, start: datetime | None, baseline: int, most: int) -> How:
    if before_start(message, start, baseline):
        return "not"
    if message.size > most:
        return "header"
    return "pieces" if message.size > LARGE else "whole"


def _fits(group: Sequence[Listed], message: Listed, how: How, alone: Container[int]) -> bool:
    if how == "not":
        return len(group) < IGNORED
    if how != "whole" or group[-1].uid in alone:
        return False
    return len(group) < COUNT and sum(listed.size for listed in group) + message.size <= BYTES
