"""Whether a message may be read in the daemon's own process, found out in one cheap pass."""

from __future__ import annotations

MAX_SIZE = 32 * 1024 * 1024
MAX_HEADER = 256 * 1024
MAX_BOUNDARIES = 5_000
MAX_TAGS = 50_000


def suspicious(raw: bytes) -> str | None:
    """Why a message must be read in a process that can be killed, or None where it need not.

    Linear in the size of `raw`.  What it lets pass is read in well under a second.
    """
    if len(raw) > MAX_SIZE:
        return f"it is larger than {MAX_SIZE} bytes"
    ends = [end for mark in (b"\r\n\r\n", b"\n\n") if (end := raw.find(mark, 0, MAX_HEADER + 4)) >= 0]
    if len(raw) > MAX_HEADER and not ends:
        return f"its header is longer than {MAX_HEADER} bytes"
    # What is shorter than so many of them, as most mails are, need not be counted.
    if len(raw) > MAX_BOUNDARIES * 3 and raw.count(b"\n--") > MAX_BOUNDARIES:
        return f"more than {MAX_BOUNDARIES} of its lines look like boundaries"
    if len(raw) > MAX_TAGS and raw.count(b"<") > MAX_TAGS:
        return f"it has more than {MAX_TAGS} tags"
    return None
