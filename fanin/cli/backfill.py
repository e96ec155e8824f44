"""`fanin backfill`: read again what lies before a connector's start or was passed."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from config.loader import load
from connectors.base import Backfillable
from fanin.app import opened
from model.errors import Misconfigured
from model.health import Health


async def backfill(file: Path | None, name: str, since: datetime, folder: str | None, rate: int) -> int:
    """Hand everything since a time to the store again, at most `rate` messages a second.

    A running daemon on the same data_dir delivers them; else the next one does.
    """
    config = load(file, os.environ)
    if name not in config.connectors:
        raise Misconfigured(f"there is no connector {name}; there are: {', '.join(config.connectors)}")
    async with opened(config) as app:
        post = app.post(name, config.connectors[name])
        connector = post.make(Health(name, "connector"))
        if not isinstance(connector, Backfillable):
            raise Misconfigured(f"{name}: a connector of kind {post.settings.kind} cannot be read again")
        columns = (SpinnerColumn(), TextColumn("{task.completed:.0f} messages"), TimeElapsedColumn())
        started, count = time.monotonic(), 0
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(name, total=None)
            async for count in connector.backfill(post.intake, post.state, since, stream=folder):
                progress.update(task, completed=count)
                await asyncio.sleep(max(0.0, started + count / rate - time.monotonic()))
    print(f"{name}: {count} messages handed over; what was known stays one ticket")
    return 0
