"""Secrets in files that are text: replaced by files that say what they said without them."""

from __future__ import annotations

import hashlib
from collections import Counter
from email.message import EmailMessage
from email.policy import SMTP

import msgspec

from model.draft import File
from model.ticket import SecretKind
from normalizer.mime.charset import decode_text
from normalizer.mime.headers import decode
from normalizer.mime.media_type import ending
from normalizer.mime.parse import leaves, parse
from normalizer.mime.part import MESSAGES, Part
from normalizer.mime.pkcs7 import may_hold_words, signed_content
from normalizer.safety.find import find
from normalizer.safety.found import replaced
from normalizer.safety.page import redacted_page

Counts = Counter[SecretKind]

_TEXTS = frozenset(
    "application/json application/xml application/x-ndjson application/yaml application/x-yaml application/toml "
    "application/x-pem-file application/x-sh application/javascript application/x-javascript application/rtf "
    "application/sql application/pkcs8 application/pgp-keys image/svg+xml application/xhtml+xml".split()
)
_ENDINGS = frozenset(
    "txt csv tsv json jsonl html htm xml svg md log yaml yml toml ini conf cfg env key pem ics vcf eml rtf js py sh "
    "sql text asc bak keystore wallet".split()
)
_PAGES = ("text/html", "application/xhtml+xml", "image/svg+xml")
_PAGE_ENDINGS = ("html", "htm", "svg", "xhtml", "xml")
_MAX_NESTED = 3
_LEAST_TEXT = 0.97
_PRINTABLE = bytes(code for code in range(256) if code >= 32 or code in (9, 10, 13))
_SAMPLE = 4096
_FIELDS = ("From", "To", "Cc", "Date", "Subject", "Message-ID")


def redacted_file(one: File) -> tuple[File, Counts]:
    """The file without the secrets of its text, and how many of each kind there were.

    Of a mail that has any, the text alone is left.  A file whose content is elsewhere stays as it is.
    """
    if not isinstance(one.content, bytes):
        return one, Counter()
    content, counts = redacted_content(one.content, one.media_type, one.filename)
    return (replaced_file(one, content) if counts else one), counts


def replaced_file(one: File, content: bytes) -> File:
    """The file with other content."""
    return msgspec.structs.replace(one, content=content, sha256=hashlib.sha256(content).hexdigest())


def redacted_content(content: bytes, media_type: str, name: str) -> tuple[bytes, Counts]:
    """The content of a file without secrets; of what is no text all that it is."""
    if media_type in MESSAGES or ending(name) == "eml":
        return redacted_mail(content)
    if may_hold_words(media_type, name) and (signed := signed_content(content)) is not None:
        left, counts = redacted_mail(signed)  # a mail that stands in clear beside its signature
        return (left if counts else content), counts
    if not is_text(content, media_type, name):
        return content, Counter()
    text = decode_text(content, None)
    is_page = media_type in _PAGES or ending(name) in _PAGE_ENDINGS
    if is_page:
        clean, found = redacted_page(text)
    else:
        found = find(text)
        clean = replaced(text, found)
    return (clean.encode() if found else content), Counter(one.kind for one in found)


def is_text(content: bytes, media_type: str, name: str) -> bool:
    """Whether a file can be read as text: by its type, its name, or the look of it."""
    if media_type.startswith("text/") or media_type in _TEXTS or ending(name) in _ENDINGS:
        return True
    sample = content[:_SAMPLE]
    if media_type.startswith(("image/", "audio/", "video/", "font/")) or b"\x00" in sample:
        return False
    return len(sample.translate(None, _PRINTABLE)) <= (1 - _LEAST_TEXT) * len(sample) and _is_utf8(sample)


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4
    return True


def redacted_mail(content: bytes, depth: int = 0) -> tuple[bytes, Counts]:
    """A mail as it is; where it has secrets, a mail of its fields and its text without them."""
    root = parse(content)
    counts: Counts = Counter()
    texts = []
    for leaf in leaves(root):
        text, more = _leaf(leaf, depth)
        counts += more
        texts.append(text)
    fields = {name: decode(root.field(name.lower()) or b"") for name in _FIELDS}
    for name in ("From", "To", "Cc", "Subject"):
        found = find(fields[name])
        counts += Counter(one.kind for one in found)
        fields[name] = replaced(fields[name], found)
    if not counts:
        flat = find(content.decode("utf-8", "replace"))
        counts += Counter(one.kind for one in flat)
        if not flat:
            return content, counts
    return _mail(fields, "\n\n".join(filter(None, texts))), counts


def _leaf(leaf: Part, depth: int) -> tuple[str, Counts]:
    """The text of a part without secrets; nothing where it is none."""
    if leaf.media_type in MESSAGES and depth < _MAX_NESTED:
        inner, counts = redacted_mail(leaf.content, depth + 1)
        return inner.decode("utf-8", "replace") if counts else "", counts
    if not is_text(leaf.content, leaf.media_type, leaf.filename or ""):
        return "", Counter()
    text = decode_text(leaf.content, leaf.parameters.get("charset"))
    if leaf.media_type == "text/html":
        clean, found = redacted_page(text)
        return clean, Counter(one.kind for one in found)
    found = find(text)
    return replaced(text, found), Counter(one.kind for one in found)


def _mail(fields: dict[str, str], text: str) -> bytes:
    """A plain mail of the fields and the text."""
    mail = EmailMessage(policy=SMTP.clone(utf8=True))
    head = "".join(f"{name}: {' '.join(value.split())}\r\n" for name, value in fields.items() if value)
    mail.set_content(f"[What else this mail held is left out, since it held a secret.]\n\n{text}")
    return head.encode("utf-8", "replace") + mail.as_bytes()
