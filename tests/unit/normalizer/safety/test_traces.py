"""The search for what is left of secrets sees it in every dress, or a walk through files proves nothing."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

import pytest

from tests.support import secrets
from tests.support.secrets import Secret
from tests.support.traces import Traces

PHRASE = Secret("mnemonic", "1. Vintage 2. private 3. gentle 4. abandon", ())
RUSSIAN = Secret("mnemonic", "абзац абонент абсурд авангард", ())
KEY = secrets.hexadecimal(random.Random(1))
DIGITS = KEY.parts[3]
DRESSES: tuple[Callable[[str], bytes], ...] = (
    str.encode,
    lambda text: text.upper().encode(),
    lambda text: text.encode("utf-16-le"),
    lambda text: b"x" + text.encode("utf-16-le"),
    *(lambda text, lead=lead: base64.b64encode(b"lead"[:lead] + text.encode() + b" and more") for lead in range(3)),
    lambda text: base64.b64encode(text.encode("utf-16-le")),
    lambda text: text.encode("ascii", "backslashreplace"),
)


@pytest.mark.parametrize(
    "text", ["vintage private gentle", "private, gentle\nabandon", "абонент абсурд авангард", DIGITS]
)
@pytest.mark.parametrize("dress", DRESSES)
def test_three_words_and_eight_digits_are_seen(dress: Callable[[str], bytes], text: str) -> None:
    """Three words or eight digits are found in the clear, in UTF-16, escaped, and in base64 of any alignment."""
    assert Traces([PHRASE, RUSSIAN, KEY]).found(b"before: " + dress(f" {text} "))


def test_less_is_no_trace() -> None:
    """Two words, seven digits, and the name of what was removed are no fragments."""
    text = f"vintage private [seed phrase removed] {DIGITS[:7]} gentle 1a2b3c4d5e6f"

    assert Traces([PHRASE, RUSSIAN, KEY]).found(text.encode()) == []
