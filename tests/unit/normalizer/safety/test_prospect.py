"""What is settled without a search hides no secret: phrases among list words, and pages whose tags part no word."""

from __future__ import annotations

import random
from functools import reduce

import pytest

from normalizer.safety.find import find, find_shown
from normalizer.safety.page import redacted_page
from normalizer.safety.phrases import phrases
from normalizer.safety.prospect import prospects
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
    assert not prospects(view(PROSE * 20))


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


@pytest.mark.parametrize("slips", [(7, 9, 11), (2, 8, 17)])
def test_slips_close_together_hide_no_long_phrase(slips: tuple[int, ...]) -> None:
    """A phrase is found among list words though no twelve words of it have less than three slips of the pen."""
    words = [*phrase(random.Random(2), "english", 18), "abandon"]
    for place in slips:
        words[place] = f"{words[place][:2]}x{words[place][2:]}"
    text = f"{PROSE * 2}\nthe the the {' '.join(words)}"

    assert find(text) == list(phrases(text)) != []


def test_every_phrase_in_a_long_text_is_found() -> None:
    """Of several phrases with prose between them none is passed over, whatever stands beside it."""
    draw = random.Random(4)
    texts = [" ".join(phrase(draw, "english", size)) for size in SIZES]
    text = f"\nthe wallet of my {PROSE}\n".join(texts)

    assert len(find(text)) == len(texts)
    assert find(text) == list(phrases(text))


def test_labels_that_number_words_of_several_phrases_are_left_out_of_all() -> None:
    """What numbers the words of a text does so in each part of it, though few stand in one part."""
    words = phrase(random.Random(6), "english")
    text = "\n".join(f"word {word}" for word in words[:6]) + f"\n{PROSE}\n{' '.join(words)}\n"
    text += "\n".join(f"word {word}" for word in words[6:])

    assert find(text) == list(phrases(text)) != []


@pytest.mark.parametrize("form", ["{1} ", "{1}, ", "{0}. {1}\n", "word {0}: {1}; "])
@pytest.mark.parametrize("slips", range(2))
def test_a_phrase_in_an_attribute_is_found_beside_any_text(form: str, slips: int) -> None:
    """A phrase in a tag is found where no other words are in doubt, with a slip of the pen and numbered, too."""
    draw = random.Random(slips)
    words = phrase(draw, "english")
    words = mistyped(draw, words, "english") if slips else words
    said = "".join(form.format(number, word) for number, word in enumerate(words, 1))
    page = f'<p style="color:#a1b2c3">Hello there,</p><img alt="{said}"><p>this is what I wrote down.</p>'

    assert redacted_page(page)[1] == find(page) != []


def test_a_phrase_that_tags_part_from_its_like_is_found() -> None:
    """A phrase with a wrong word that stands twice in a page, a cell each, is found, though both in a row are none."""
    words = phrase(random.Random(7), "english")
    words[4] = words[3]
    cell = f"<td>{' '.join(words)}</td>"

    assert [one.kind for one in redacted_page(f"<tr>{cell}\n{cell}</tr>")[1]] == ["mnemonic"] * 2
    assert not list(phrases(f"{' '.join(words)}\n{' '.join(words)}"))


@pytest.mark.parametrize("between", ["\n", "\n\n", "<br>\n", "</p>\n<p>", "</p><p>"])
@pytest.mark.parametrize("size", [3, 4, 12])
def test_rows_of_ideographs_in_a_page_are_found(between: str, size: int) -> None:
    """A Chinese phrase in rows is found in a page, whatever ends its lines and whatever prose stands beside it."""
    words = "".join(phrase(random.Random(9), "chinese_simplified"))
    rows = between.join(words[at : at + size] for at in range(0, len(words), size))
    page = f"<p>你好，请帮我看看我的钱包，谢谢。</p>\n<p>{rows}</p>\n<p>ありがとうございます</p>"

    assert [one.kind for one in redacted_page(page)[1]] == ["mnemonic"]


def test_rows_of_ideographs_end_where_letters_stand_between() -> None:
    """Rows that a line of letters parts are no phrase, and rows beside such a line are one."""
    words = "".join(phrase(random.Random(9), "chinese_simplified"))
    rows = [words[at : at + 4] for at in range(0, len(words), 4)]

    assert find("hello\n" + "\n".join(rows) + "\nたんご")
    assert not find("\nhello\n".join(rows))
