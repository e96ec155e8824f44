"""`fanin audit`: what became of everything, by the store's books and by what the sources hold."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from connectors.base import Listable
from fanin.app import App, opened
from fanin.cli.books import configured
from model.errors import CredentialsRejected, FaninError
from model.health import Health
from normalizer.safety.name import safe_id
from store.audit import Line

LIMIT = timedelta(minutes=2)
"""How long one source may take to say what it holds."""


class Finding(Struct):
    """What a source holds of which the store knows nothing."""

    waiting: int = 0
    passed: int = 0
    """Messages that the cursor has passed all the same: they are missing."""
    example: str = ""
    """The source id of one that is missing."""
    trouble: str = ""
    """Why the source could not be asked to the end."""


async def audit(file: Path | None, *, offline: bool) -> int:
    """Print a line for each state that anything is in; 1 if the books do not balance.

    Sources are asked unless `offline`.  One that cannot be reached is named, and is no imbalance.
    """
    config = configured(file)
    async with opened(config) as app:
        account = await app.store.account(list(config.helpdesks))
        findings = {} if offline else {name: await _compare(app, name) for name in config.connectors}
    imbalances = account.imbalances + [_missing(name, found) for name, found in findings.items() if found.passed]
    for line in account.lines + _waiting(findings):
        print(f"{line.what:<11} {line.where:<20} {line.state:<30} {line.count:>10}")
    for name, found in findings.items():
        if found.trouble:
            print(f"{name} cannot be asked what it holds: {found.trouble}")
    for imbalance in imbalances:
        print(f"does not balance: {imbalance}")
    if not imbalances:
        print("balanced")
    return int(bool(imbalances))


async def _compare(app: App, name: str) -> Finding:
    """Hold what the source of a connector has against the books."""
    post = app.post(name, app.config.connectors[name])
    connector = post.make(Health(name, "connector"))
    found = Finding()
    if not isinstance(connector, Listable):
        return found
    try:
        async with asyncio.timeout(LIMIT.total_seconds()):
            async for held in connector.held(post.intake, post.state):
                found.waiting += len(await app.store.unknown(name, [safe_id(one) for one in held.ahead]))
                missing = await app.store.unknown(name, [safe_id(one) for one in held.passed])
                found.passed += len(missing)
                found.example = found.example or next(iter(missing), "")
    except CredentialsRejected as error:
        found.trouble = f"{error}: {error.remedy}"
    except FaninError as error:
        found.trouble = str(error)
    except TimeoutError:
        found.trouble = f"no answer within {LIMIT.total_seconds():g} s"
    return found


def _waiting(findings: Mapping[str, Finding]) -> list[Line]:
    return [
        Line("messages", name, "waiting at the source", found.waiting)
        for name, found in findings.items()
        if found.waiting
    ]


def _missing(name: str, found: Finding) -> str:
    return (
        f"{found.passed} messages that {name} has passed are at the source and not accounted for, such as "
        f"{found.example}: fanin backfill {name} reads them"
    )
