"""Secrets in the names of files."""

from __future__ import annotations

import hashlib
import re

from normalizer.safety.find import find
from normalizer.safety.found import replaced
from normalizer.safety.wording import Wording

_HASH = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_COUNTED = re.compile(r"[a-z]+:[0-9]{1,20}")
"""What a channel calls the things that it counts, such as `comment:5100000000000057`."""


def redacted_name(name: str) -> str:
    """The name of a file without secrets; a mere hash is none, since many files are named by theirs."""
    found = find(name)
    if found and not Wording(name).names_secrets:
        found = [one for one in found if not _HASH.fullmatch(name[one.start : one.end])]
    return replaced(name, found)


def safe_id(source_id: str) -> str:
    """The id as it is; of one that holds a secret, such as a file's name, what identifies it without that.

    A channel's own count is none, though every tenth number of Weibo's is also a valid number of a card; an answer
    names it.
    """
    if _COUNTED.fullmatch(source_id):
        return source_id
    safe = redacted_name(source_id)
    if safe == source_id:
        return source_id
    return f"{safe}#{hashlib.sha256(source_id.encode('utf-8', 'backslashreplace')).hexdigest()[:12]}"
