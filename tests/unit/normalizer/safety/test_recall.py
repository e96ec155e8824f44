"""Every secret, in every form and every part of a message, is removed."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from html import escape

import msgspec
import pytest

from model.draft import Context, Draft
from model.envelope import BlobRef, Envelope
from model.spoken import SPOKEN, Spoken, SpokenFile
from normalizer.normalize import normalize
from tests.support import secrets
from tests.support.secrets import Secret

CASES = 10_000 if os.environ.get("FANIN_SOAK") else 2_000
SHARES = 8
NOW = datetime(2026, 11, 1, tzinfo=UTC)
FRAMES = (
    ("", ""),
    ("Hello, I lost access to my wallet. ", "\nPlease help me!"),
    ("你好，请帮我看看。\n", "\n谢谢"),
    ("こんにちは。\n", "\nよろしくお願いします。"),
    ("Hola, no puedo entrar. ", "\nGracias"),
)


def understood(mail: EmailMessage) -> Draft:
    """The draft of a mail."""
    raw = mail.as_bytes()
    envelope = Envelope(
        connector="m", channel="email", account="a", source_id="1", received_at=NOW, raw=raw, size=len(raw)
    )
    return normalize(envelope, raw, Context(now=NOW))


def everything(draft: Draft) -> str:
    """All that a draft says, files included, and the same out of base64."""
    files = " ".join(one.content.decode("utf-8", "replace") for one in draft.files if isinstance(one.content, bytes))
    said = msgspec.json.encode(msgspec.structs.replace(draft, files=(), fingerprint=None)).decode()
    names = " ".join(one.filename for one in draft.files)
    return f"{json.dumps(json.loads(said), ensure_ascii=False)} {names} {files}"


def mail(subject: str = "help", text: str = "see above") -> EmailMessage:
    """A mail from a customer."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Customer <c@example.com>", "support@example.com", subject
    made["Message-ID"], made["Date"] = "<1@example.com>", "Sun, 01 Nov 2026 00:00:00 +0000"
    made.set_content(text, cte="base64")
    return made


def in_text(secret: str, draw: random.Random) -> Draft:
    """In the text."""
    before, behind = draw.choice(FRAMES)
    return understood(mail(text=f"{before}{secret}{behind}"))


def in_subject(secret: str, _: random.Random) -> Draft:
    """In the subject."""
    return understood(mail(subject=" ".join(secret.split())))


def in_quote(secret: str, _: random.Random) -> Draft:
    """In the quoted history."""
    quoted = "\n".join(f"> {line}" for line in secret.splitlines())
    return understood(mail(text=f"Thanks!\n\nOn Sun, Nov 1, 2026 Support <s@example.com> wrote:\n{quoted}\n"))


def in_forward(secret: str, _: random.Random) -> Draft:
    """In a forwarded message."""
    head = "-------- Original Message --------\nFrom: A <a@example.com>\nDate: Sun, 1 Nov 2026\nSubject: x\nTo: b@x.org"
    return understood(mail("Fwd: x", f"look\n\n{head}\n\n{secret}\n"))


def in_page(secret: str, draw: random.Random) -> Draft:
    """In a page, with tags between the words or within them."""
    made = mail(text="see page")
    form = draw.randrange(3)
    if form == 0:
        page = f"<p>Hello</p><pre>{escape(secret)}</pre>"
    elif form == 1:
        page = "<ul>" + "".join(f"<li>{escape(word)}</li>" for word in secret.split()) + "</ul>"
    else:
        middle = len(secret) // 2
        page = f"<p>{escape(secret[:middle])}<b>{escape(secret[middle:])}</b></p>"
    made.add_alternative(page, subtype="html", cte="base64")
    return understood(made)


def in_page_alone(secret: str, _: random.Random) -> Draft:
    """In a page without a text beside it."""
    made = mail()
    made.set_content(f"<div>Hi,<br>{escape(secret).replace(chr(10), '<br>')}</div>", subtype="html", cte="base64")
    return understood(made)


