"""Triage finds what is urgent, in ten languages, on messages that it was not made from."""

from __future__ import annotations

from collections import Counter

import pytest

from normalizer.triage.labelled import read_labelled
from tests.support.triage import DATA, Judged, accuracy, chat, judged, precision, recall

LANGUAGES = ("en", "es", "id", "ja", "ko", "ru", "tr", "vi", "zh-Hans", "zh-Hant")


@pytest.fixture(scope="module")
def results() -> list[Judged]:
    return judged(read_labelled(DATA / "test"))


def test_the_labelled_set_is_as_large_as_it_says():
    """There are 2,000 messages and more, 700 critical ones and 700 hard negatives, 400 critical in the test part."""
    train, test = read_labelled(DATA / "train"), read_labelled(DATA / "test")
    everything = train + test

    assert {each.language for each in train} == {each.language for each in test} == set(LANGUAGES)
    assert len(everything) >= 2000
    assert sum(each.urgency == "critical" for each in everything) >= 700
    assert sum(each.hard for each in everything) >= 700
    assert sum(each.urgency == "critical" for each in test) >= 400


@pytest.mark.parametrize("part", ["test", "fresh", "unseen", "later", "newest", "blind", "final"])
def test_no_message_is_in_both_parts(part):
    """What is measured against was not learned from."""
    learned = {each.text for each in read_labelled(DATA / "train") if len(each.text) > 25}

    assert [each.text for each in read_labelled(DATA / part) if each.text in learned] == []


@pytest.mark.parametrize(
    "text",
    [
        "貴社のウォレットからBTCが盗まれました",
        "贵公司的钱包里我的USDT被盗了",
        "我的USDT被盗了，你们必须赔款",
        "Me robaron los USDT, oi que hay un fallo en la app",
        "У меня украли все USDT с кошелька, слышал что у других тоже",
        "I want my money, you must cooperate with the police, my USDT was stolen from my wallet",
    ],
)
def test_what_is_said_beside_a_theft_does_not_hide_it(text: str) -> None:
    """Demands, hearsay and a polite word for the company are no sign that nothing happened."""
    assert chat(text).triage.urgency == "critical"


def test_critical_messages_are_found(results):
    """Of the critical messages of the test part at least 97 % are found, and 88 % of what is found is critical."""
    assert recall(results) >= 0.97
    assert precision(results) >= 0.88


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_category_is_right_in_each_language(results, language):
    """The category is right for at least 85 % of the messages of each language."""
    some = [each for each in results if each.expected.language == language]

    assert accuracy(some) >= 0.85


def test_critical_messages_travel_in_the_urgent_lane(results):
    """What is critical, and nothing else, is in the urgent lane; and every critical message says why."""
    lanes = Counter((each.found.urgency == "critical", each.found.lane == "urgent") for each in results)

    assert set(lanes) == {(True, True), (False, False)}
    assert all(each.found.matched for each in results if each.found.urgency == "critical")
