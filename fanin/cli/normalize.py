"""`fanin normalize`: files in, tickets out, on all cores and without a configuration."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice, pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec

from config.rules import shipped_rules
from model.draft import Context, Draft
from model.envelope import Envelope
from model.errors import Misconfigured
from model.rules import Rules
from model.spoken import SPOKEN, Spoken
from model.ticket import Attachment, Channel, ConversationPart, Ticket
from model.tracking import tracking_number
from normalizer.normalize import normalize

CHANNELS = ("email", "chat")
"""Channels whose messages can be read from files."""
_CHUNK = 16
_FEW = 8
"""Messages that are read faster here than processes start."""
_FROM_LINE = re.compile(
    rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]{1,200}? \d\d:\d\d(?::\d\d)?[^\r\n]{0,20} \d{4}"
    rb"[^\r\n]{0,20}\r?\n(?=>?[!-9;-~]+:)"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(NamedTuple):
    """A message to be read: what it is called in the output, where it is, and which part of the file it is."""

    name: str
    path: Path
    start: int = 0
    end: int | None = None
    content: bytes | None = None
    """The message itself, where it came by standard input."""


class Problem(msgspec.Struct, frozen=True):
    """Why there is no ticket."""

    code: str
    message: str


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of output: a ticket or an error."""

    input: str
    ticket: Ticket | None = None
    error: Problem | None = None


def run(files: list[str], channel: str, attachments: Path | None) -> int:
    """Print the ticket of each message as a line of JSON, in order; return the exit status.

    `files` are mails, folders of mails, mboxes, or `-` for standard input; of the channel `chat` each is the text
    of one message.  With `attachments` each decoded
    file is written there under its SHA-256.  The status is 1 where a file could not be read.

    Raises Misconfigured where an attachment cannot be written.
    """
    if channel not in CHANNELS:
        print(f"fanin: --channel {channel}: expected one of {', '.join(CHANNELS)}", file=sys.stderr)
        return 2
    if attachments:
        with _writing(attachments):
            attachments.mkdir(parents=True, exist_ok=True)
    status = 0
    sources = list(_sources(files, channel))
    for line, failed in _progress(_lines(sources, channel, attachments), len(sources)):
        sys.stdout.buffer.write(line)
        status |= failed
    sys.stdout.buffer.flush()
    return status


def _lines(sources: list[Source], channel: str, attachments: Path | None) -> Iterator[tuple[bytes, bool]]:
    """The output for each source, in order, worked out in as many processes as there are cores."""
    work = partial(_line, channel=channel, attachments=attachments)
    cores = len(os.sched_getaffinity(0))
    if len(sources) <= _FEW or cores == 1:
        yield from map(work, sources)
        return
    with ProcessPoolExecutor(cores) as pool:
        try:
            for batch in _batches(sources, cores * _CHUNK * 8):
                yield from pool.map(work, batch, chunksize=_CHUNK)
        except BrokenPipeError:
            pool.shutdown(cancel_futures=True)
            raise


def _batches(sources: list[Source], size: int) -> Iterator[list[Source]]:
    """Few enough at a time that tickets do not pile up in memory before they are printed."""
    remaining = iter(sources)
    while batch := list(islice(remaining, size)):
        yield batch


def _line(source: Source, channel: str, attachments: Path | None) -> tuple[bytes, bool]:
    """The output for one source, and whether it is an error."""
    try:
        raw = _read(source)
    except OSError as error:
        problem = Problem("unreadable", error.strerror or str(error))
        return msgspec.json.encode(Line(input=source.name, error=problem)) + b"\n", True
    if channel == "chat":
        raw = spoken_raw(raw.decode("utf-8", "replace"))
    draft = understand(raw, channel, source.name, shipped_rules())
    if attachments:
        for file in draft.files:
            if isinstance(file.content, bytes):
                _store(attachments / file.sha256, file.content)
    return msgspec.json.encode(Line(input=source.name, ticket=_ticket(draft, channel))) + b"\n", False


def understand(raw: bytes, channel: str, name: str, rules: Rules) -> Draft:
    """What the normalizer makes of a message that comes from no connector, by these rules of triage."""
    envelope = Envelope(
        connector="files",
        channel=channel,
        account="files",
        source_id=name,
        received_at=_EPOCH,
        raw=b"",
        size=len(raw),
        media_type=SPOKEN if channel == "chat" else "message/rfc822",
    )
    return normalize(envelope, raw, Context(now=_EPOCH, rules=rules))


