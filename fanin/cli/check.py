"""`fanin check`: is everything that is configured reachable and allowed?"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from config.loader import load
from connectors import base as connectors
from delivery import base as delivery
from fanin.app import App, opened
from model.errors import CredentialsRejected, FaninError
from model.health import Health
from normalizer.safety.find import redact

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


Known = str | list[str] | None
"""What a probe found out: a word about what it saw, or what an operator should know although it works."""
Probe = Callable[[], Awaitable[Known]]


def _probes(app: App) -> Iterator[tuple[str, Probe]]:
    yield "store", app.store.ready
    for name, post in app.posts(app.config).items():
        connector = post.make(Health(name, "connector"))
        if isinstance(connector, connectors.Provable):
            yield f"connector {name}", partial(connector.prove, post.state)
        elif isinstance(connector, connectors.Checkable):
            yield f"connector {name}", connector.check
    yield "queue", app.delivery.check
    for name, desk in app.desks.items():
        yield f"helpdesk {name}", _helpdesk_probe(desk.helpdesk)


def _helpdesk_probe(helpdesk: delivery.Helpdesk) -> Probe:
    return helpdesk.prove if isinstance(helpdesk, delivery.Provable) else helpdesk.check


async def _report(name: str, probe: Probe) -> bool:
    """Print how a check went, and what it noticed; whether it failed."""
    try:
        async with asyncio.timeout(LIMIT.total_seconds()):
            known = await probe()
    except FaninError as error:
        remedy = f": {error.remedy}" if isinstance(error, CredentialsRejected) else ""
        print(f"FAIL  {name}: {redact(str(error))}{remedy}")
    except TimeoutError:
        print(
            f"FAIL  {name}: no answer within {LIMIT.total_seconds():g} s: is the host right, and reachable from here?"
        )
    else:
        print(f"ok    {name}" + (f": {known}" if isinstance(known, str) else ""))
        for note in known if isinstance(known, list) else ():
            print(f"note  {name}: {note}")
        return False
    return True
