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


@pytest.mark.parametrize(("size", "place"), [(12, 7), (15, 8), (18, 9), (24, 12)])
def test_two_misspelt_words_side_by_side_hide_no_phrase(size: int, place: int) -> None:
    """Two slips of the pen in a row do not let the words around them pass."""
    for number in SHOWN:
        words = phrase(random.Random(number), "english", size)
        words[place - 1 : place + 1] = ["abandqn", "zebqa"]
        text = " ".join(words)

        assert redact(f"Mine: {text}") == "Mine: [seed phrase removed]", text


@pytest.mark.parametrize("first", [4, 10, 20, 32, 44, 54, 60])
@pytest.mark.parametrize("name", ["private key: 0x", "my private key is ", "Private key:\n"])
def test_a_key_on_two_lines_is_found(first: int, name: str) -> None:
    """A key that is broken anywhere is one behind the words that call it so."""
    for number in SHOWN:
        digits = random.Random(number).randbytes(32).hex()
        text = f"{name}{digits[:first]}\n{digits[first:]}"

        assert kinds(text) == ["private_key"], text
        assert digits[:first] not in redact(text)
        assert digits[first:] not in redact(text)
