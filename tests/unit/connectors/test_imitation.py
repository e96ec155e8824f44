"""Accounts that pose as ours are told from those that do not."""

from __future__ import annotations

import pytest

from connectors.imitation import Ours, imitation

OURS = Ours(frozenset({"7"}), ("acme_wallet",), ("Acme Wallet", "Mia from Acme", "链上钱包"))


@pytest.mark.parametrize(
    ("handle", "name", "rule"),
    [
        ("x1", "Acme Wallet", "copied-name"),
        ("x1", "ＡＣＭＥ  wallet ✅", "copied-name"),
        ("x1", "mia from acme", "copied-name"),
        ("x1", "链上钱包", "copied-name"),
        ("acme_wa11et", "Bob", "confusable-name"),
        ("acrne_wallet", "Bob", "confusable-name"),
        ("acme_walIet", "Bob", "confusable-name"),
        ("acme_walet", "Bob", "confusable-name"),
        ("acme_wallet_desk", "Bob", "confusable-name"),
        ("x1", "Асmе Wаllеt", "confusable-name"),  # Cyrillic
        ("x1", "ꓮcme Wallet", "confusable-name"),  # Lisu
        ("x1", "Αcme Wallet", "confusable-name"),  # a Greek capital
        ("x1", "链上钱包客服", "confusable-name"),
        ("wallet_support24", "Bob", "support-in-handle"),
        ("5uppert_team", "Bob", None),
        ("5upport_team", "Bob", "support-in-handle"),
        ("0fficial_team", "Bob", "support-in-handle"),
        ("bob", "Bob", None),
        ("acme", "Acme Corp fan", None),
        ("lin_wei", "林伟", None),
        ("", "", None),
    ],
)
def test_an_imitation_is_named_by_its_rule(handle: str, name: str, rule: str | None) -> None:
    """Copied names, confusable names and handles that speak of support; customers are left alone."""
    found = imitation("42", handle, name, OURS)

    assert (found and found.rule) == rule


def test_our_own_accounts_imitate_nobody() -> None:
    """An id of ours is ours, whatever it is called."""
    assert imitation("7", "acme_wallet", "Acme Wallet", OURS) is None
