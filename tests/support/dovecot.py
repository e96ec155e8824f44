"""A real Dovecot on free ports of 127.0.0.1, in a temporary folder, ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import time
import weakref
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from imaplib import IMAP4
from pathlib import Path
from typing import Any

from tests.support.certificate import Certificate, self_signed
from tests.support.lacking import lacking

PASSWORD = "correct-horse"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:~/Maildir
first_valid_uid = 1
mail_max_userip_connections = {connections}
login_trusted_networks = 127.0.0.0/8
default_process_limit = 2500
default_client_limit = 10000
lmtp_save_to_detail_mailbox = yes
mailbox_list_index = yes
mailbox_idle_check_interval = 1 secs
{oauth2}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  {login}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol imap {{
  imap_idle_notify_interval = 29 mins
}}
"""

_OAUTH2_PASSDB = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""

_OAUTH2 = """
introspection_mode = post
introspection_url = {url}
username_attribute = email
active_attribute = active
active_value = true
"""


class Dovecot:
    """One server with any number of accounts: every user name is known, and has the same password."""

    def __init__(
        self,
        folder: Path,
        *,
        introspection: str | None = None,
        connections: int = 0,
        valid: timedelta = timedelta(days=365),
    ) -> None:
        self.folder = folder
        self.certificate: Certificate = self_signed(
            folder, "127.0.0.1", not_before=timedelta(days=-30), not_after=valid
        )
        reserved = [_reserved_port() for _ in range(3)]
        self.imap, self.imaps, self.lmtp = (one.getsockname()[1] for one in reserved)
        weakref.finalize(self, lambda: [one.close() for one in reserved])
        self._process: subprocess.Popen[bytes] | None = None
        self._filled = 1_700_000_000
        uid, gid = (os.getuid(), os.getgid()) if os.getuid() else (12345, 12345)
        (folder / "mail").mkdir()
        os.chown(folder / "mail", uid, gid)
        for path in (folder, *folder.parents[:2]):
            path.chmod(path.stat().st_mode | 0o011)
        (folder / "oauth2.conf").write_text(_OAUTH2.format(url=introspection))
        self._configuration = folder / "dovecot.conf"
        self._configuration.write_text(
            _CONFIGURATION.format(
                folder=folder,
                certificate=self.certificate.certificate,
                key=self.certificate.key,
                password=PASSWORD,
                oauth2=_OAUTH2_PASSDB.format(folder=folder) if introspection else "",
                connections=connections,
                imap=self.imap,
                imaps=self.imaps,
                lmtp=self.lmtp,
                uid=uid,
                gid=gid,
                login="service_count = 0\n  client_limit = 10000",
            )
        )

    @staticmethod
    def missing() -> str | None:
        """Say what is missing to run one, or None."""
        if shutil.which("dovecot") is None:
            return "dovecot (Debian: dovecot-imapd dovecot-lmtpd)"
        return None if os.getuid() == 0 else "the right to start dovecot (root)"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self._configuration)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while not (_answers(self.imap) and _answers(self.imaps) and _answers(self.lmtp)):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"dovecot did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop in order, dropping every connection."""
        if self._process is None:
            return
        children = self._frozen()
        self._process.terminate()
        self._process.send_signal(signal.SIGCONT)
        self._process.wait(20)
        until = time.monotonic() + 2
        while any(_lives(child) for child in children) and time.monotonic() < until:
            time.sleep(0.005)
        _end(children)  # one that had not greeted the master yet outlives it by seconds, and holds the ports
        self._process = None

    def kill(self) -> None:
        """Kill the master and every process of it, as a power cut does."""
        if self._process is None:
            return
        children = self._frozen()
        self._process.kill()
        self._process.wait()
        _end(children)
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)
        for lock in self.folder.rglob(
            "*.lock"
        ):  # the next would wait for two minutes before it believes that it is stale
            lock.unlink(missing_ok=True)
        self._process = None

    def restart(self) -> None:
        """Stop and start again on the same ports."""
        self.stop()
        self.start()

    def _frozen(self) -> list[int]:
        """Stop the master, so that it begins no further process; those that it has begun."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        return _descendants(self._process.pid)

    def deliver(self, user: str, messages: Iterable[bytes], *, folder: str = "INBOX") -> None:
        """Hand messages to the delivery agent, in order."""
        address = user if folder == "INBOX" else f"{user}+{folder}"
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=60) as lmtp:
            for message in messages:
                lmtp.sendmail("sender@example.org", [address], message)

    def client(self, user: str) -> IMAP4:
        """A logged-in client of the standard library, for what another client would do."""
        client = IMAP4("127.0.0.1", self.imap, timeout=60)
        client.login(user, PASSWORD)
        return client

    def append(self, user: str, message: bytes, *, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Store a message with a time of arrival."""
        with self.client(user) as client:
            when = (at or datetime.now(UTC)).strftime('"%d-%b-%Y %H:%M:%S +0000"')
            client.append(folder, None, when, message)

    def append_folder(self, user: str, folder: str) -> None:
        """Create a folder, named as on the wire."""
        with self.client(user) as client:
            client.create(folder)

    def fill(self, user: str, messages: Iterable[bytes], *, folder: str = "INBOX") -> None:
        """Put many messages into a folder quickly, as files."""
        maildir = self.folder / "mail" / user / "Maildir"
        if folder != "INBOX":
            maildir /= f".{folder}"
        owner = (self.folder / "mail").stat()
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        for message in messages:
            self._filled += 1  # the server gives UIDs by the time in the name
            (maildir / "cur" / f"{self._filled}.test.test:2,").write_bytes(message)
        for path in (maildir.parent, maildir, *maildir.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)

    def forget_uids(self, user: str, *, folder: str = "INBOX") -> None:
        """Make the server give the folder a new UIDVALIDITY; only while it is stopped."""
        assert self._process is None
        maildir = self.folder / "mail" / user / "Maildir"
        if folder != "INBOX":
            maildir /= f".{folder}"
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"):
            (maildir / name).unlink(missing_ok=True)
        for path in (self.folder / "mail" / user / "Maildir").glob("dovecot.list.index*"):
            path.unlink()

    def context(self) -> ssl.SSLContext:
        """A client context that trusts this server."""
        return ssl.create_default_context(cafile=str(self.certificate.certificate))


def started(folder: Path, **options: Any) -> Dovecot:
    """A running server in a folder with a short path; the test is skipped where it cannot be had."""
    if missing := Dovecot.missing():
        lacking(missing)
    folder.mkdir(exist_ok=True)
    server = Dovecot(folder, **options)
    server.start()
    return server


def sample(number: int, *, size: int = 0, subject: str = "sample") -> bytes:
    """A small mail of its own; `size` pads it to about that many bytes."""
    head = (
        f"From: Customer {number} <c{number}@example.org>\r\nTo: support@example.com\r\n"
        f"Subject: {subject} {number}\r\nDate: {format_datetime(datetime.now(UTC))}\r\n"
        f"Message-ID: <{subject}.{number}@example.org>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    line = b"0123456789abcdefghijklmnopqrstuvwxyz" * 2 + b"\r\n"
    body = f"Message {number}.\r\n".encode()
    return head + body + line * (max(0, size - len(head) - len(body)) // len(line))


def _reserved_port() -> socket.socket:
    """A port that is the server's also while it is down: bound, so that the kernel gives it to nobody who asks for any.

    Nobody listens on it, and the address may be reused: the server, which says so as well, can listen there.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _end(pids: Sequence[int]) -> None:
    """Kill them, and wait until they are gone: until then they hold the ports."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(_lives(pid) for pid in pids):
        time.sleep(0.005)
