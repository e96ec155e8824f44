"""What an answer in public would tell everybody about a customer."""

from __future__ import annotations

import re
from collections.abc import Collection

from normalizer.facts.find import search
from normalizer.facts.page import Page

PRIVATE = {
    "tx_hashes": "a transaction",
    "addresses": "the address of a wallet",
    "phones": "a phone number",
    "orders": "the number of an order, a case or a user",
}
"""Facts that tell who a customer is or what is theirs, and what they are called: transactions name a wallet."""
_MAILBOX = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")

Stated = set[tuple[str, str]]
"""What is stated, by what it is called and its value."""


def disclosed(answer: str, asked: str, ours: Collection[str] = ()) -> tuple[str, ...]:
    """What an answer states, in words, that is private and that the customer's public message does not state itself.

    `ours` are mailboxes, in lower case, that everybody may know.
    """
    known = _stated(asked) | {("a mail address", one) for one in ours}
    return tuple(sorted({kind for kind, value in _stated(answer) if (kind, value) not in known}))


def _stated(text: str) -> Stated:
    facts = {(PRIVATE[one.role], one.value.lower()) for one in search(Page(text, None)) if one.role in PRIVATE}
    return facts | {("a mail address", one.lower()) for one in _MAILBOX.findall(text)}
