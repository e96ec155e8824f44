"""Files on their way to a message: streamed into encrypted blobs, bound by the message that names them.

An upload that no message names is forgotten after UNBOUND_FOR, and its content by the store's sweep within a day.
"""

from __future__ import annotations

import asyncio
import mimetypes
import uuid
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct

from connectors.base import State
from connectors.chat.identity import line
from connectors.chat.problem import Refused
from connectors.chat.session import Session
from connectors.chat.settings import ChatSettings
from connectors.chat.wire import Uploaded
from model.envelope import BlobRef
from model.spoken import SpokenFile

UNBOUND_FOR = timedelta(hours=12)
HEAD = 8192
"""Bytes by which a type is told."""
MOST_READABLE = 256 * 1024
"""Bytes of a text that is read for secrets."""
TEXTUAL = ("text/", "application/json", "application/xml", "message/", "image/svg")
MOST_NAME = 500
UNREADABLE = (
    aiohttp.ClientPayloadError,
    web.RequestPayloadError,
    HttpProcessingError,
    ValueError,
    LookupError,
    AssertionError,
)
"""What aiohttp raises for bodies and forms that are not what they say."""
PIECE = 64 * 1024
PAUSE = 20.0
"""Seconds in which the next piece of a body must come."""
MOST_TIME = 900.0
"""Seconds that a body may take in all."""


class Upload(Struct, frozen=True, kw_only=True):
    """A file that is stored and waits to be bound."""

    session: str
    filename: str
    media_type: str
    blob: BlobRef
    head: str
    """The first bytes of its content, base64."""


class Uploads:
    """The files of a chat that no message names yet."""

    def __init__(self, settings: ChatSettings, state: State) -> None:
        self._allow, self._state = settings.allow, state

    async def take(self, request: web.Request, session: Session) -> Uploaded:
        """Store the file of a request: its body, or its one part of multipart/form-data (RFC 7578).

        Raises Refused where it is too large, of a type that is not taken, or comes too slowly.
        """
        try:
            async with asyncio.timeout(MOST_TIME):
                return await self._take(request, session)
        except TimeoutError:
            raise Refused("timeout", f"no data came for {PAUSE:g} s, or too little") from None
        except UNREADABLE as error:
            raise Refused("malformed", f"the body cannot be read: {type(error).__name__}") from None

    async def bound(self, ids: Sequence[str], session: Session) -> tuple[SpokenFile, ...]:
        """The files that a message names.  Raises Refused if one is not an upload of this session."""
        return tuple([await self._bound(id_.lower(), session) for id_ in ids])

    async def _take(self, request: web.Request, session: Session) -> Uploaded:
        source: Any = request.content
        filename, declared = request.query.get("filename", ""), request.content_type
        if len(filename) > MOST_NAME:
            raise Refused("malformed", f"filename may have at most {MOST_NAME} characters")
        if request.content_type.startswith("multipart/"):
            source = await _file_part(request)
            filename, declared = source.filename or filename, source.headers.get("Content-Type", "")
        elif (request.content_length or 0) > self._allow.file:
            raise self._too_large()
        declared = _declared(declared, filename)
        head = bytearray()
        blob = await self._state.write_blob(self._checked(source, head, declared))
        if not blob.size:
            raise Refused("invalid", "the file is empty")
        media_type = _told(bytes(head), declared)
        upload = Upload(
            session=session.id,
            filename=_filename(filename),
            media_type=media_type,
            blob=blob,
            head=b64encode(head).decode(),
        )
        id_, expires = str(uuid.uuid4()), datetime.now(UTC) + UNBOUND_FOR
        await self._state.put(_name(id_), msgspec.to_builtins(upload), expires=expires, secret=True)
        return Uploaded(
            upload_id=id_,
            filename=upload.filename,
            size=blob.size,
            sha256=blob.sha256,
            media_type=media_type,
            expires_at=expires,
        )

    async def _checked(self, source: Any, head: bytearray, declared: str) -> AsyncIterator[bytes]:
        """The pieces of a body, as long as they may be taken."""
        size = 0
        while piece := await _piece(source):
            size += len(piece)
            if size > self._allow.file:
                raise self._too_large()
            if len(head) < HEAD:
                head += piece[: HEAD - len(head)]
                if len(head) == HEAD:
                    self._check_type(bytes(head), declared)
            yield piece
        if len(head) < HEAD:
            self._check_type(bytes(head), declared)

    def _check_type(self, head: bytes, declared: str) -> None:
        media_type = _told(head, declared)
        taken = self._allow.media_types
        if media_type not in taken and f"{media_type.partition('/')[0]}/*" not in taken:
            raise Refused("media_type_refused", f"files of the type {media_type} are not taken")

    def _too_large(self) -> Refused:
        return Refused("too_large", f"a file may have at most {self._allow.file} bytes")

    async def _bound(self, id_: str, session: Session) -> SpokenFile:
        found = await self._state.get(_name(id_))
        upload = found and msgspec.convert(found[0], Upload)
        if not upload or upload.session != session.id:
            raise Refused("upload_unknown", f"there is no upload {id_} (any more): upload the file again")
        return SpokenFile(
            filename=upload.filename,
            media_type=upload.media_type,
            blob=upload.blob,
            head=b64decode(upload.head),
            text=await self._text(upload),
        )

    async def _text(self, upload: Upload) -> str | None:
        """The content of a text that is short enough to be read."""
        if upload.blob.size > MOST_READABLE or not upload.media_type.startswith(TEXTUAL):
            return None
        try:
            content = b"".join([piece async for piece in self._state.read_blob(upload.blob.sha256)])
        except KeyError:
            raise Refused("upload_unknown", "the upload has expired: upload the file again") from None
        return content.decode("utf-8", "replace")


async def _file_part(request: web.Request) -> aiohttp.BodyPartReader:
    """The first part that is a file."""
    parts = await request.multipart()
    for _ in range(10):
        async with asyncio.timeout(PAUSE):
            part = await parts.next()
        if part is None:
            break
        if isinstance(part, aiohttp.BodyPartReader) and part.filename is not None:
            return part
    raise Refused("malformed", "there is no file in the form")


async def _piece(source: Any) -> bytes:
    async with asyncio.timeout(PAUSE):
        if isinstance(source, aiohttp.BodyPartReader):
            return await source.read_chunk(PIECE)
        return bytes(await source.read(PIECE))


def _declared(media_type: str, filename: str) -> str:
    """The type that the sender says, or that the name of the file says where the sender says nothing."""
    if media_type in ("", "application/octet-stream"):
        return mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return media_type


def _told(head: bytes, declared: str) -> str:
    """The media type of a content: by what it begins with, else as it is declared."""
    import filetype  # type: ignore[import-untyped]  # noqa: PLC0415 - 35 ms that only files cost

    known = filetype.guess_mime(head)
    said = declared.partition(";")[0].strip().lower()
    return str(known) if known else said or "application/octet-stream"


def _filename(name: str) -> str:
    """A name without a path, on one line."""
    last = line(PurePosixPath(unquote(name).replace("\\", "/")).name, 120)
    return last if last.strip(".") else "file"


def _name(id_: str) -> str:
    return f"upload:{id_}"
