"""What is settled without a search hides no secret: phrases among list words, and pages whose tags part no word."""

from __future__ import annotations

import random
from functools import reduce

import pytest

from normalizer.safety.find import find, find_shown
from normalizer.safety.page import redacted_page
from normalizer.safety.phrases import phrases
from normalizer.safety.prospect import may_hold
from normalizer.safety.view import view
from tests.support.secrets import SIZES, mistyped, phrase

PROSE = "please help since my account update the balance network team address the version transfer fee phrase help "
"""Words of which most are in a list, six of them in a row."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("slips", range(4))
def test_prose_of_list_words_hides_no_phrase(size: int, slips: int) -> None:
    """Whatever a search of the whole text finds among list words is found, with slips of the pen and without."""
    draw = random.Random(size)
    for _ in range(50):
        words = reduce(lambda chosen, _: mistyped(draw, chosen, "english"), range(slips), phrase(draw, "english", size))
        text = f"{PROSE * draw.randint(0, 3)}\n{' '.join(words)}\n{PROSE}"

        assert find(text) == list(phrases(text))


def test_prose_of_list_words_is_no_prospect() -> None:
    """Prose needs no search where words between that are neither of a list nor like one part those of a list."""
    assert not may_hold(view(PROSE * 20))


@pytest.mark.parametrize("before", ["{}) ", "{}. ", "º ", "ª", "Word: ", "\u00ad"])
def test_what_stands_before_each_word_hides_no_phrase(before: str) -> None:
    """A phrase of which letters, labels or ordinals number the words is found where a search finds it."""
    words = phrase(random.Random(3), "english")
    lines = (before.format(letter) + word for letter, word in zip("abcdefghijkl", words, strict=True))
    text = PROSE * 2 + "\n".join(lines)

    assert find(text) == list(phrases(text)) != []


@pytest.mark.parametrize("letter", ["œ", "л", "ⴀ", "ª"])
def test_a_letter_that_no_list_has_hides_no_phrase(letter: str) -> None:
    """A phrase in which such a letter stands within a word is found among prose of list words."""
    phrase = f"scout legal winner thank year wa{letter}ve sausage worth useful yellow ocean abandon"
    text = f"{PROSE * 2}\n\n{phrase}"

    assert [one.kind for one in find(text)] == ["mnemonic"]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("<p>card</p> <p>4111 <b>1111</b> 1111 <i>1111</i></p>\n<p>bye</p>", "card_number"),
        ("<p>api token = <b> <i> <u> <s> <q> AbCdEfGh1234567890abcdEFGH</p>", "token"),
    ],
)
def test_tags_between_words_hide_nothing(page: str, kind: str) -> None:
    """What is a secret where nothing stands in the place of tags is found, though tags part no word."""
    assert [one.kind for one in redacted_page(page)[1]] == [kind]


def test_a_page_of_ideographs_is_read_in_both_ways() -> None:
    """Ideographs of a phrase stand apart by less than a line each, or by many empty lines."""
    words = phrase(random.Random(5), "chinese_simplified")
    joined = "，  ".join(words)
    apart = joined.replace("  ", " " + "\n" * 15 + " ")

    assert find_shown(apart, joined) == (find(apart), find(joined))
    assert find(joined)
    assert not find(apart)
