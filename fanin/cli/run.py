"""`fanin run`: the daemon."""

from __future__ import annotations

import asyncio
import gc
import os
from functools import partial
from importlib.metadata import version
from pathlib import Path

import uvloop

from config.loader import load
from config.settings import Config
from connectors.email.settings import EmailSettings, MaildirSource
from fanin import log
from fanin.app import Role, serve

YOUNG = 20_000
"""New objects after which the garbage collector looks at them; a batch of messages makes more than its default, 700."""


def run(file: Path | None, role: Role) -> None:
    """Run the daemon until it is told to stop.  Raises Misconfigured for an operator's mistake."""
    config = load(file, os.environ)
    log.set_up(config.log.level, config.log.format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, role, partial(load, file, os.environ), partial(announce, config, role)))


def announce(config: Config, role: Role) -> None:
    """Print in a few lines what is watched, and what to try first."""
    lines = [f"fanin {version('fanin')} is running, data in {config.data_dir}"]
    if role != "deliver":
        lines += [f"  reads     {name}: {settings.describe()}" for name, settings in config.connectors.items()]
    if role != "intake":
        lines += [f"  delivers  {name}: {settings.describe()}" for name, settings in config.helpdesks.items()]
    lines.append(f"  listens   http://{config.http.private}  (/readyz, /metrics, /v1/status)")
    if role != "deliver":
        lines.append(f"            http://{config.http.public}  (what tickets link to, with the token)")
    chats = any(settings.kind == "chat" for settings in config.connectors.values())
    if chats and config.http.public.loopback and role != "deliver":
        lines.append(f"Try: open http://{config.http.public}/ and write to support")
    if (inbox := _first_maildir(config)) is not None and role != "deliver":
        lines.append(f"Try: cp some.eml {inbox}/new/")
    print("\n".join(lines), flush=True)
    _leave_to_stay()


def _leave_to_stay() -> None:
    """Take what was loaded out of the garbage collector's rounds: it stays, and a message leaves no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


def _first_maildir(config: Config) -> Path | None:
    for settings in config.connectors.values():
        if isinstance(settings, EmailSettings) and isinstance(settings.source, MaildirSource):
            return settings.source.path
    return None
