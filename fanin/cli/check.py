"""`fanin check`: is everything that is configured reachable and allowed?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from config.loader import load
from connectors.base import Checkable, State
from connectors.base import Provable as ProvableConnector
from delivery.base import Provable
from fanin.app import App, opened
from model.errors import CredentialsRejected, FaninError
from model.health import Health

LIMIT = timedelta(seconds=60)


async def check(file: Path | None) -> int:
    """Check everything, a line each; 1 if anything failed.  Raises Misconfigured for a bad configuration."""
    config = load(file, os.environ)
    async with opened(config) as app:
        failures = [await _report(name, probe) for name, probe in _probes(app)]
    if config.store.encryption_key is None:
        print(
            f"note  store: its key lies in {config.data_dir / 'keys'}, beside what it protects: only copies of the\n"
            "      data are protected; supply store.encryption_key_file to protect the data_dir itself"
        )
    return int(any(failures))


Probe = Callable[[], Awaitable[list[str] | None]]


def _probes(app: App) -> Iterator[tuple[str, Probe]]:
    yield "store", app.store.ready
    for name, post in app.posts(app.config).items():
        connector = post.make(Health(name, "connector"))
        if isinstance(connector, ProvableConnector):
            yield f"connector {name}", partial(_proved, connector, post.state)
        elif isinstance(connector, Checkable):
            yield f"connector {name}", connector.check
    for name, desk in app.desks.items():
        yield f"helpdesk {name}", desk.helpdesk.prove if isinstance(desk.helpdesk, Provable) else desk.helpdesk.check


async def _proved(connector: ProvableConnector, state: State) -> list[str]:
    return [await connector.prove(state)]


async def _report(name: str, probe: Probe) -> bool:
    """Print how a check went, and what it noticed; whether it failed."""
    try:
        async with asyncio.timeout(LIMIT.total_seconds()):
            notes = await probe()
    except FaninError as error:
        remedy = f": {error.remedy}" if isinstance(error, CredentialsRejected) else ""
        print(f"FAIL  {name}: {error}{remedy}")
    except TimeoutError:
        print(
            f"FAIL  {name}: no answer within {LIMIT.total_seconds():g} s: is the host right, and reachable from here?"
        )
    else:
        print(f"ok    {name}")
        for note in notes or ():
            print(f"note  {name}: {note}")
        return False
    return True
