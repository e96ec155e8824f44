"""Every queue keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from delivery.base import Queue
from delivery.queues.arq import ArqQueue
from delivery.queues.embedded import EmbeddedQueue
from delivery.settings import ArqSettings
from tests.contract.queues import QueueContract
from tests.support.redis import RedisServer


class TestEmbedded(QueueContract):
    """The queue in memory, which is its own twin."""

    kind = "embedded"

    @pytest.fixture
    def queue(self) -> Queue:
        """Two helpdesks of two workers each."""
        return EmbeddedQueue({"desk": 2, "other": 2})


class TestArq(QueueContract):
    """The queue in a real Redis."""

    kind = "arq"

    @pytest.fixture
    async def queue(self, redis_server: RedisServer) -> AsyncIterator[Queue]:
        """Two helpdesks of two workers each, in an empty Redis."""
        redis_server.wipe()
        made = ArqQueue(ArqSettings(kind="arq", url=redis_server.url), {"desk": 2, "other": 2})
        yield made
        await made.close()
