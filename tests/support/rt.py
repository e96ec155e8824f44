"""A real Request Tracker 5 on a free port of 127.0.0.1, in a temporary folder, ended by its process id."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from model.event import Event
from tests.support.daemon import free_port
from tests.support.lacking import lacking

HOME = Path("/usr/share/request-tracker5")
SERVER = HOME / "libexec" / "rt-server"
WORKERS = 4

_CONFIGURATION = """
Set($rtname, 'rt.test'); Set($Organization, 'rt.test');
Set($WebDomain, '127.0.0.1'); Set($WebPort, {port}); Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite'); Set($DatabaseName, '{folder}/rt5.sqlite'); Set($MailCommand, 'testfile');
Set($LogToSyslog, undef); Set($LogToSTDERR, 'error'); Set($WebSessionClass, 'Apache::Session::File');
Set($MasonSessionDir, '{folder}/session'); Set($BcryptCost, 10);
1;
"""


class Rt:
    """One server, whose tickets can be forgotten between tests."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.tokens: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "etc.d").mkdir(parents=True)
        (folder / "session").mkdir()
        (folder / "RT_SiteConfig.pm").write_text(_CONFIGURATION.format(port=self.port, folder=folder))

    @staticmethod
    def missing() -> str | None:
        """Say what is missing to run one, or None."""
        return None if SERVER.exists() else "Request Tracker (Debian: request-tracker5 rt5-db-sqlite rt5-standalone)"

    def initialise(self) -> None:
        """Make the database, the users and their tokens."""
        self._run("rt-setup-database-5", "--action", "init", "--skip-create", "--dba-password", "")
        printed = self._run("perl", f"-I{HOME}/lib", str(Path(__file__).with_name("rt_setup.pl")))
        self.tokens = dict(line.split() for line in printed.splitlines() if line)

    def start(self) -> None:
        """Start, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            command = [SERVER, "--server", "Starlet", "--host", "127.0.0.1", "--port", str(self.port)]
            self._process = subprocess.Popen(
                [*command, "--max-workers", str(WORKERS)], env=self._environ(), stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"RT did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it and its workers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def forget(self) -> None:
        """Make what was written so far nobody's, which is quicker than another server."""
        with sqlite3.connect(self.folder / "rt5.sqlite", timeout=30) as database:
            database.execute("UPDATE Attachments SET Filename = 'old-' || Filename WHERE Filename LIKE 'fanin-%'")
            database.execute("DELETE FROM ObjectCustomFieldValues WHERE ObjectType = 'RT::Ticket'")
        database.close()

    def ask(self, method: str, path: str, body: Any = None, *, user: str = "agent", **parameters: str) -> Any:
        """One request to REST 2 as a user."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        request = urllib.request.Request(
            f"{self.url}/REST/2.0{path}{query}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.tokens[user]}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            content = response.read()
        return json.loads(content) if content else None

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Look into the database itself."""
        database = sqlite3.connect(self.folder / "rt5.sqlite", timeout=30)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def events(self) -> list[tuple[int, Event]]:
        """The tickets and the events that stand in them, oldest first, as the markers say."""
        found = self.rows(
            "SELECT Tickets.EffectiveId, Attachments.Content, Attachments.ContentEncoding FROM Attachments "
            "JOIN Transactions ON Transactions.id = Attachments.TransactionId "
            "JOIN Tickets ON Tickets.id = Transactions.ObjectId "
            "WHERE Attachments.Filename LIKE 'fanin-%.json' ORDER BY Attachments.id"
        )
        return [
            (ticket, msgspec.json.decode(_decoded(content, encoding), type=Event))
            for ticket, content, encoding in found
        ]

    def count(self) -> int:
        """How many events stand in tickets."""
        return int(self.rows("SELECT COUNT(*) FROM Attachments WHERE Filename LIKE 'fanin-%.json'")[0][0])

    def files(self, ticket: str) -> dict[str, bytes]:
        """The attachments of a ticket by name, as REST 2 gives them."""
        listed = self.ask("GET", f"/ticket/{ticket}/attachments", fields="Filename", per_page="100")
        return {
            one["Filename"]: base64.b64decode(self.ask("GET", f"/attachment/{one['id']}").get("Content") or "")
            for one in listed["items"]
            if one["Filename"]
        }

    def said(self, ticket: str, *kinds: str) -> list[str]:
        """What stands in a ticket, in order: the bodies of its messages, or of transactions of other kinds."""
        wanted = kinds or ("Create", "Correspond")
        found = self.rows(
            "SELECT Attachments.Content, Attachments.ContentEncoding FROM Attachments "
            "JOIN Transactions ON Transactions.id = Attachments.TransactionId "
            "WHERE Transactions.ObjectType = 'RT::Ticket' AND Transactions.ObjectId = ? "
            f"AND Transactions.Type IN ({', '.join('?' * len(wanted))}) AND Attachments.Filename IS NULL "
            "AND Attachments.ContentType IN ('text/plain', 'text/html') ORDER BY Attachments.id",
            ticket,
            *wanted,
        )
        return [_decoded(content, encoding).decode() for content, encoding in found]

    def _answers(self) -> bool:
        try:
            return bool(self.ask("GET", "/rt"))
        except OSError:
            return False

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environ(), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _environ(self) -> dict[str, str]:
        own = {
            "RT_SITE_CONFIG": str(self.folder / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(self.folder / "etc.d"),
        }
        return {**os.environ, **own, "TMPDIR": str(self.folder)}


def started(folder: Path) -> Rt:
    """A running server; the test is skipped where it cannot be had."""
    if missing := Rt.missing():
        lacking(missing)
    server = Rt(folder)
    server.initialise()
    server.start()
    return server


def _decoded(content: bytes | str, encoding: str | None) -> bytes:
    """A content as RT keeps it in the database."""
    raw = content.encode() if isinstance(content, str) else content
    if encoding == "base64":
        return base64.b64decode(raw)
    if encoding == "quoted-printable":
        import quopri

        return quopri.decodestring(raw)
    return raw
