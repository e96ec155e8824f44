"""The files of a message on their way into Request Tracker: which go along, and as what."""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
import structlog
from aiohttp import MultipartWriter, payload
from msgspec import Struct

from delivery.base import Files
from delivery.helpdesks.rt.message import filename, left_out, media_type
from delivery.helpdesks.rt.settings import RtSettings
from model.json import Json
from model.ticket import Attachment

log = structlog.get_logger()

_NO_CHARACTERS = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF)) + "]"
)
"""Code points that Perl's strict UTF-8 refuses: RT would replace them."""


class Part(Struct, frozen=True):
    """A file that goes along, under a type that RT leaves as it is."""

    attachment: Attachment
    name: str
    media_type: str


class Sorted(Struct, frozen=True):
    """The files of a message: those that go along, and a line for each that does not."""

    parts: tuple[Part, ...]
    notes: tuple[str, ...]


async def sort(attachments: Sequence[Attachment], files: Files, settings: RtSettings) -> Sorted:
    """Decide about each file, having looked at its content; what has expired is left out."""
    parts: list[Part] = []
    notes: list[str] = []
    left = settings.max_attachments
    for number, attachment in enumerate(attachments, 1):
        if reason := _unfit(attachment, settings.max_attachment, left):
            notes.append(left_out(attachment, reason))
            continue
        try:
            is_utf8 = await _is_utf8(files.read_blob(attachment.sha256))
        except KeyError:
            log.warning("attachment.expired", attachment=attachment.id)
            notes.append(left_out(attachment, "its retention has ended"))
            continue
        left -= attachment.size
        parts.append(Part(attachment, filename(attachment, number), media_type(attachment, is_utf8=is_utf8)))
    return Sorted(tuple(parts), tuple(notes))


def as_links(attachments: Sequence[Attachment]) -> Sorted:
    """No file goes along: for a server that refuses them."""
    return Sorted((), tuple(left_out(one, "RT refused the files") for one in attachments))


def form(fields: Mapping[str, Json], marker: tuple[str, bytes], parts: Sequence[Part], files: Files) -> MultipartWriter:
    """The request that RT::REST2 calls multipart: the fields as JSON, the marker, and the files as they are read."""
    writer = MultipartWriter("form-data")
    _append(writer, payload.BytesPayload(msgspec.json.encode(fields), content_type="application/json"), name="JSON")
    name, content = marker
    _append(writer, payload.BytesPayload(content, content_type="application/json"), name="Attachments", filename=name)
    for part in parts:
        content_of = _Streamed(files.read_blob(part.attachment.sha256), part.attachment.size, part.media_type)
        _append(writer, content_of, name="Attachments", filename=part.name)
    return writer


class _Streamed(payload.AsyncIterablePayload):
    """A content that is read while it is sent, and whose length is known before: not every server takes chunks."""

    def __init__(self, content: AsyncIterator[bytes], size: int, media_type: str) -> None:
        super().__init__(content, content_type=media_type)
        self._size = size


def _append(writer: MultipartWriter, part: payload.Payload, **names: str) -> None:
    part.set_content_disposition("form-data", quote_fields=False, **names)
    writer.append_payload(part)


def _unfit(attachment: Attachment, most: int, left: int) -> str | None:
    """Why a file cannot go along, or None."""
    if attachment.size == 0:
        return "it is empty"  # RT answers 400 for an empty file
    if attachment.size > most:
        return "it is too large for RT"
    return "the message's files are too large for RT together" if attachment.size > left else None


async def _is_utf8(pieces: AsyncIterator[bytes]) -> bool:
    """Whether the content is UTF-8 of characters alone.  Raises KeyError if it has expired."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        async for piece in pieces:
            if _NO_CHARACTERS.search(decoder.decode(piece)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
