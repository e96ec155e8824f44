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
    if len(raw) > MAX_HEADER and all(raw.find(end, 0, MAX_HEADER + 4) < 0 for end in (b"\r\n\r\n", b"\n\n")):
        return f"its header is longer than {MAX_HEADER} bytes"
    dashes = 2 * MAX_BOUNDARIES
    if _has_more(raw, b"-", dashes) and raw.count(b"\n--") > MAX_BOUNDARIES:
        return f"more than {MAX_BOUNDARIES} of its lines look like boundaries"
    if _has_more(raw, b"<", MAX_TAGS):
        return f"it has more than {MAX_TAGS} tags"
    return None


def _has_more(raw: bytes, mark: bytes, most: int) -> bool:
    """Whether a byte is there more often; cutting at it passes a file in base64 ten times as fast as counting does."""
    return len(raw) > most and len(raw.split(mark, most + 1)) > most + 1
