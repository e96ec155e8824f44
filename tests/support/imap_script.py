"""An IMAP server that says what a test tells it to: for what no well-behaved server does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from connectors.email.settings import EmailSettings

Answer = Callable[["Talk", str], str | None]

CAPABILITY = "* CAPABILITY IMAP4rev1 IDLE SASL-IR AUTH=XOAUTH2\r\n{tag} OK done\r\n"
SELECTED = "* 1 EXISTS\r\n* OK [UIDVALIDITY {validity}] v\r\n* OK [UIDNEXT 2] n\r\n{tag} OK [READ-ONLY] done\r\n"


def settings_for(script: Script, **options: Any) -> EmailSettings:
    """Settings of an account at the script's server; `source` replaces the password."""
    source = {"type": "imap", "host": "127.0.0.1", "port": script.port, "tls": False, "user": "u", "poll": "1 min"}
    source |= options.pop("source", {"password": "p"})
    return EmailSettings(kind="email", source=source, **({"start": "all"} | options))


class Talk:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, text: str) -> None:
        """Send text as it is."""
        self.writer.write(text.encode())


class Script:
    """Answers each line by the first rule whose pattern it matches; None says nothing.

    In an answer `{tag}` is the command's tag; `!` at its end closes the connection.
    """

    def __init__(self, rules: Sequence[tuple[str, str | None]] = (), *, greeting: str = "* OK ready\r\n") -> None:
        self.greeting = greeting
        self.lines: list[str] = []
        self.connections = 0
        self.port = 0
        self.rules: list[tuple[str, str | None]] = [
            *rules,
            ("CAPABILITY", CAPABILITY),
            ("LOGIN", "{tag} OK welcome\r\n"),
            ("EXAMINE|SELECT", SELECTED.replace("{validity}", "7")),
            ("UID SEARCH", "* SEARCH 1\r\n{tag} OK done\r\n"),
            (
                "UID FETCH .*SIZE",
                '* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "22-Nov-2026 10:00:00 +0000")\r\n{tag} OK\r\n',
            ),
            ("UID FETCH", "* 1 FETCH (UID 1 BODY[] {{5}}\r\nhello)\r\n{tag} OK done\r\n"),
            ("IDLE", "+ idling\r\n"),
            ("DONE", "{last} OK done\r\n"),
            ("", "{tag} OK done\r\n"),
        ]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Script]:
        """Serve while the block lasts."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(self.greeting.removesuffix("!").encode())
        last = ""
        try:
            while not self.greeting.endswith("!") and (line := await reader.readline()):
                text = line.decode().rstrip("\r\n")
                self.lines.append(text)
                tag, _, command = text.partition(" ")
                answer = self._answer(command or text)
                if answer is not None:
                    writer.write(answer.removesuffix("!").format(tag=tag, last=last).encode())
                    await writer.drain()
                    if answer.endswith("!"):
                        break
                last = tag if command else last
        except ConnectionError:
            return
        finally:
            writer.close()

    def _answer(self, command: str) -> str | None:
        return next(answer for pattern, answer in self.rules if re.match(pattern, command))
