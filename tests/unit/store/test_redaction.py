"""What is left of a message when a later one shows that it held a part of a secret."""

from __future__ import annotations

from datetime import UTC, datetime

from model.draft import Correction, Draft
from model.ticket import Fact, Facts, Matched, Message, Redaction, Requester, Triage
from store.redaction import correct_message

TEXT = "on 1 May: vintage private gentle, order 77"


def _draft() -> Draft:
    return Draft(
        requester=Requester(id="", name="", language=None),
        message=Message(
            id="", source_id="1", sent_at=None, received_at=datetime(2026, 11, 1, tzinfo=UTC), text=TEXT, new_text=TEXT
        ),
        facts=Facts(
            times=(Fact(value="05-01", span=(3, 8)),),
            orders=(Fact(value="77", kind="order", span=(40, 42)), Fact(value="5", kind="order")),
            addresses=(Fact(value="vintage", span=(10, 17)),),
        ),
        triage=Triage(
            matched=(Matched(rule="model", text="vintage · private"), Matched(rule="number", text="order, 77"))
        ),
    )


def test_what_quotes_the_secret_goes_with_it() -> None:
    """Facts and reasons that are no longer in the text are gone, the others stay and are where they now stand."""
    text = "on 1 May: [seed phrase removed], order 77"
    left = correct_message(_draft(), Correction("1", text, (Redaction(kind="mnemonic", count=1, where="text"),)))

    assert (left.message.text, left.message.new_text) == (text, text)
    assert left.facts.addresses == ()
    assert left.facts.times == (Fact(value="05-01", span=(3, 8)),)
    assert [(one.value, one.span) for one in left.facts.orders] == [("77", (39, 41)), ("5", None)]
    assert [one.text for one in left.triage.matched] == ["", "order, 77"]
    assert [(one.kind, one.count) for one in left.safety.redacted] == [("mnemonic", 1)]
