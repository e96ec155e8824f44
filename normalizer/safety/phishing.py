"""Domains that are known for fraud or made to be taken for another, and the wording of bait; nothing is fetched.

The order of the checks is that of eth-phishing-detect: allowed, blocked, similar; each holds for a domain and
all its subdomains.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import islice

from rapidfuzz.distance import Levenshtein

from model.draft import PhishingLists
from model.skeleton import skeleton
from model.ticket import Fact, Matched
from normalizer.facts.page import Page
from normalizer.safety.bait import BAITS, DISTANCE

MAX_MATCHES = 20
"""Reasons that a ticket holds."""
MAX_REASON = 200
"""Characters of the matched words."""
SHORTEST_IMITATED = 5
"""Letters below which a name is too short to be imitated by a few others."""
DIGEST = 8


def phishing(page: Page, lists: PhishingLists, brands: Sequence[str]) -> tuple[Matched, ...]:
    """Why the links of a message, or its words, are those of fraud."""
    if not page.hosts and not page.baits:
        return ()
    found = dict.fromkeys(_links(page, lists, brands))
    found |= dict.fromkeys(_wording(page))
    return tuple(Matched(rule=rule, text=text[:MAX_REASON]) for rule, text in list(found)[:MAX_MATCHES])


def verdict(domain: str, lists: PhishingLists, brands: Sequence[str] = ()) -> str | None:
    """Why a domain is suspicious: `blocked`, `similar`, `lookalike`, or None."""
    name = domain.strip(".").lower()
    parents = _parents(name)
    if _listed(lists.allowed, parents):
        return None
    if _listed(lists.blocked, parents):
        return "blocked"
    form = fuzzy_form(name)
    if any(Levenshtein.distance(form, one, score_cutoff=lists.tolerance) <= lists.tolerance for one in lists.imitated):
        return "similar"
    return "lookalike" if _looks_like(ascii_shown(name), lists.imitated, tuple(brands)) else None


def ascii_shown(name: str) -> str:
    """A domain as a browser shows it: labels in punycode (RFC 3492) decoded, those that cannot be as they are."""
    if "xn--" not in name:
        return name
    return ".".join(_decoded(label) for label in name.split("."))


def fuzzy_form(name: str) -> str:
    """A domain without its top level and without `www.`, as similar names are compared."""
    return name.removeprefix("www.").rpartition(".")[0]


def digest(domain: str) -> bytes:
    """What a list keeps of a domain."""
    return blake2b(domain.encode("utf-8", "surrogatepass"), digest_size=DIGEST).digest()


def poisoned(addresses: Sequence[Fact], seen: Sequence[str] = ()) -> tuple[Matched, ...]:
    """Pairs of addresses whose first and last four characters are the same, but not their middle.

    Whoever copies an address from a history by its ends sends to the wrong one (address poisoning).
    """
    known = list(dict.fromkeys(one.value for one in addresses))
    found = (f"{other} {one}" for other, one in _alike(known, seen))
    return tuple(Matched(rule="address_poisoning", text=text) for text in islice(found, MAX_MATCHES))


def _alike(addresses: Sequence[str], seen: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each address with those before it, or seen earlier, that have the same ends."""
    if not addresses:
        return
    by_ends: dict[tuple[str, str], dict[str, str]] = {}
    for one in seen:
        by_ends.setdefault(_ends(one), {}).setdefault(one.lower(), one)
    for one in addresses:
        others = by_ends.setdefault(_ends(one), {})
        yield from ((other, one) for lower, other in others.items() if lower != one.lower())
        others.setdefault(one.lower(), one)


def _ends(address: str) -> tuple[str, str]:
    plain = address.lower().removeprefix("0x")
    return plain[:4], plain[-4:]


def _links(page: Page, lists: PhishingLists, brands: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(host.name for host in page.hosts):
        if rule := verdict(name, lists, brands):
            yield f"{rule}_domain", name


def _wording(page: Page) -> Iterator[tuple[str, str]]:
    """The rules of bait whose words stand in the text, in the company that they ask for."""
    for word in page.baits:
        for bait in (BAITS[number] for number in word.rules):
            around = page.folded[max(0, word.start - DISTANCE) : word.end + DISTANCE] if bait.company else ""
            if not bait.company or any(one in around for one in bait.company):
                yield bait.rule, page.text[word.start : word.end]


def _parents(name: str) -> list[bytes]:
    """The digests of a domain and of each domain above it, the top level aside."""
    labels = name.split(".")[-10:]
    return [digest(".".join(labels[first:])) for first in range(len(labels) - 1)]


def _listed(digests: bytes, wanted: Sequence[bytes]) -> bool:
    if not digests:
        return False
    sorted_ = memoryview(digests).cast("Q")
    for one in wanted:
        number = int.from_bytes(one, sys.byteorder)
        place = bisect_left(sorted_, number)
        if place < len(sorted_) and sorted_[place] == number:
            return True
    return False


def _looks_like(shown: str, imitated: tuple[str, ...], brands: tuple[str, ...]) -> bool:
    """Whether a part of a domain bears one of our names, or looks like an imitated one without being it."""
    own, names = _skeletons(brands), _skeletons(imitated)
    for label in shown.split(".")[:-1]:
        for part in {label, *label.split("-")}:
            looks = skeleton(part)
            if looks in own or (looks in names and part not in imitated):
                return True
    return False


@lru_cache(8)
def _skeletons(names: tuple[str, ...]) -> frozenset[str]:
    found = (skeleton(one) for one in names if "." not in one)
    return frozenset(one for one in found if len(one) >= SHORTEST_IMITATED)


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label
