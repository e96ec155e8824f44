"""Answers: public where they may be, private otherwise, and never twice."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.x.length import split, weight
from model.errors import Permanent, Transient, Uncertain
from model.reply import ReplyFile
from tests.integration.x.conftest import CONSENT, Reader
from tests.support.x_replies import answer


def _sent(reader: Reader) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["to"], one["text"]) for one in reader.world.sent]


async def _send(reader: Reader, text: str, more: dict[str, Any] | None = None, **asked: Any) -> str:
    connector = reader.connector(oauth=CONSENT, **(more or {}))
    return (await connector.send(answer(text, **asked), reader.state)).value


async def test_a_private_answer_to_a_public_post_goes_by_message(reader: Reader) -> None:
    """What the helpdesk does not call public is never posted."""
    post = reader.world.mention("help")
    await _send(reader, "your case is FN-1", post=post, visibility="private")
    await _send(reader, "a public answer to a message", message=reader.world.message("hi"), visibility="public")

    assert [(kind, to) for kind, to, _ in _sent(reader)] == [("dm", "42"), ("dm", "42")]


async def test_where_x_takes_no_public_answer_it_goes_by_message(reader: Reader) -> None:
    """The author did not mention the account, or the post is gone; where messages are closed too, the agent is told."""
    post = reader.world.mention("help")
    reader.world.posts[int(post)]["text"] = "no mention any more"
    reference = await _send(reader, "hello", post=post)
    reader.world.closed.add("42")
    with pytest.raises(Permanent, match=r"neither a public answer.* nor a direct message"):
        await _send(reader, "hello again", post=post)

    assert _sent(reader) == [("dm", "42", "hello")]
    assert reference.startswith("dm:")


async def test_what_x_refuses_for_another_reason_is_not_sent_elsewhere(reader: Reader) -> None:
    """The same words twice are refused by X; the agent is told."""
    post = reader.world.mention("help")
    await _send(reader, "hello", post=post)
    with pytest.raises(Permanent, match="duplicate"):
        await _send(reader, "hello", post=post, id="00000000-0000-0000-0000-000000000009")

    assert _sent(reader) == [("post", post, "hello")]


async def test_a_long_answer_becomes_several(reader: Reader) -> None:
    """Each is short enough, numbered, and answers the customer's post."""
    post = reader.world.mention("help")
    text = " ".join(f"word{number}" for number in range(100))
    reference = await _send(reader, text, post=post)
    parts = [part for _, _, part in _sent(reader)]

    assert len(parts) == len(reference.split(",")) == 3
    assert " ".join(part.rpartition(" (")[0] for part in parts) == text
    assert all(weight(part) <= 280 for part in parts)
    assert {to for _, to, _ in _sent(reader)} == {post}


async def test_a_long_answer_is_shortened_or_refused_as_configured(reader: Reader) -> None:
    """One post with an ellipsis, or an error with the length."""
    post = reader.world.mention("help")
    await _send(reader, "word " * 100, {"long_replies": "shorten"}, post=post)
    with pytest.raises(Permanent, match="499 characters as X counts, and may have 280"):
        await _send(reader, ("words" * 100)[:499], {"long_replies": "refuse"}, post=post)
    [(_, _, text)] = _sent(reader)

    assert text.endswith("word…")
    assert weight(text) <= 280


async def test_an_answer_goes_on_where_it_was_interrupted(reader: Reader) -> None:
    """After a full window in the middle, the parts that were sent are not sent again."""
    post = reader.world.mention("help")
    text = " ".join(f"word{number}" for number in range(100))
    faults = iter([None, "429", None, None])
    reader.emulator.fault = lambda _: next(faults, None)
    with pytest.raises(Transient):
        await _send(reader, text, post=post)
    assert len(_sent(reader)) == 1
    await _send(reader, text, post=post)

    assert len(_sent(reader)) == 3


async def test_a_lost_answer_of_x_is_uncertain_for_good(reader: Reader) -> None:
    """Whether it was posted is for a person to see; also after a restart nothing is repeated."""
    post = reader.world.mention("help")
    reader.emulator.fault = lambda name: "lost" if name == "tweets" else None
    with pytest.raises(Uncertain, match="may have been sent"):
        await _send(reader, "hello", post=post)
    reader.emulator.fault = lambda _: None
    with pytest.raises(Uncertain, match="look at the conversation"):
        await _send(reader, "hello", post=post)

    assert len(_sent(reader)) == 1


async def test_answers_are_paid_from_the_same_budget(reader: Reader) -> None:
    """A link makes an answer dear; where the money does not suffice it waits, and nothing is sent."""
    post = reader.world.mention("help")
    budget = {"budget": {"per_day": "0.1 USD", "per_month": "1 USD"}}
    await _send(reader, "hello", budget, post=post)
    with pytest.raises(Transient, match=r"0.01 of 0.1 USD this day"):
        await _send(reader, "see https://example.com", budget, post=post)

    assert len(_sent(reader)) == 1


async def test_what_cannot_be_said_on_x_is_refused(reader: Reader) -> None:
    """Files, an empty text, a requester without an account, and a connector without consent."""
    file = ReplyFile(filename="a.pdf", media_type="application/pdf", size=1, sha256="0" * 64)
    post = reader.world.mention("help")
    with pytest.raises(Permanent, match="files cannot be sent"):
        await _send(reader, "hello", post=post, attachments=(file,))
    with pytest.raises(Permanent, match="no text"):
        await _send(reader, " ", post=post)
    with pytest.raises(Permanent, match="no account on X"):
        await _send(reader, "hello", post=post, visibility="private", to="bob")
    with pytest.raises(Permanent, match="configure oauth"):
        await reader.connector().send(answer("hello", post=post), reader.state)

    assert _sent(reader) == []


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("钱包", 4),
        ("🙂", 2),
        ("see https://example.com/" + "x" * 100, 27),
        ("", 0),
    ],
)
def test_length_is_counted_as_x_does(text: str, size: int) -> None:
    """One for Latin, two for CJK and emoji, 23 for a link however long."""
    assert weight(text) == size


def test_a_text_without_spaces_is_split_too() -> None:
    """Chinese is cut between characters, and nothing of it is lost."""
    text = "我的钱包被盗了请帮帮我" * 40
    parts = split(text, 280)

    assert "".join(part.rpartition(" (")[0] for part in parts) == text
    assert all(weight(part) <= 280 for part in parts)
