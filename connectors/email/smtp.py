"""Answers by mail: composed so that the customer's client threads them, and sent once."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException

from connectors.base import State
from connectors.email.settings import SmtpSettings
from model.errors import CredentialsRejected, FaninError, Misconfigured, Permanent, Transient, Uncertain
from model.reply import Reply, SentRef

PATIENCE = timedelta(seconds=30)
"""How long a server may be silent."""
MAX_REFERENCES = 20
"""Message-IDs in References: the first, which names the thread, and the newest (RFC 5322 section 3.6.4)."""
LOGIN_REMEDY = "renew the password that send.password_file holds"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
"""An address without quoting (RFC 5322 section 3.4.1, dot-atom): what is more exotic is not written to."""
_MESSAGE_ID = re.compile(r"[^\s<>]{1,900}")


class Smtp:
    """A server that takes mail from us (RFC 5321, RFC 6409)."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    async def send(self, reply: Reply, state: State) -> SentRef:
        """Send an answer to the requester's address.

        Raises Permanent if there is no address or the server will never take the mail, Transient if it may
        later, CredentialsRejected, or Uncertain if the connection broke after the mail was handed over.
        """
        files = [b"".join([piece async for piece in state.read_blob(file.sha256)]) for file in reply.attachments]
        mail = compose(reply, self._settings, files)
        recipient = _recipient(reply)
        sender = "" if reply.automatic else self._settings.address  # RFC 3834 section 3.3: nobody answers it
        async with self._session() as client:
            try:
                await client.mail(sender)
                await client.rcpt(recipient)
            except SMTPException as error:
                raise _refused(error) from None
            await _hand_over(client, mail.as_bytes(policy=SMTP))
        return SentRef(mail["Message-ID"])

    async def check(self) -> None:
        """Return if the server can be reached and knows us; sends nothing."""
        async with self._session() as client:
            await client.noop()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[aiosmtplib.SMTP]:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.tls is True,
            start_tls=settings.tls == "starttls",
            tls_context=_context(settings),
            timeout=PATIENCE.total_seconds(),
        )
        try:
            await client.connect()
            if settings.user and settings.password:
                await client.login(settings.user, settings.password.read())
            yield client
        except SMTPAuthenticationError as error:
            raise CredentialsRejected(
                f"{settings.host} refuses the login of {settings.user} ({error.code})", remedy=LOGIN_REMEDY
            ) from None
        except (SMTPException, OSError, ssl.SSLError, TimeoutError) as error:
            raise Transient(f"{settings.host}:{settings.port} cannot be used: {_said(error)}") from None
        finally:
            client.close()


def compose(reply: Reply, settings: SmtpSettings, files: list[bytes]) -> EmailMessage:
    """The mail of an answer; `files` are the contents of its attachments, in their order.

    Raises Permanent if the requester has no address, or an automatic answer would answer another (RFC 3834).
    """
    if reply.automatic and reply.answers.automated:
        raise Permanent("an automatic answer to automatic mail is not sent (RFC 3834 section 2)")
    mail = EmailMessage(policy=SMTP)
    shown = f"{reply.author} ({settings.name})" if reply.author and settings.name else reply.author or settings.name
    mail["From"] = Address(_line(shown), addr_spec=settings.address)
    mail["To"] = Address(_line(reply.requester.name), addr_spec=_recipient(reply))
    mail["Subject"] = _subject(reply)
    mail["Date"] = format_datetime(reply.at)
    mail["Message-ID"] = f"<{reply.token}@{settings.address.rpartition('@')[2]}>"
    _thread(mail, reply)
    if reply.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(reply.text, cte="quoted-printable")
    if reply.html:
        mail.add_alternative(reply.html, subtype="html", cte="quoted-printable")
    for file, content in zip(reply.attachments, files, strict=True):
        main, _, sub = file.media_type.partition("/")
        if main in ("text", "message", "multipart") or not sub:  # a file is sent as it is, never re-encoded
            main, sub = "application", "octet-stream"
        mail.add_attachment(content, maintype=main, subtype=sub, filename=_line(file.filename))
    return mail


def _thread(mail: EmailMessage, reply: Reply) -> None:
    """Say what is answered, so that the customer's client shows both together."""
    answered = reply.answers.message_id
    if not answered or not _MESSAGE_ID.fullmatch(answered):
        return
    before = [one for one in reply.answers.references if _MESSAGE_ID.fullmatch(one) and one != answered]
    if len(before) >= MAX_REFERENCES:
        before = [before[0], *before[2 - MAX_REFERENCES :]]
    mail["In-Reply-To"] = f"<{answered}>"
    mail["References"] = " ".join(f"<{one}>" for one in (*before, answered))


def _subject(reply: Reply) -> str:
    """The customer's own subject as an answer to it, with the tracking number once."""
    subject = _line(reply.answers.subject) or "Your message"
    if not re.match(r"(?i)\s*(re|aw|sv|antw|回复|答复|回覆|答覆)\s*[:：]", subject):
        subject = f"Re: {subject}"
    return subject if reply.tracking_number in subject else f"{subject} [{reply.tracking_number}]"


def _recipient(reply: Reply) -> str:
    address = next((one.value for one in reply.requester.identities if one.kind == "email"), "")
    if not _MAILBOX.fullmatch(address):
        raise Permanent("the customer has no address that mail can be sent to")
    return address


def _line(text: str) -> str:
    """A text that cannot begin a header field of its own."""
    return _CONTROL.sub(" ", text).strip()


async def _hand_over(client: aiosmtplib.SMTP, mail: bytes) -> None:
    """Give the mail itself; from here on a broken connection leaves open whether it was taken."""
    try:
        await client.data(mail)
    except SMTPResponseException as error:
        raise _refused(error) from None
    except (SMTPException, OSError, TimeoutError) as error:
        raise Uncertain(f"the connection broke while the mail was handed over ({_said(error)})") from None
    # What was taken stays taken, however the server says goodbye.
    try:
        async with asyncio.timeout(1):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        return


def _refused(error: SMTPException) -> FaninError:
    """What a server's reply code means: 5xx is for ever (RFC 5321 section 4.2.1)."""
    code = error.code if isinstance(error, SMTPResponseException) else 0
    text = f"the mail server says: {_said(error)}"
    return Permanent(text) if 500 <= code < 600 else Transient(text)


def _said(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return _line(f"{error.code} {error.message}")[:300]
    return _line(str(error))[:300] or type(error).__name__


def _context(settings: SmtpSettings) -> ssl.SSLContext | None:
    if settings.tls is False:
        return None
    try:
        return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"send.ca_file: {settings.ca_file} holds no certificates: {error}") from None
