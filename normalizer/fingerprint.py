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


def fingerprint(root: Part, digests: Mapping[int, str], raw: bytes) -> bytes:
    """SHA-256 over From, Date, Message-ID and all decoded parts.

    Transfer encodings, line ends and how a header is folded do not count: servers change them.  `digests`
    has the digests of the leaves by identity.  A mail that has neither Date nor Message-ID is the same only
    as itself, byte for byte: whoever writes "hello?" twice by way of a careless program has written twice.
    """
    if root.field("date") is None and root.field("message-id") is None:
        return hashlib.sha256(raw).digest()
    whole = hashlib.sha256()
    for name in _NAMED:
        for value in root.all_fields(name):
            whole.update(name.encode() + b":" + b" ".join(value.split()) + b"\n")
    for leaf in leaves(root):
        whole.update(_sameness(leaf, digests).encode() + b"\n")
    return whole.digest()


def _sameness(leaf: Part, digests: Mapping[int, str]) -> str:
    """The digest of a leaf; of text, line ends aside."""
    if not leaf.media_type.startswith(("text/", "message/")):
        return digests[id(leaf)]
    return hashlib.sha256(leaf.content.replace(b"\r\n", b"\n").rstrip(b"\n")).hexdigest()
