"""Secrets in forms in which people write them that hide what they are from a quick look."""

from __future__ import annotations

import random

import pytest

from normalizer.safety.find import find, redact
from tests.support.secrets import phrase

SHOWN = range(20)
"""Seeds of the secrets that each test draws."""


def kinds(text: str) -> list[str]:
    """The kinds of the secrets in a text."""
    return [one.kind for one in find(text)]


@pytest.mark.parametrize("mark", ["{}º)", "{}º.", "{}ª:", "{}.º:", "{}º", "{}ª", "Nº {}", "N° {}:"])
@pytest.mark.parametrize("greeting", ["Hola: ", "你好 "])
def test_words_behind_ordinals_are_a_phrase(mark: str, greeting: str) -> None:
    """Marks such as 1º number words, in texts of all scripts."""
    for number in SHOWN:
        draw = random.Random(number)
        words = phrase(draw, draw.choice(("english", "spanish", "portuguese", "italian")))
        text = greeting + " ".join(f"{mark.format(place)} {word}" for place, word in enumerate(words, 1))

        assert kinds(text) == ["mnemonic"], text
        assert words[0] not in redact(text)
        assert words[-1] not in redact(text)
