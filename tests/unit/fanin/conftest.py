"""A store, and the pipeline that fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fanin.pipeline import Pipeline
from store.store import Store
from tests.support.pipeline import make_pipeline


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store, empty."""
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    """A pipeline whose messages all go to one helpdesk."""
    return make_pipeline(store, tmp_path)
