"""What a file is: by its content first, by its name second, by what the sender said last."""

from __future__ import annotations

from functools import cache
from mimetypes import MimeTypes

_HEAD = 8192
_VAGUE = frozenset(
    ["application/octet-stream", "application/x-download", "application/force-download", "binary/octet-stream"]
)
_CONTAINERS = frozenset(["application/zip", "application/x-ole-storage"])
"""What detection says of files that many formats are packed in: there the sender knows better."""
_DANGEROUS_TYPES = frozenset(
    ["application/x-msdownload", "application/x-executable", "application/vnd.microsoft.portable-executable"]
)
_DANGEROUS_ENDINGS = frozenset(
    "ade adp apk app appx bat chm cmd com cpl dll dmg exe hta inf ins iso jar jnlp js jse lnk mde msc "
    "msi msp mst pif pkg ps1 reg scr sct sh shb sys url vb vbe vbs vxd wsc wsf wsh xll".split()
)
_ENDINGS = {
    "message/rfc822": "eml",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/feedback-report": "txt",
    "message/partial": "eml",
    "text/calendar": "ics",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
    "application/pgp-signature": "asc",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/ms-tnef": "dat",
    "image/jpeg": "jpg",
}


def media_type(content: bytes, name: str, declared: str | None) -> str:
    """The media type of a file; `application/octet-stream` where nothing tells."""
    found = _detected(content) if content else None
    if found and (found not in _CONTAINERS or declared is None or declared in _VAGUE):
        return found
    if declared and declared not in _VAGUE:
        return declared
    return _table().guess_type(f"x.{ending(name)}")[0] or declared or "application/octet-stream"


def extension(kind: str) -> str:
    """The usual ending of a file of that media type, without its dot."""
    return _ENDINGS.get(kind) or (_table().guess_extension(kind) or ".bin")[1:]


def ending(name: str) -> str:
    """The part of a file name behind its last dot, in lower case."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_dangerous(kind: str, name: str) -> bool:
    """Whether opening the file may run a program."""
    return kind in _DANGEROUS_TYPES or ending(name) in _DANGEROUS_ENDINGS


def _detected(content: bytes) -> str | None:
    import filetype  # type: ignore[import-untyped]  # noqa: PLC0415 - 35 ms that only mail with files costs

    kind: str | None = filetype.guess_mime(content[:_HEAD])
    return kind


@cache
def _table() -> MimeTypes:
    """The table that Python brings; the machine's own files would make results differ."""
    return MimeTypes(filenames=())
