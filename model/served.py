"""How a file that somebody sent is served, so that it does no harm in the browser of whoever looks at it."""

from __future__ import annotations

import re
from urllib.parse import quote

INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types that a browser may show; everything else is only ever saved."""
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._ -]")


def file_headers(filename: str, media_type: str, size: int) -> dict[str, str]:
    """The header fields of a file of `size` bytes.

    The name comes in both forms (RFC 6266 appendix D): curl, for one, knows only the plain one.
    """
    shown = media_type in INLINE
    plain, whole = _NOT_PLAIN.sub("_", filename), quote(filename, safe="")
    return {
        "Content-Type": media_type if shown else "application/octet-stream",
        "Content-Length": str(size),
        "Content-Disposition": (
            f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{whole}"
        ),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
