"""What a message states that can be looked up, and what speaks against trusting it."""

from __future__ import annotations

import msgspec

from model.draft import Context, Draft, PhishingLists
from normalizer.facts.find import page_of, with_facts
from normalizer.safety.impersonation import impersonation
from normalizer.safety.phishing import phishing, poisoned

_NO_LISTS = PhishingLists()


def examine(draft: Draft, context: Context) -> Draft:
    """The draft with its facts, and with the signs of phishing and of a sender who poses as us."""
    page = page_of(draft)
    draft = with_facts(draft, page, context)
    safety = msgspec.structs.replace(
        draft.safety,
        phishing=(
            *phishing(page, context.phishing or _NO_LISTS, context.brands),
            *poisoned(draft.facts.addresses, context.seen_addresses),
        ),
        impersonation=draft.safety.impersonation or impersonation(draft, context),
    )
    return msgspec.structs.replace(draft, safety=safety)
