"""A daemon with a chat, and customers of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from tests.support.chat import Customer, daemon


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Whatever is opened in a test is closed after it."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest_asyncio.fixture
async def start(stack: AsyncExitStack, tmp_path: Path) -> Callable[..., Awaitable[Any]]:
    """Starts a daemon with these settings of its chat; makes its app, and makes customers who have a session."""

    async def started(http: dict[str, Any] | None = None, **settings: Any) -> Any:
        app, base = await stack.enter_async_context(daemon(tmp_path, http, **settings))
        client = await stack.enter_async_context(aiohttp.ClientSession())

        async def customer(**wanted: Any) -> Customer:
            one = Customer(client, base)
            if wanted.pop("opened", True):
                status, body = await one.open(**wanted)
                assert status == 201, body
            return one

        return app, customer

    return started
