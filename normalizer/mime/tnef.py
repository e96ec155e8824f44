"""winmail.dat opened: Transport Neutral Encapsulation Format (MS-OXTNEF), its files and its text.

A stream of attributes; the ones of an attachment follow its `attAttachRendData`.  Damage ends the reading
and leaves what was found before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct as Layout
from struct import error as TooShort  # noqa: N812 - what it means here
from typing import NamedTuple

from normalizer.mime.charset import decode_text

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 500
_MAX_EMBEDDED = 3
_MAX_PROPERTIES = 20_000
_MAX_VALUES = 1000

_ATTRIBUTE = Layout("<BII")
_U16 = Layout("<H")
_U32 = Layout("<I")
_PAIR = Layout("<HH")

_BODY, _CODE_PAGE, _PROPERTIES = 0x0002800C, 0x00069007, 0x00069003
_FILE, _FILE_DATA, _FILE_TITLE, _FILE_PROPERTIES = 0x00069002, 0x0006800F, 0x00018010, 0x00069005

_PLAIN, _RTF, _HTML = 0x1000, 0x1009, 0x1013
_DATA, _NAME, _LONG_NAME, _MEDIA_TYPE, _CONTENT_ID, _DISPLAY_NAME = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712, 0x3001
_NARROW, _WIDE, _OBJECT = 0x1E, 0x1F, 0x0D
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_MULTIPLE = 0x1000
_IID = 16
"""An object begins with the identifier of its interface, which is no part of the document inside it."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class TnefFile(NamedTuple):
    """A file of a winmail.dat, as it names itself."""

    name: str
    media_type: str | None
    content_id: str | None
    content: bytes


class Tnef(NamedTuple):
    """What a winmail.dat holds; `whole` is False where it is damaged."""

    files: list[TnefFile]
    plain: str
    html: str
    rtf: bytes
    """Compressed RTF (MS-OXRTFCP) as it is."""
    whole: bool


class _Value(NamedTuple):
    kind: int
    content: bytes


_Properties = dict[int, _Value]


class _Draft:
    """What was read of one stream so far."""

    def __init__(self) -> None:
        self.code_page = "cp1252"
        self.message: _Properties = {}
        self.body = b""
        self.files: list[_DraftFile] = []


class _DraftFile:
    """What was read of one file so far."""

    def __init__(self) -> None:
        self.title = b""
        self.content = b""
        self.properties: _Properties = {}


def open_tnef(content: bytes, depth: int = 0) -> Tnef | None:
    """The files and the text in a TNEF stream, or None where it is none; never raises.

    The files of messages inside it come along with its own, down to three levels.
    """
    if not content.startswith(SIGNATURE):
        return None
    draft = _Draft()
    whole = _read(content, draft)
    files: list[TnefFile] = []
    for one in draft.files:
        files += _files(one, draft.code_page, depth)
    message = draft.message
    return Tnef(
        files[:MAX_FILES],
        _text(message.get(_PLAIN), draft.code_page) or decode_text(draft.body.rstrip(b"\0"), draft.code_page),
        _text(message.get(_HTML), draft.code_page),
        message[_RTF].content if _RTF in message else b"",
        whole,
    )


def _read(content: bytes, draft: _Draft) -> bool:
    """Follow the attributes; whether the stream ended as it should."""
    position = len(SIGNATURE) + 2
    try:
        while position < len(content) and content[position] in (1, 2):
            _, name, size = _ATTRIBUTE.unpack_from(content, position)
            start = position + _ATTRIBUTE.size
            if start + size > len(content):
                _take(draft, name, content[start:])
                return False
            _take(draft, name, content[start : start + size])
            position = start + size + 2
    except TooShort:
        return False
    return True


def _take(draft: _Draft, name: int, content: bytes) -> None:
    """Put the content of an attribute where it belongs."""
    if name == _CODE_PAGE and len(content) >= _U32.size:
        draft.code_page = f"cp{_U32.unpack_from(content)[0]}"
    elif name == _PROPERTIES:
        draft.message = dict(_properties(content))
    elif name == _BODY:
        draft.body = content
    elif name == _FILE and len(draft.files) < MAX_FILES:
        draft.files.append(_DraftFile())
    elif draft.files:
        _take_file(draft.files[-1], name, content)


def _take_file(file: _DraftFile, name: int, content: bytes) -> None:
    if name == _FILE_TITLE:
        file.title = content.rstrip(b"\0")
    elif name == _FILE_DATA:
        file.content = content
    elif name == _FILE_PROPERTIES:
        file.properties = dict(_properties(content))


def _files(file: _DraftFile, code_page: str, depth: int) -> list[TnefFile]:
    """A file as it lies there, in one or both of two places, and the files of the message that it may be."""
    properties = file.properties
    name = (
        _text(properties.get(_LONG_NAME), code_page)
        or _text(properties.get(_NAME), code_page)
        or decode_text(file.title, code_page)
        or _text(properties.get(_DISPLAY_NAME), code_page)
    )
    media_type = _text(properties.get(_MEDIA_TYPE), code_page) or None
    content_id = _text(properties.get(_CONTENT_ID), code_page) or None
    data = properties.get(_DATA, _Value(0, b""))
    message = data.content[_IID:] if data.kind == _OBJECT and data.content[_IID:].startswith(SIGNATURE) else b""
    stored = [file.content, message or data.content]
    if not message and data.content[_IID:].startswith(_OLE):
        stored.append(data.content[_IID:])
    files = [TnefFile(name, media_type, content_id, content) for content in stored if content]
    if message and depth < _MAX_EMBEDDED and (inner := open_tnef(message, depth + 1)):
        files += inner.files
    return files or [TnefFile(name, media_type, content_id, b"")]


def _text(value: _Value | None, code_page: str) -> str:
    if value is None:
        return ""
    if value.kind == _WIDE:
        return value.content.decode("utf-16-le", "replace").rstrip("\0")
    return decode_text(value.content.rstrip(b"\0"), code_page)


def _properties(content: bytes) -> Iterator[tuple[int, _Value]]:
    """The MAPI properties of an attribute, by number; named ones are passed over."""
    try:
        (count,) = _U32.unpack_from(content)
        position = _U32.size
        for _ in range(min(count, _MAX_PROPERTIES)):
            kind, number = _PAIR.unpack_from(content, position)
            position += _PAIR.size
            if number >= 0x8000:
                position = _after_name(content, position)
            value, position = _value(content, kind, position)
            yield number, _Value(kind & ~_MULTIPLE, value)
    except TooShort:
        return


def _after_name(content: bytes, position: int) -> int:
    """Pass over the name of a named property: a GUID, and a number or a text."""
    (kind,) = _U32.unpack_from(content, position + 16)
    (size,) = _U32.unpack_from(content, position + 20)
    return position + 24 + (_padded(size) if kind else 0)


def _value(content: bytes, kind: int, position: int) -> tuple[bytes, int]:
    """The first value of a property and where the next property begins."""
    single = kind & ~_MULTIPLE
    count = 1
    if kind & _MULTIPLE or single not in _SIZES:
        (count,) = _U32.unpack_from(content, position)
        position += _U32.size
    first = b""
    for index in range(min(count, _MAX_VALUES)):
        size = _SIZES.get(single, 0)
        if not size:
            (size,) = _U32.unpack_from(content, position)
            position += _U32.size
        if index == 0:
            first = content[position : position + size]
        position += _padded(size)
    return first, position


def _padded(size: int) -> int:
    return (size + 3) & ~3
