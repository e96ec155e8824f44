"""Letters that a secret of some kinds cannot be without: one pass finds all of them, and nearly no text has any."""

from __future__ import annotations

from functools import cache

from ahocorasick_rs import BytesAhoCorasick, MatchKind

TOKEN, NAMED, PEM, OTPAUTH, KEYSTORE = range(5)
"""Kinds of anchors: the first letters of tokens, words that name one, and what the other kinds begin with or hold."""
_ANCHORS = {
    TOKEN: (
        "eyJ AKIA ASIA ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ xox xapp- sk_live_ sk_test_ rk_live_ rk_test_ whsec_ AIza "
        "ya29. GOCSPX- sk- glpat- gldt- glrt- npm_ pypi- hf_ SG. dop_v1_ shpat_ shpca_ shppa_ shpss_"
    ),
    NAMED: ("secret Secret SECRET token Token TOKEN 2fa 2FA totp Totp TOTP authenticator Authenticator AUTHENTICATOR"),
    PEM: "-----BEGIN",
    OTPAUTH: "otpauth OTPAUTH",
    KEYSTORE: "iphertext IPHERTEXT",
}


def anchors(flat: bytes) -> dict[int, list[int]]:
    """Where anchors are, by their kind; `flat` has a byte for each character."""
    found: dict[int, list[int]] = {}
    automaton, kinds = _automaton()
    for which, start, _ in automaton.find_matches_as_indexes(flat):
        found.setdefault(kinds[which], []).append(start)
    return found


@cache
def _automaton() -> tuple[BytesAhoCorasick, list[int]]:
    pairs = [(kind, word) for kind, letters in _ANCHORS.items() for word in letters.split()]
    automaton = BytesAhoCorasick([word.encode() for _, word in pairs], matchkind=MatchKind.LeftmostLongest)
    return automaton, [kind for kind, _ in pairs]
