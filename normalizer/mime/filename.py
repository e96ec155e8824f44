"""File names that are safe to store, to show and to download, and still the sender's."""

from __future__ import annotations

import re

MAX_LENGTH = 120
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_ABSOLUTE = re.compile(r"(?:[A-Za-z]:)?[/\\]|[A-Za-z]:[^/\\]*[/\\]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """`name` without a path, characters that cannot be seen, or what Windows reserves; at most MAX_LENGTH
    characters, the extension kept.  Empty where nothing is left.
    """
    name = _UNSEEN.sub("", " ".join(name.split()))
    if _ABSOLUTE.match(name):
        name = re.split(r"[/\\]", name)[-1]
    name = re.sub(r"[/\\]", "_", name).strip(" ")
    if name.strip(".") == "":
        return ""
    name = name.rstrip(".")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name) <= MAX_LENGTH:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > MAX_LENGTH // 4:
        return name[:MAX_LENGTH]
    return f"{stem[: MAX_LENGTH - len(extension) - 1]}.{extension}"
