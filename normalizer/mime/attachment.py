"""The files of a mail, opened where they are packed in a way that only one mailer reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from model.draft import File
from normalizer.mime.filename import safe_name
from normalizer.mime.headers import decode
from normalizer.mime.media_type import extension, media_type
from normalizer.mime.part import MESSAGES, Part
from normalizer.mime.tnef import Tnef, open_tnef
from normalizer.safety.name import redacted_name

_TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")


def file(
    name: str,
    content: bytes,
    declared: str | None,
    *,
    inline: bool = False,
    content_id: str | None = None,
    sha256: str | None = None,
) -> File:
    """A file from what was said of it; `name` is made safe and free of secrets, or made up from the type.

    `sha256` (hex) is that of the content, where it is known already.
    """
    kind = media_type(content, name, declared)
    return File(
        filename=safe_name(redacted_name(name)) or f"attachment.{extension(kind)}",
        media_type=kind,
        declared_media_type=declared,
        inline=inline,
        content_id=content_id,
        content=content,
        sha256=sha256 or hashlib.sha256(content).hexdigest(),
    )


def files(parts: list[Part], html: str, digests: Mapping[int, str]) -> Iterator[File]:
    """Every file among the parts, in order; `html` tells which of them it shows.

    `digests` has the SHA-256 (hex) of the parts' contents by the parts' identity.
    """
    for part in parts:
        opened = tnef(part)
        if opened is None or not opened.whole:
            yield _of_part(part, html, digests.get(id(part)))
        if opened is not None:
            yield from _of_tnef(opened, html)


def tnef(part: Part) -> Tnef | None:
    """What is in a winmail.dat, or None where the part is none."""
    if part.media_type in _TNEF_TYPES or (part.filename or "").lower() == "winmail.dat":
        return open_tnef(part.content)
    return None


def _of_part(part: Part, html: str, sha256: str | None) -> File:
    shown = part.content_id is not None and f"cid:{part.content_id}" in html
    return file(
        part.filename or _made_up(part),
        part.content,
        part.media_type,
        inline=shown or part.disposition == "inline",
        content_id=part.content_id,
        sha256=sha256,
    )


def _of_tnef(opened: Tnef, html: str) -> Iterator[File]:
    for one in opened.files:
        shown = one.content_id is not None and f"cid:{one.content_id}" in html
        yield file(one.name, one.content, one.media_type, inline=shown, content_id=one.content_id)


def _made_up(part: Part) -> str:
    """A name for a part that has none, saying as much as is known of it."""
    if part.media_type in MESSAGES and part.children:
        subject = decode(part.children[0].field("subject") or b"")
        return f"{subject[:80] or 'message'}.eml".replace("/", "_")
    if part.media_type == "message/partial":
        number, total = part.parameters.get("number", "?"), part.parameters.get("total", "?")
        return f"message part {number} of {total}.eml"
    if part.media_type == "message/external-body":
        return part.parameters.get("url") or part.parameters.get("site") or "file kept elsewhere.txt"
    if part.media_type == "message/delivery-status":
        return "delivery-status.txt"
    stem = "image" if part.media_type.startswith("image/") else "attachment"
    return f"{stem}.{extension(media_type(part.content, '', part.media_type))}"