def spoken_raw(text: str) -> bytes:
    """The raw form of one chat message, of a session of its own."""
    return msgspec.json.encode(Spoken(text=text, key="chat:files"))


def _sources(files: Iterable[str], channel: str) -> Iterator[Source]:
    """The messages that the arguments of the command name."""
    for name in files:
        path = Path(name)
        if channel == "chat":
            yield Source(name, path, content=sys.stdin.buffer.read() if name == "-" else None)
        elif name == "-":
            yield from _messages(Source(name, path, content=sys.stdin.buffer.read()))
        elif path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.is_file() and not file.name.startswith(".") and file.parent.name != "tmp":
                    yield from _messages(Source(str(file), file))
        else:
            yield from _messages(Source(name, path))


def _messages(source: Source) -> Iterator[Source]:
    """The messages of an mbox by their number, or the one message that a file is."""
    starts = [] if source.path.suffix == ".eml" else _mbox_starts(source)
    if len(starts) < 2:
        yield source
        return
    for number, (start, end) in enumerate(pairwise([*starts, None]), 1):
        assert start is not None
        yield source._replace(name=f"{source.name}#{number}", start=start, end=end)


def _mbox_starts(source: Source) -> list[int]:
    """Where the messages of an mbox begin; none where it is none or cannot be read (which is said later)."""
    try:
        if source.content is not None:
            return [found.start() for found in _FROM_LINE.finditer(source.content)]
        with source.path.open("rb") as file:
            if file.read(5) != b"From ":
                return []
            with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
                return [found.start() for found in _FROM_LINE.finditer(content)]
    except OSError:
        return []


def _read(source: Source) -> bytes:
    """The bytes of a message.  Raises OSError where they cannot be had."""
    if source.content is not None:
        return source.content[source.start : source.end]
    with source.path.open("rb") as file:
        file.seek(source.start)
        return file.read(-1 if source.end is None else source.end - source.start)


def _store(file: Path, content: bytes) -> None:
    """Write a file that is named by its content, unless it is there."""
    with _writing(file.parent):
        if not file.exists():
            part = file.with_suffix(f".{os.getpid()}")
            part.write_bytes(content)
            part.replace(file)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Misconfigured(f"--attachments {folder}: cannot be written: {error.strerror}; choose another") from None


def _ticket(draft: Draft, channel: str) -> Ticket:
    """The ticket of a message that is in no conversation; its ids follow from what the message is."""
    seed = draft.fingerprint or hashlib.sha256(draft.message.source_id.encode()).digest()
    message = msgspec.structs.replace(
        draft.message, id=_uuid(seed, "message"), received_at=draft.message.sent_at or _EPOCH
    )
    return Ticket(
        tracking_number=tracking_number(seed),
        conversation=ConversationPart(
            id=_uuid(seed, "conversation"), kind="new", sequence=1, visibility="private", transcript_url=""
        ),
        channel=Channel(kind=channel, connector="files", account="files"),
        requester=msgspec.structs.replace(draft.requester, id=_uuid(seed, "requester")),
        message=message,
        attachments=tuple(
            Attachment(
                id=_uuid(seed, f"attachment {index}"),
                filename=file.filename,
                media_type=file.media_type,
                declared_media_type=file.declared_media_type,
                size=file.size,
                sha256=file.sha256,
                inline=file.inline,
                content_id=file.content_id,
                url=f"attachments/{file.sha256}",
            )
            for index, file in enumerate(draft.files)
        ),
        facts=draft.facts,
        triage=draft.triage,
        safety=draft.safety,
    )


def _uuid(seed: bytes, name: str) -> str:
    """A UUIDv8 (RFC 9562 section 5.8) that follows from the message."""
    value = bytearray(hashlib.sha256(seed + name.encode()).digest()[:16])
    value[6] = value[6] & 0x0F | 0x80
    value[8] = value[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(value)))


def _progress(lines: Iterable[tuple[bytes, bool]], total: int) -> Iterator[tuple[bytes, bool]]:
    """The lines as they are, with a bar on a terminal that does not show the lines themselves."""
    if not sys.stderr.isatty() or sys.stdout.isatty() or total <= _FEW:
        yield from lines
        return
    from rich.console import Console  # noqa: PLC0415  50 ms that only a terminal costs
    from rich.progress import track  # noqa: PLC0415

    yield from track(lines, "Reading", total, console=Console(stderr=True))
