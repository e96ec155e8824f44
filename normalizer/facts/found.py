"""A fact as its reader finds it."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """A fact and where it stands: code points of the text."""

    role: str
    """The field of `model.ticket.Facts` that it belongs to."""
    value: str
    kind: str | None
    start: int
    end: int
