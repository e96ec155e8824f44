"""What makes a mail the same mail wherever it is found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from normalizer.mime.parse import leaves
from normalizer.mime.part import Part

_NAMED = ("from", "date", "message-id")


def digest(part: Part) -> str:
    """SHA-256 (hex) of a leaf's decoded content."""
    return hashlib.sha256(part.content).hexdigest()


def digests(root: Part) -> dict[int, str]:
    """The digests of the leaves that are no text, by identity: what is large is hashed once for all purposes."""
    return {id(leaf): digest(leaf) for leaf in leaves(root) if not _is_text(leaf)}


def fingerprint(root: Part, known: Mapping[int, str], raw: bytes) -> bytes:
    """SHA-256 over From, Date, Message-ID and all decoded parts.

    Transfer encodings, line ends and how a header is folded do not count: servers change them.  `known`
    is what `digests` gives.  A mail that has neither Date nor Message-ID is the same only
    as itself, byte for byte: whoever writes "hello?" twice by way of a careless program has written twice.
    """
    if root.field("date") is None and root.field("message-id") is None:
        return hashlib.sha256(raw).digest()
    whole = hashlib.sha256()
    for name in _NAMED:
        for value in root.all_fields(name):
            whole.update(name.encode() + b":" + b" ".join(value.split()) + b"\n")
    for leaf in leaves(root):
        whole.update(_sameness(leaf, known).encode() + b"\n")
    return whole.digest()


def _sameness(leaf: Part, known: Mapping[int, str]) -> str:
    """The digest of a leaf; of text, line ends aside."""
    if not _is_text(leaf):
        return known[id(leaf)]
    return hashlib.sha256(leaf.content.translate(None, b"\r").rstrip(b"\n")).hexdigest()


def _is_text(leaf: Part) -> bool:
    return leaf.media_type.startswith(("text/", "message/"))
