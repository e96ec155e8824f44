"""The armour of a text that was signed in place: RFC 9580 section 7, as PGP programs wrote it before PGP/MIME."""

from __future__ import annotations

ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "\n-----BEGIN PGP SIGNATURE-----"
_END = "\n-----END PGP SIGNATURE-----"
MAX_SIGNED = 10
"""Texts signed one after another, or one inside another, that are taken out of their armour."""


def without_armour(text: str) -> str:
    """The text without the lines of signatures around it and the dashes that they add."""
    for _ in range(MAX_SIGNED):
        begin = 0 if text.startswith(_SIGNED) else text.find(f"\n{_SIGNED}") + 1
        if not text.startswith(_SIGNED, begin):
            break
        body = text.find("\n\n", begin) + 2
        signature = text.find(_SIGNATURE, begin)
        if body < 2 or signature < body - 1:
            break
        end = text.find(_END, signature)
        below = "" if end < 0 else text[end + len(_END) :]
        text = text[:begin] + _unescaped(text[body:signature]) + below
    return text


def _unescaped(signed: str) -> str:
    """Signed lines that begin with a dash have `- ` before it."""
    return "\n".join(line.removeprefix("- ") for line in signed.split("\n"))
