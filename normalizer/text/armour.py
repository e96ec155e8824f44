"""The armour of a text that was signed in place: RFC 9580 section 7, as PGP programs wrote it before PGP/MIME."""

from __future__ import annotations

import re

ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
_FIELD = r"(?:Hash|Charset|Comment|Version|NotDashEscaped):[^\n]*"
_SIGNED = re.compile(
    rf"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?>(?:{_FIELD}\n){{0,99}})(?:[^\S\n]*\n)?", re.MULTILINE
)
"""The line that begins a signed text, with its fields and the blank line that ends them."""
_SIGNATURE = re.compile(r"\n-----BEGIN PGP SIGNATURE-----[ \t]*(?=\n|\Z)")
_NEXT = re.compile(r"\n-----(?:(END PGP SIGNATURE)|BEGIN PGP [A-Z ]{1,40})-----")
_DATA = r"[A-Za-z0-9+/]{20,}={0,2}|[A-Za-z0-9+/]{1,19}={1,2}|=[A-Za-z0-9+/]{4}"
_REST = re.compile(rf"(?>(?:\s*+(?<=\n)(?:{_FIELD}|{_DATA})[ \t]*(?=\n|\Z)){{0,999}})")
"""What can only be of a signature, where its last line is lost."""
MAX_SIGNED = 10
"""Texts signed one after another, or one inside another, that are taken out of their armour."""


def without_armour(text: str) -> str:
    """The text without the lines of signatures around it and the dashes that they add."""
    for _ in range(MAX_SIGNED):
        begin = _SIGNED.search(text)
        signature = _SIGNATURE.search(text, begin.end() - 1) if begin else None
        if not begin or not signature:
            break
        signed = _unescaped(text[begin.end() : signature.start()])
        text = text[: begin.start()] + signed + text[_end(text, signature.end()) :]
    return text


def _end(text: str, start: int) -> int:
    """Where a signature ends that begins above `start`: at its last line, or where its own lines end."""
    found = _NEXT.search(text, start)
    if found and found[1]:
        return found.end()
    rest = _REST.match(text, start)
    return rest.end() if rest else start


def _unescaped(signed: str) -> str:
    """Signed lines that begin with a dash have `- ` before it."""
    return "\n".join(line.removeprefix("- ") for line in signed.split("\n"))
