"""What a mail says and brings: its text, its page and its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from model.draft import File
from normalizer.mime import calendar, rtf, uu
from normalizer.mime.attachment import file, files, tnef
from normalizer.mime.body import body, is_binary
from normalizer.mime.charset import codec, decode_text, decode_undeclared
from normalizer.mime.flowed import unflow
from normalizer.mime.headers import decode, words_charset
from normalizer.mime.media_type import is_dangerous
from normalizer.mime.part import Part
from normalizer.mime.pkcs7 import is_enveloped, is_signed, may_be_pkcs7
from normalizer.text.armour import ENCRYPTED
from normalizer.text.html import to_text
from normalizer.text.html_depth import readable
from normalizer.text.html_safe import sanitise

_META_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_META_WITHIN = 4096
_MAX_NAMED = 20
_MAX_PACKED = 3
"""Files of Outlook that are looked into for a text."""
_MAX_WHOLE = 4 * 1024 * 1024
"""Bytes of a text that is read whole; a ticket holds a tenth of it."""
_MAX_BEGINNING = 128 * 1024
_READABLE = frozenset(["text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown"])
_UNSTORABLE = re.compile(r"[\x00\ufffe\uffff\ud800-\udfff]")


class Content(NamedTuple):
    """The text, the sanitised page (or None), the files, and what a reader must be told of them."""

    text: str
    html: str | None
    files: list[File]
    notes: list[str]


def read(root: Part, digests: Mapping[int, str]) -> Content:
    """The content of a mail; `digests` has the SHA-256 of its leaves by identity."""
    parts = body(root)
    cut: list[File] = []
    texts = [_text(part, root, cut) for part in parts.plain]
    pages = [_page(part, root, cut) for part in parts.rich if _is_html(part)]
    if not any(map(str.strip, texts)) and not any(pages):
        texts, pages = _packed(parts.files, root, cut) or _named(parts.files, root, cut) or (texts, pages)
    page = "\n".join(one for one in pages if one)
    found = [*files(parts.files, page, digests), *cut]
    text = "\n".join(filter(None, texts))
    return Content(text, page or None, found, _notes(root, text, parts.files, found))


def visible(text: str) -> str:
    """`text` with plain line ends and without what many databases refuse: NUL and halves of characters."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if _is_storable(text) else _UNSTORABLE.sub("", text)


def _is_storable(text: str) -> bool:
    """Whether databases take the text as it is: looked up in a fraction of the time that removing takes."""
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\ufffe" not in text and "\uffff" not in text


def _is_html(part: Part) -> bool:
    return part.media_type == "text/html"


def _text(part: Part, root: Part, cut: list[File]) -> str:
    """The text of a text part; files that stand in it go to `cut`."""
    if _is_html(part):
        return to_text(_markup(part, root))
    if len(part.content) > _MAX_WHOLE:
        return _beginning(part, root, cut)
    content, found = uu.cut_out(part.content)
    cut += [file(decode(one.name), one.content, None) for one in found]
    text = visible(_decoded(content, part.parameters.get("charset"), root))
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return text


def _beginning(part: Part, root: Part, cut: list[File]) -> str:
    """The beginning of a text that nobody will read to its end; it goes to `cut` as it is."""
    cut.append(file("message.txt", part.content, "text/plain"))
    beginning = _decoded(part.content[:_MAX_BEGINNING], part.parameters.get("charset"), root)
    return f"{visible(beginning)}\n[… the text goes on in the attachment “message.txt”]"


def _page(part: Part, root: Part, cut: list[File]) -> str:
    """The page of an HTML part; one that cannot be sanitised in time goes to `cut` as it is."""
    markup = _markup(part, root)
    page = sanitise(markup)
    if page is None and not readable(markup):
        cut.append(file("message.html", part.content, "text/html"))
    return page or ""


def _markup(part: Part, root: Part) -> str:
    """The source of an HTML part, in the charset of its header or of its own meta element."""
    charset = part.parameters.get("charset")
    if charset is None and (meta := _META_CHARSET.search(part.content, 0, _META_WITHIN)):
        charset = meta[1].decode("ascii")
    return visible(_decoded(part.content[:_MAX_WHOLE], charset, root))


def _decoded(content: bytes, charset: str | None, root: Part) -> str:
    """The text of a part; where it names no charset that can be true, the header of the mail tells something."""
    if content.isascii() or (charset and codec(charset) not in {None, "ascii"}):
        return decode_text(content, charset)
    header = b" ".join(root.field(name) or b"" for name in ("subject", "from"))
    return decode_undeclared(content, words_charset(header), header)


def _packed(parts: list[Part], root: Part, cut: list[File]) -> tuple[list[str], list[str]] | None:
    """The text of a mail that has it in a winmail.dat alone."""
    for opened in islice(filter(None, map(tnef, parts)), _MAX_PACKED):
        plain, source = opened.plain, opened.html
        if not source and not plain.strip():
            plain, source = rtf.read(rtf.decompress(opened.rtf))
        page = Part(media_type="text/html", content=source.encode(), parameters={"charset": "utf-8"})
        if plain.strip() or source:
            return [visible(plain) or _text(page, root, cut)], [_page(page, root, cut)]
    return None


def _named(parts: list[Part], root: Part, cut: list[File]) -> tuple[list[str], list[str]] | None:
    """The text of a mail that has it in files alone, as telephones send it, or in a seldom kind of text."""
    inline = [part for part in parts if part.media_type in _READABLE and part.disposition != "attachment"]
    inline = [part for part in inline if not is_binary(part)]
    plain = [part for part in inline if not _is_html(part)]
    texts = [_text(part, root, cut) for part in plain or inline]
    return (texts, [_page(part, root, cut) for part in inline if _is_html(part)]) if any(texts) else None


def _notes(root: Part, text: str, parts: list[Part], found: list[File]) -> list[str]:
    """What a reader must be told that neither the text nor the list of files says."""
    notes = [line for part in parts if part.media_type == "text/calendar" and (line := _event(part))]
    if root.media_type == "multipart/encrypted" or any(map(_is_enveloped, parts)):
        notes.append("[This message is encrypted and could not be read here; it is attached as it came.]")
    elif ENCRYPTED in text:
        notes.append("[A part of this message is encrypted and could not be read here.]")
    programs = [one.filename for one in found if is_dangerous(one.media_type, one.filename)]
    notes += [f"[Caution: the attachment “{name}” can run as a program.]" for name in programs[:_MAX_NAMED]]
    return notes


def _event(part: Part) -> str:
    return calendar.describe(visible(decode_text(part.content, part.parameters.get("charset"))))


def _is_enveloped(part: Part) -> bool:
    """Whether a part is an S/MIME message that is encrypted, by what it says or else by what it is."""
    if not may_be_pkcs7(part.media_type, None):
        return may_be_pkcs7(part.media_type, part.filename) and is_enveloped(part.content)
    kind = part.parameters.get("smime-type", "").lower()
    return kind.endswith("enveloped-data") if kind else not is_signed(part.content)
