"""`fanin dead-letters` and `fanin migrate`: the store's books."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.loader import load
from config.settings import Config
from model.errors import Misconfigured
from normalizer.safety.find import redact
from store.dead_letters import DeadLetter
from store.store import Store


def configured(file: Path | None) -> Config:
    """The configuration of a store that exists already.  Raises Misconfigured if it does not."""
    config = load(file, os.environ)
    if not (config.data_dir / "fanin.db").exists():
        raise Misconfigured(f"data_dir: there is no store in {config.data_dir}; has fanin run with this configuration?")
    return config


@asynccontextmanager
async def books(file: Path | None) -> AsyncIterator[tuple[Config, Store]]:
    """The configuration and its store, which must exist already."""
    config = configured(file)
    key = config.store.encryption_key.read() if config.store.encryption_key else None
    store = await Store.open(config.data_dir, base_url=config.http.links, key=key)
    try:
        yield config, store
    finally:
        await store.close()


async def list_letters(file: Path | None) -> None:
    """Print the dead letters, newest first."""
    async with books(file) as (_, store):
        letters = await store.list_dead_letters()
    for one in letters:
        where = one.helpdesk or one.connector
        print(f"{one.id}  {one.buried_at:%Y-%m-%d %H:%M:%SZ}  {one.stage:<9}  {where:<20}  {redact(one.reason)}")
    if not letters:
        print("no dead letters")


async def show_letter(file: Path | None, id_: str, original: Path | None) -> None:
    """Print all that is known of a dead letter, and write the message as it came where asked."""
    async with books(file) as (_, store):
        letter = await _find(store, id_)
        for name in letter.__struct_fields__:
            value = getattr(letter, name)
            print(f"{name:<11} {'-' if value is None else redact(str(value))}")
        if original is not None:
            await _write_original(store, letter, original)


EVERY = 2**31
"""More dead letters than there will be."""


async def retry_letter(file: Path | None, id_: str) -> None:
    """Make one dead letter, or `all`, wanted again."""
    async with books(file) as (_, store):
        for letter in await store.list_dead_letters(EVERY) if id_ == "all" else [await _find(store, id_)]:
            await store.retry(letter)
            again = "delivered again" if letter.stage == "deliver" else "taken when it is read again: fanin backfill"
            print(f"{letter.id} will be {again}")


async def drop_letter(file: Path | None, id_: str) -> None:
    """Give a dead letter up for good."""
    async with books(file) as (_, store):
        letter = await _find(store, id_)
        await store.drop(letter)
        print(f"{letter.id} is dropped")


async def migrate(file: Path | None) -> None:
    """Open the store, which migrates it."""
    async with books(file) as (config, _):
        print(f"{config.data_dir / 'fanin.db'} is at this version")


async def _find(store: Store, id_: str) -> DeadLetter:
    if (letter := await store.find_dead_letter(id_)) is None:
        raise Misconfigured(f"no single dead letter has an id that begins with {id_}; see: fanin dead-letters list")
    return letter


async def _write_original(store: Store, letter: DeadLetter, target: Path) -> None:
    pieces = await store.original(letter.event or letter.id)
    if pieces is None:
        raise Misconfigured(
            "its original has expired (store.retention.originals), was never read whole, or held a secret: then see "
            f"fanin original show {letter.event or letter.id}"
        )
    try:
        with target.open("xb") as file:
            async for piece in pieces:
                file.write(piece)
    except (OSError, KeyError) as error:
        raise Misconfigured(f"--original: cannot write {target}: {error}") from None
    print(f"original    written to {target}")
