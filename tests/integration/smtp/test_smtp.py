"""Answers by mail: what the customer's client gets, and what a server that fails makes of them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.email.settings import SmtpSettings
from connectors.email.smtp import Smtp, compose
from model.errors import CredentialsRejected, FaninError, Permanent, Transient, Uncertain
from model.reply import Reply, ReplyFile
from model.ticket import Identity, Message, Requester
from tests.support.certificate import self_signed
from tests.support.memory import MemoryState
from tests.support.smtp import MailServer, mail_server

ASKED = Message(
    id="m",
    source_id="1",
    received_at=datetime(2026, 11, 1, tzinfo=UTC),
    subject="余额不见了",
    message_id="question@customer.example",
    references=("first@customer.example",),
)
REPLY = Reply(
    id="r",
    token="fanin-0123456789abcdef",
    conversation="c",
    sequence=2,
    tracking_number="FN-7Q4M-2KXD-R",
    connector="mail",
    helpdesk="desk",
    author="Support",
    requester=Requester(id="q", name="王小明", identities=(Identity(kind="email", value="wang@customer.example"),)),
    answers=ASKED,
    text="我们正在处理。\nWe are on it.",
    at=datetime(2026, 11, 1, 12, tzinfo=UTC),
)


def settings(server: MailServer | None = None, **more: Any) -> SmtpSettings:
    """The settings for a server without encryption."""
    port = server.port if server else 25
    return SmtpSettings.model_validate(
        {"host": "127.0.0.1", "port": port, "tls": False, "from": "Wallet Support <support@wallet.example>", **more}
    )


async def test_the_customers_client_threads_an_answer() -> None:
    """The mail goes to the requester alone, under its own Message-ID, and names what it answers."""
    async with mail_server() as server:
        ref = await Smtp(settings(server)).send(REPLY, MemoryState())

    [(sender, recipients, mail)] = server.received
    assert (sender, recipients) == ("support@wallet.example", ["wang@customer.example"])
    assert mail["Message-ID"] == ref.value == "<fanin-0123456789abcdef@wallet.example>"
    assert mail["In-Reply-To"] == "<question@customer.example>"
    assert mail["References"] == "<first@customer.example> <question@customer.example>"
    assert mail["Subject"] == "Re: 余额不见了 [FN-7Q4M-2KXD-R]"
    assert mail["From"].addresses[0].display_name == "Support (Wallet Support)"
    assert mail.get_content().replace("\r\n", "\n").strip() == REPLY.text


async def test_files_arrive_byte_for_byte() -> None:
    """An attachment has its name, and its content is not changed on the way."""
    state, content = MemoryState(), bytes(range(256)) * 100
    state.blobs["d" * 64] = content
    file = ReplyFile(filename="说明.pdf", media_type="application/pdf", size=len(content), sha256="d" * 64)
    async with mail_server() as server:
        await Smtp(settings(server)).send(msgspec.structs.replace(REPLY, attachments=(file,)), state)

    [part] = list(server.received[0][2].iter_attachments())
    assert (part.get_filename(), part.get_content_type(), part.get_content()) == (
        "说明.pdf",
        "application/pdf",
        content,
    )


async def test_an_automatic_answer_says_so() -> None:
    """RFC 3834: it is marked, comes from nobody who could be answered, and answers no automatic mail."""
    automatic = msgspec.structs.replace(REPLY, automatic=True)
    async with mail_server() as server:
        await Smtp(settings(server)).send(automatic, MemoryState())
    looped = msgspec.structs.replace(automatic, answers=msgspec.structs.replace(ASKED, automated="auto_reply"))

    [(sender, _, mail)] = server.received
    assert (sender, mail["Auto-Submitted"]) == ("<>", "auto-replied")
    with pytest.raises(Permanent, match="RFC 3834"):
        compose(looped, settings(), [])


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"rcpt_answer": "550 no such user"}, Permanent),
        ({"rcpt_answer": "451 greylisted"}, Transient),
        ({"data_answer": "554 spam"}, Permanent),
        ({"data_answer": "452 disk full"}, Transient),
        ({"hang_up_in_data": True}, Uncertain),
    ],
)
async def test_a_refusal_says_whether_it_may_be_repeated(told: dict[str, Any], error: type[FaninError]) -> None:
    """5xx is for ever, 4xx passes, and a connection that breaks after the mail leaves it open."""
    async with mail_server() as server:
        for name, value in told.items():
            setattr(server, name, value)
        with pytest.raises(error):
            await Smtp(settings(server)).send(REPLY, MemoryState())


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    """A refused connection is Transient and names the server."""
    async with mail_server() as server:
        gone = settings(server)

    with pytest.raises(Transient, match=r"127\.0\.0\.1"):
        await Smtp(gone).send(REPLY, MemoryState())


@pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")  # aiosmtpd's own
async def test_logging_in_happens_behind_tls(tmp_path: Path) -> None:
    """STARTTLS with an own CA, then the password; a wrong one is the operator's to renew."""
    made = self_signed(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    async with mail_server(context) as server:
        known = {"tls": "starttls", "ca_file": str(made.certificate), "user": "support"}
        await Smtp(settings(server, **known, password="secret")).send(REPLY, MemoryState())
        with pytest.raises(CredentialsRejected):
            await Smtp(settings(server, **known, password="wrong")).check()

    assert len(server.received) == 1


@pytest.mark.parametrize("field", ["subject", "name", "author"])
def test_nobody_writes_header_fields_of_their_own(field: str) -> None:
    """A line end in a name or a subject stays in its field."""
    evil = "hello\r\nBcc: thief@example.com\u2028Bcc: x@example.com"
    changed = {
        "subject": msgspec.structs.replace(REPLY, answers=msgspec.structs.replace(ASKED, subject=evil)),
        "name": msgspec.structs.replace(REPLY, requester=msgspec.structs.replace(REPLY.requester, name=evil)),
        "author": msgspec.structs.replace(REPLY, author=evil),
    }[field]

    mail = compose(changed, settings(), [])

    assert mail["Bcc"] is None
    assert [line for line in mail.as_string().splitlines() if line.lower().startswith("bcc")] == []


@pytest.mark.parametrize("address", ["", "a@b@c", "no address", "x@example.com\r\nRCPT TO:<thief@example.com>"])
def test_an_answer_without_an_address_is_refused(address: str) -> None:
    """Where there is no address that mail can go to, the helpdesk is told so."""
    nobody = Requester(id="q", identities=(Identity(kind="email", value=address),) if address else ())

    with pytest.raises(Permanent, match="address"):
        compose(msgspec.structs.replace(REPLY, requester=nobody), settings(), [])
