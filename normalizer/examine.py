"""What a message states that can be looked up, and what speaks against trusting it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from model.draft import Context, Draft, PhishingLists
from normalizer.facts.find import page_of, with_facts
from normalizer.safety.impersonation import impersonation
from normalizer.safety.phishing import MAX_MATCHES, phishing, poisoned

_NO_LISTS = PhishingLists()


def examine(draft: Draft, context: Context) -> Draft:
    """The draft with its facts, and with the signs of phishing and of a sender who poses as us."""
    page = page_of(draft)
    draft = with_facts(draft, page, context)
    safety = msgspec.structs.replace(
        draft.safety,
        phishing=(
            *phishing(page, context.phishing or _NO_LISTS, context.brands),
            *poisoned(draft.facts.addresses),
        ),
        impersonation=draft.safety.impersonation or impersonation(draft, context),
    )
    return msgspec.structs.replace(draft, safety=safety)


def compared(draft: Draft, seen: Sequence[str]) -> Draft:
    """The draft with the signs of an address that is easily taken for one of those that were seen before it."""
    alike = poisoned(draft.facts.addresses, seen)
    marks = tuple(dict.fromkeys((*draft.safety.phishing, *alike)))[:MAX_MATCHES]
    if marks == draft.safety.phishing:
        return draft
    return msgspec.structs.replace(draft, safety=msgspec.structs.replace(draft.safety, phishing=marks))
