"""Words are found however they are written, and only where they are meant."""

from __future__ import annotations

import pytest

from model.rules import Negation
from normalizer.triage.fold import fold
from normalizer.triage.lexicon import Lexicon


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Didn’t", "didnt"),
        ("ＵＳＤＴ　被盜", "usdt 被盗"),
        ("錢包餘額", "钱包余额"),
        ("Dirección", "direccion"),
        ("bị đánh cắp", "bi danh cap"),
        ("ÇALINDI", "calindi"),
        ("ещё", "еще"),
        ("sto\u200blen  \n now", "stolen now"),
        ("解約ガス", "解约ガス"),
        ("bị đánh\tcắp\u2028😭", "bi danh cap 😭"),
        ("GİTTİ, çalındı… 😭", "gitti, calindi... 😭"),
        ("錢\ud800不見", "钱?不见"),
        ("도난", "도난"),
    ],
)
def test_folding_takes_away_how_a_word_is_written(written, plain):
    """Width, case, accents, apostrophes, traditional characters and invisible ones make no difference."""
    assert fold(written) == plain


@pytest.mark.parametrize("text", ["", "a", "İıß", "\u0301\u0301", "🏴‍☠️ stolen", "ǅ", "\ud800"])
def test_folding_a_second_time_changes_nothing(text):
    """What is folded stays as it is, whatever it is."""
    assert fold(fold(text)) == fold(text)


def _found(text: str, *words: str, negation: Negation | None = None) -> list[str]:
    lexicon = Lexicon({"meant": words}, negation or Negation())
    folded = fold(text)
    return [folded[start:end] for places in lexicon.find(folded).values() for start, end in places]


@pytest.mark.parametrize(
    ("text", "word", "times"),
    [
        ("my key", "key", 1),
        ("monkey keyboard", "key", 0),
        ("keys", "key*", 1),
        ("украден", "украд", 0),
        ("украден", "украд*", 1),
        ("我的钱包被盗了", "被盗", 1),
        ("盗まれました", "盗まれ", 1),
        ("도난당했어요", "도난", 1),
        ("stolen, stolen", "stolen", 2),
        ("btc被盗", "btc", 1),
    ],
)
def test_words_are_whole_where_scripts_have_spaces(text, word, times):
    """Latin and Cyrillic words are found whole or from their beginning; other scripts have no such bounds."""
    assert len(_found(text, word)) == times


DENIED = Negation(of=("meant",), before=("not", "没有被"), after=("ていません", "degil"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("it was stolen", ["stolen"]),
        ("it was not stolen", []),
        ("not me. stolen", ["stolen"]),
        ("knot stolen", ["stolen"]),
        ("盗まれていません", []),
        ("没有被盗", []),
    ],
)
def test_what_is_denied_is_not_said(text, found):
    """A word right before or after another turns it into nothing; one beyond a full stop does not."""
    assert _found(text, "stolen", "盗まれ", "盗", negation=DENIED) == found


def test_without_words_nothing_is_found():
    """A lexicon of nothing finds nothing."""
    assert Lexicon({}, Negation()).find("anything") == {}
