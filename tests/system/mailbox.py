"""An account on a real server that a daemon reads."""

from __future__ import annotations

import uuid
from typing import Any

from tests.support.daemon import Daemon
from tests.support.dovecot import PASSWORD, Dovecot


def read_account(daemon: Daemon, server: Dovecot, **options: Any) -> str:
    """Let the daemon read, as connector `mail`, an account that nobody else uses; returns its name."""
    user = f"u{uuid.uuid4().hex[:12]}@example.com"
    source = {
        "type": "imap",
        "host": "127.0.0.1",
        "port": server.imaps,
        "user": user,
        "password": PASSWORD,
        "ca_file": str(server.certificate.certificate),
        "poll": "2 s",
    }
    daemon.configuration["connectors"] = {"mail": {"kind": "email", "source": source, "start": "all"} | options}
    return user
