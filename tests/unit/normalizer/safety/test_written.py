"""Secrets in forms in which people write them that hide what they are from a quick look."""

from __future__ import annotations

import base64
import json
import random
import string

import msgspec
import pytest

from model.spoken import Spoken
from normalizer.safety.find import find, redact
from normalizer.safety.page import redacted_page
from normalizer.safety.raw import secrets_in
from normalizer.safety.vocabulary import IDEOGRAPHIC
from tests.support.secrets import phrase

SHOWN = range(20)
"""Seeds of the secrets that each test draws."""
FEW = 2
"""Of fifty Chinese phrases so many at the most read like prose."""


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


@pytest.mark.parametrize(("size", "width"), [(12, 4), (12, 6), (12, 3), (12, 2), (12, 5), (15, 5), (24, 4), (24, 12)])
@pytest.mark.parametrize("heading", ["", "我的助记词是：\n", "你好\n", "请看\n\n", "Hi,\n"])
@pytest.mark.parametrize("ending", ["", "\n谢谢", "\r\n\r\n请帮我看看，谢谢！"])
def test_a_chinese_phrase_in_rows_is_one(size: int, width: int, heading: str, ending: str) -> None:
    """Rows of characters are a phrase together, alone or between other lines."""
    missed = 0
    for number in range(50):
        draw = random.Random(number)
        words = "".join(phrase(draw, draw.choice(IDEOGRAPHIC), size))
        rows = "\n".join(words[at : at + width] for at in range(0, size, width))
        clean = redact(f"{heading}{rows}{ending}")
        missed += any(row in clean for row in rows.split("\n"))

    assert missed <= FEW


@pytest.mark.parametrize("between", ["\u2028", "\u2029", "\r", "\v", "\x85"])
def test_a_chinese_phrase_is_one_across_any_kind_of_line_end(between: str) -> None:
    """What ends a line to Unicode but not in a message stands between the words of a phrase."""
    for number in SHOWN:
        words = "".join(phrase(random.Random(number), "chinese_traditional"))

        assert kinds(f"看\n{words[:3]}{between}{words[3:5]}{between}{words[5:]}\n谢") == ["mnemonic"]


@pytest.mark.parametrize("name", ["2FA: ", "totp secret = ", "account secret: ", "App secret key: ", "API-token key: "])
@pytest.mark.parametrize("padding", ["", "=", "======", "\n", " thanks"])
def test_a_short_secret_that_words_name_is_found(name: str, padding: str) -> None:
    """Sixteen characters of base32, as authenticators take them, are a secret behind words that say so."""
    for number in SHOWN:
        value = base64.b32encode(random.Random(number).randbytes(10)).decode()
        text = f"{name}{value}{padding}"

        assert kinds(text) == ["one_time_password"], text
        assert value not in redact(text)


@pytest.mark.parametrize(
    "text", ["The secret is perseverance.", "app secret: not-configured-yet", "2FA: authentication"]
)
def test_a_word_behind_a_name_stays(text: str) -> None:
    """What words call a secret but is plainly none is left as it is."""
    assert redact(text) == text


@pytest.mark.parametrize(
    ("language", "label"),
    [
        ("english", "Word"), ("english", "Wort"), ("spanish", "Palabra"), ("spanish", "Word"),
        ("portuguese", "palavra"), ("italian", "Parola"), ("italian", "Numero"), ("czech", "slovo"),
        ("russian", "Слово"), ("korean", "단어"), ("japanese", "たんご"), ("english", "ワード"),
    ],
)  # fmt: skip
def test_a_label_before_each_word_hides_no_phrase(language: str, label: str) -> None:
    """Words that number others are no part of the phrase, though they are in a list themselves."""
    for number in SHOWN:
        words = phrase(random.Random(number), language, 12 + 12 * (number % 2))
        text = "\n".join(f"{label} {place}: {word}" for place, word in enumerate(words, 1))

        assert redact(text) == f"{label} 1: [seed phrase removed]", text


@pytest.mark.parametrize("between", ["\n", "\r\n", "\t", "\n\n"])
@pytest.mark.parametrize("size", [12, 24])
def test_a_phrase_in_a_chat_message_that_cannot_be_read_is_found(between: str, size: int) -> None:
    """What stands between the words is read as JSON means it, though the message be cut off."""
    for number in SHOWN:
        draw = random.Random(number)
        words = phrase(draw, draw.choice(("english", "french", "russian", "japanese")), size)
        raw = msgspec.json.encode(Spoken(text=between.join(words), sender="a", key="chat:1"))
        escaped = json.dumps(json.loads(raw)).encode()

        for form in (raw, escaped, raw[: raw.index(b'"key"')]):
            assert secrets_in(form) == {"mnemonic": 1}, form


@pytest.mark.parametrize("name", ["my card number is ", "Visa: ", "卡号：", "tarjeta de crédito: ", "карта "])
def test_a_card_that_words_name_is_one_among_other_numbers(name: str) -> None:
    """Ids beside it do not let a card number pass that is called one."""
    ids = "".join(f"order 90000000000000{number}\n" for number in range(10, 15))

    assert redact(f"{ids}{name}4539578763621486") == f"{ids}{name}[card number removed]"
    assert redact(f"{ids}4539578763621486") == f"{ids}4539578763621486"


@pytest.mark.parametrize("language", ["english", "spanish", "turkish", "russian", "korean", "japanese"])
@pytest.mark.parametrize("form", ["{}) {}", "{}. {}", "{}: {}", "{}){}", "({}) {}"])
@pytest.mark.parametrize("between", ["\n", " ", ", ", "\r\n"])
def test_a_phrase_numbered_by_letters_is_removed(language: str, form: str, between: str) -> None:
    """Letters before the words, as in `b) abandon`, hide no phrase, in a text or in a page."""
    words = phrase(random.Random(language), language)[:12]
    lettered = [form.format(letter, word) for letter, word in zip(string.ascii_lowercase, words, strict=False)]

    assert words[3] not in redact("here you go:\n" + between.join(lettered))
    assert words[3] not in redacted_page("<p>" + "</p><p>".join(lettered) + "</p>")[0]
