"""Every queue keeps the contract."""

from __future__ import annotations

import pytest

from delivery.base import Queue
from delivery.queues.embedded import EmbeddedQueue
from tests.contract.queues import QueueContract


class TestEmbedded(QueueContract):
    """The queue in memory, which is its own twin."""

    kind = "embedded"

    @pytest.fixture
    def queue(self) -> Queue:
        """Two helpdesks of two workers each."""
        return EmbeddedQueue({"desk": 2, "other": 2})