def in_name(secret: str, _: random.Random) -> Draft:
    """In the name of a chat's customer."""
    return spoken(Spoken(text="hi", sender=" ".join(secret.split()), key="chat:1"))


def in_chat(secret: str, _: random.Random) -> Draft:
    """In what somebody says in a chat."""
    return spoken(Spoken(text=secret, key="chat:1"))


def in_chat_file(secret: str, _: random.Random) -> Draft:
    """In a text file that came by chat."""
    file = SpokenFile(filename="a.txt", media_type="text/plain", blob=BlobRef("0" * 64, 1), head=b"a", text=secret)
    return spoken(Spoken(text="file", key="chat:1", files=(file,)))


def spoken(said: Spoken) -> Draft:
    """The draft of what was said."""
    raw = msgspec.json.encode(said)
    envelope = Envelope(
        connector="w",
        channel="chat",
        account="a",
        source_id="1",
        received_at=NOW,
        raw=raw,
        size=len(raw),
        media_type=SPOKEN,
    )
    return normalize(envelope, raw, Context(now=NOW))


def in_file(secret: str, draw: random.Random) -> Draft:
    """In a file that is text."""
    rows = io.StringIO()
    csv.writer(rows).writerow(["note", secret])
    content, kind, name = draw.choice((
        (secret, "plain", "notes.txt"),
        (rows.getvalue().replace('""', '"'), "csv", "notes.csv"),
        (f'{{"note": "x"}}\n{secret}', "plain", "wallet.json"),
        (f"<html><body><p>{escape(secret)}</p></body></html>", "html", "page.html"),
    ))  # fmt: skip
    made = mail()
    made.add_attachment(content.encode(), maintype="text", subtype=kind, filename=name)
    return understood(made)


def in_mail_file(secret: str, _: random.Random) -> Draft:
    """In a mail that is attached."""
    made = mail()
    made.add_attachment(mail(text=secret))
    return understood(made)


PLACES: tuple[Callable[[str, random.Random], Draft], ...] = (
    in_text, in_text, in_text, in_subject, in_quote, in_forward, in_page, in_page_alone, in_name, in_chat, in_chat_file,
    in_file, in_mail_file,
)  # fmt: skip
WHOLE_LINES = (in_subject, in_name)
"""Places that have no line ends, without which some forms are no lists."""


def leaked(secret: Secret, draft: Draft) -> bool:
    """Whether anything of the secret is left, or whether nobody is told that it was there."""
    left = everything(draft)
    coded = [base64.b64encode(part.encode()).decode()[:-4] for part in secret.parts if len(part) > 12]
    told = {one.kind for one in draft.safety.redacted}
    return any(part in left for part in (*secret.parts, *coded)) or secret.kind not in told


@pytest.mark.parametrize("share", range(SHARES))
def test_no_secret_passes(share: int) -> None:
    """Of secrets of all kinds, drawn at random and put anywhere, nothing is left and each is accounted for."""
    passed = []
    for number in range(share, CASES, SHARES):
        draw = random.Random(number)
        secret = draw.choice(secrets.MAKERS)(draw)
        place = draw.choice(PLACES)
        if secret.text.startswith(("\n", "-----")) and place in WHOLE_LINES:
            place = in_text
        if leaked(secret, place(secret.text, draw)):
            passed.append((number, place.__name__, secret))

    assert passed == []


@pytest.mark.parametrize("language", secrets.ALPHABETIC)
def test_a_phrase_with_a_slip_of_the_pen_is_one(language: str) -> None:
    """A wrong word or a misspelt one does not let the others pass."""
    for number in range(40):
        draw = random.Random(f"{language}{number}")
        words = secrets.mistyped(draw, secrets.phrase(draw, language, draw.choice(secrets.SIZES)), language)
        draft = in_chat(draw.choice(secrets.JOINS)(words), draw)

        assert [one.kind for one in draft.safety.redacted] == ["mnemonic"], (number, words)
