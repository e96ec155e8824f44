"""A mail server that takes what is sent to it, and fails when told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer:
    """What one test's server was given, and what it is to answer."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[tuple[str, list[str], EmailMessage]] = []
        """Of each mail the envelope's sender, its recipients, and the mail."""
        self.rcpt_answer = "250 OK"
        self.data_answer = "250 OK"
        self.hang_up_in_data = False
        self.password = "secret"

    async def handle_RCPT(  # noqa: N802  aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer as told."""
        if self.rcpt_answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take the mail, then answer as told or break the connection."""
        if self.data_answer.startswith("2"):
            mail: Any = BytesParser(policy=default).parsebytes(envelope.original_content or b"")
            self.received.append((envelope.mail_from or "", list(envelope.rcpt_tos), mail))
        if self.hang_up_in_data:
            server.transport.abort()
        return self.data_answer

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Let in whoever knows the password."""
        right = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(context: ssl.SSLContext | None = None) -> AsyncIterator[MailServer]:
    """A server on a free port; with a context it offers STARTTLS, and asks for a login."""
    told = MailServer()
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            told,
            loop=loop,
            tls_context=context,
            require_starttls=context is not None,
            authenticator=told.authenticate,
            auth_required=context is not None,
            hostname="mail.example.com",
        )

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        await server.wait_closed()
