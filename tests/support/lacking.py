"""What becomes of a test that needs what is not here: mostly a server, which `make servers` installs."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skip the test by the name of what it needs; fail it where FANIN_REQUIRE_SERVERS=1."""
    if os.environ.get("FANIN_REQUIRE_SERVERS") == "1":
        pytest.fail(f"missing: {what}")
    pytest.skip(f"missing: {what}")
