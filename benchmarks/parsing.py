"""Parsing and normalising mail, against node mailparser and the standard library's policy.default.

`python -m benchmarks.parsing [COUNT]` prints messages a second, ratios, and how much was read wrongly.
"""

from __future__ import annotations

import email
import email.policy
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import nh3

from benchmarks.mail import Mail, generate
from model.draft import Context, Draft
from model.envelope import Envelope
from normalizer.fingerprint import digest, digests, fingerprint
from normalizer.language.detect import detect
from normalizer.mime.body import body
from normalizer.mime.charset import decode_text
from normalizer.mime.content import read as content_of
from normalizer.mime.origin import origin
from normalizer.mime.parse import charset_hint, leaves, parse
from normalizer.normalize import MAX_HEARD, normalize
from normalizer.text.reply import new_text

_NODE = Path(__file__).parent / "node"
_ROUNDS = 3
"""Rounds in which everything is measured by turns; the fastest of each counts."""
_NOW = datetime(2024, 1, 2, tzinfo=UTC)
_CONTEXT = Context(now=_NOW)
_FIELDS = ("subject", "from", "to", "cc", "reply-to", "date", "message-id", "in-reply-to", "references")
T = TypeVar("T")
Found = tuple[str, str, str, str, list[str]]
"""Subject, sender's name, text, page, and the names of the files."""


def main(count: int = 2000) -> None:
    """Measure with and without attachments."""
    for attachments in (True, False):
        mails = generate(count, attachments=attachments)
        print(f"\n{count} mails {'with' if attachments else 'without'} attachments, {_megabytes(mails):.0f} MB")
        _compare(mails)


def _compare(mails: list[Mail]) -> None:
    raws = [mail.raw for mail in mails]
    parts = [_decoded(raw) for raw in raws]
    works: dict[str, Callable[[], float | None]] = {
        "fanin parse": lambda: _seconds(read, raws),
        "fanin six steps": lambda: _seconds(six_steps, raws),
        "fanin normalize": lambda: _seconds(understand, raws),
        "nh3 and SHA-256": lambda: _seconds(_libraries, parts),
        "policy.default": lambda: _seconds(_standard, raws),
        "node mailparser": lambda: _node(mails),
    }
    rounds = [{name: work() for name, work in works.items()} for _ in range(_ROUNDS)]
    best = {name: min(taken) for name in works if (taken := [one[name] for one in rounds if one[name]])}
    rates = {name: len(mails) / seconds for name, seconds in best.items()}
    for name, rate in rates.items():
        ratios = "".join(
            f"  {rate / rates[other]:6.1f}x {other}"
            for other in ("node mailparser", "policy.default")
            if other in rates
        )
        print(f"  {name:16}{rate:9.0f}/s{ratios}")
    wrong = sum(_wrong(mail, read(mail.raw)) for mail in mails)
    print(f"  fanin parse: {wrong} wrong of {sum(4 + len(mail.files) for mail in mails)} checks")


def read(raw: bytes) -> Found:
    """A mail parsed to the header fields that a ticket has, both texts, and the files free of their encoding.

    The same is asked of the standard library.  node mailparser does somewhat more: it decodes every field of the
    header, makes HTML out of a text that has no page, and takes an MD5 of each file.
    """
    root = parse(raw)
    said = origin(root, charset_hint(root), ())
    parts = body(root)
    plain, page = (
        "\n".join(decode_text(part.content, part.parameters.get("charset")) for part in some)
        for some in (parts.plain, parts.rich)
    )
    return said.subject, said.senders[0].name, plain, page, [part.filename or "" for part in parts.files]


def six_steps(raw: bytes) -> object:
    """What every reader of mail for a helpdesk does: parse, sanitise, text, new text, language and digests."""
    root = parse(raw)
    known = digests(root)
    content = content_of(root, known)
    new = new_text(content.text)
    said = origin(root, charset_hint(root), ())
    return said, content, new, detect(new[:MAX_HEARD]), fingerprint(root, known, raw)


def _decoded(raw: bytes) -> tuple[list[str], list[bytes]]:
    """The pages and the files of a mail."""
    found = leaves(parse(raw))
    pages = [decode_text(one.content, one.parameters.get("charset")) for one in found if one.media_type == "text/html"]
    return pages, [one.content for one in found if not one.media_type.startswith("text/")]


def _libraries(parts: tuple[list[str], list[bytes]]) -> None:
    """The sanitiser and the digests alone, of a mail that is parsed already: less than that nothing can take."""
    pages, files = parts
    for page in pages:
        nh3.clean(page)
    for file in files:
        hashlib.sha256(file).digest()


def understand(raw: bytes) -> Draft:
    """A mail normalised with everything: the six steps, what must not be shown, facts, fraud and urgency."""
    envelope = Envelope(
        connector="bench", channel="email", account="bench", source_id="1", received_at=_NOW, raw=b"", size=len(raw)
    )
    return normalize(envelope, raw, _CONTEXT)


def _standard(raw: bytes) -> list[object]:
    """The same read with the standard library: the header fields that a ticket has, texts and files."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return [
        *map(message.get_all, _FIELDS),
        *(part.get_content() for part in message.walk() if not part.is_multipart()),
    ]


def _wrong(mail: Mail, found: Found) -> int:
    """How many of the answers differ from what was generated."""
    subject, sender, plain, page, files = found
    digests = {part.filename: digest(part) for part in leaves(parse(mail.raw))}
    answers = [
        (subject, mail.subject),
        (sender, mail.sender),
        (plain.replace("\r\n", "\n").strip(), mail.text),
        (page.replace("\r\n", "\n").strip(), mail.html),
        *((digests.get(name), sha256) for name, sha256 in mail.files),
    ]
    return sum(got != wanted for got, wanted in answers) + abs(len(files) - len(mail.files))


def _seconds(work: Callable[[T], object], inputs: Sequence[T]) -> float:
    """The processor seconds of one round: other programs on the machine count less."""
    start = time.process_time()
    for one in inputs:
        work(one)
    return time.process_time() - start


def _node(mails: list[Mail]) -> float | None:
    """The processor seconds that node mailparser takes; None, and why, where it cannot be had."""
    try:
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit"], cwd=_NODE, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        print(f"  node mailparser: not measured ({problem})")
        return None
    with tempfile.NamedTemporaryFile() as file:
        for mail in mails:
            file.write(len(mail.raw).to_bytes(4, "big") + mail.raw)
        file.flush()
        command = ["node", "parse.js", file.name, "3"]
        return float(subprocess.run(command, cwd=_NODE, check=True, stdout=subprocess.PIPE).stdout)


def _megabytes(mails: list[Mail]) -> float:
    return sum(len(mail.raw) for mail in mails) / 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
