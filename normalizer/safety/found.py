"""What was found, and how a text looks without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from model.ticket import SecretKind

MARKERS: dict[SecretKind, str] = {
    "mnemonic": "[seed phrase removed]",
    "private_key": "[private key removed]",
    "keystore": "[keystore removed]",
    "card_number": "[card number removed]",
    "one_time_password": "[one-time password secret removed]",
    "token": "[access token removed]",
}
"""What stands in the place of a secret."""


class Found(NamedTuple):
    """A secret: where it begins in a text, where it ends, and what it is."""

    start: int
    end: int
    kind: SecretKind


def merged(found: Iterable[Found]) -> list[Found]:
    """Secrets in order; of those that overlap one, which covers them all and is of the first one's kind."""
    whole: list[Found] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if whole and one.start < whole[-1].end:
            whole[-1] = whole[-1]._replace(end=max(whole[-1].end, one.end))
        else:
            whole.append(one)
    return whole


def replaced(text: str, found: Sequence[Found]) -> str:
    """`text` with a marker in the place of each secret; `found` is in order and free of overlaps."""
    if not found:
        return text
    pieces: list[str] = []
    position = 0
    for one in found:
        pieces += (text[position : one.start], MARKERS[one.kind])
        position = one.end
    return "".join((*pieces, text[position:]))


def without_markers(text: str) -> str:
    """`text` with blanks in the place of our own words, which are neither the sender's nor a secret."""
    if "removed]" in text:
        for marker in MARKERS.values():
            text = text.replace(marker, " " * len(marker))
    return text
