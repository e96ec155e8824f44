"""A mail understood, with as little ceremony as a test can have."""

from datetime import UTC, datetime

from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.normalize import normalize

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = (
    b"From: Ann <ann@example.org>\r\nTo: help@example.com\r\nSubject: Hello\r\n"
    b"Date: Sun, 01 Mar 2026 11:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
)


def envelope(raw: bytes, size: int | None = None) -> Envelope:
    """The envelope of a mail that a mailbox gave."""
    return Envelope(
        connector="mail",
        channel="email",
        account="help@example.com",
        source_id="1",
        received_at=NOW,
        raw=raw,
        size=len(raw) if size is None else size,
    )


def understand(raw: bytes, **context: tuple[str, ...]) -> Draft:
    """What is made of a whole mail."""
    return normalize(envelope(raw), raw, Context(now=NOW, **context))


def mail(content_type: str, body: bytes, *fields: str) -> bytes:
    """A mail of one part with HEAD for its header."""
    lines = "".join(f"{field}\r\n" for field in (f"Content-Type: {content_type}", *fields))
    return HEAD + lines.encode() + b"\r\n" + body


def multipart(subtype: str, *parts: bytes, boundary: str = "edge") -> bytes:
    """A mail of several parts, each given with its header."""
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return mail(f'multipart/{subtype}; boundary="{boundary}"', body)
