"""What an answer in public may not say."""

from __future__ import annotations

import pytest

from normalizer.safety.disclosure import disclosed

TX = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (f"your transfer {TX} is confirmed", "a transaction"),
        ("we wrote to ann@example.org", "a mail address"),
        ("we will call +49 30 901820 today", "a phone number"),
        ("order number 20261120553 is refunded", "the number of an order, a case or a user"),
        ("it went to 0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045", "the address of a wallet"),
    ],
)
def test_what_is_the_customers_alone_is_told(answer: str, kind: str) -> None:
    """Each kind of private fact is named, but not repeated; what the customer has published is none."""
    assert disclosed(answer, "where is my money?") == (kind,)
    assert disclosed(answer, f"where is it? {answer}") == ()


@pytest.mark.parametrize(
    "answer",
    [
        "we are looking into it, please send us a direct message",
        "withdrawals take up to 30 minutes since version 7.2.1; read https://example.com/help/17",
        "write to support@example.com",
        "手续费是 0.5 USDT，请稍等",
    ],
)
def test_ordinary_answers_are_public(answer: str) -> None:
    """Times, versions, fees, links and our own mailbox are nobody's secret."""
    assert disclosed(answer, "help!", {"support@example.com"}) == ()
