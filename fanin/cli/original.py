"""`fanin original`: a message as it came, which may hold what its ticket must not."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

import structlog

from fanin.cli.books import books
from model.errors import Misconfigured

log = structlog.get_logger()


async def show(file: Path | None, event: str, output: Path | None) -> None:
    """Write the original of an event to a file or to standard output; that it was opened is on record before."""
    async with books(file) as (_, store):
        by = _who()
        pieces = await store.open_original(event, by)
        if pieces is None:
            raise Misconfigured(
                f"there is no original of {event}: it has expired (store.retention.originals, and "
                "store.retention.secrets where it held a secret), or no message has this id"
            )
        log.warning("original.opened", event_id=event, by=by)
        try:
            with output.open("xb") if output else os.fdopen(os.dup(sys.stdout.fileno()), "wb") as target:
                async for piece in pieces:
                    target.write(piece)
        except (OSError, KeyError) as error:
            raise Misconfigured(f"cannot write the original to {output or 'standard output'}: {error}") from None


async def openings(file: Path | None) -> None:
    """Print who opened which original."""
    async with books(file) as (_, store):
        for one in await store.openings():
            print(f"{one.at:%Y-%m-%d %H:%M:%SZ}  {one.event}  {one.by}")


def _who() -> str:
    """The account that runs the command, and on whose behalf where sudo says so."""
    behalf = os.environ.get("SUDO_USER")
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name} for {behalf}" if behalf else name
