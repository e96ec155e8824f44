"""What a log line may hold."""

from __future__ import annotations

import logging

import pytest
import structlog

from fanin import log


def _fail(seed: str) -> None:
    token = "sk-" + "secret"
    raise ValueError(f"cannot read {seed} with {token}")


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_exception_shows_neither_its_text_nor_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A logged exception says what it is and where it came from, and nothing of a message or a secret."""
    log.set_up("info", form)
    try:
        _fail("abandon abandon about")
    except ValueError:
        structlog.get_logger().exception("test.failed")
        logging.getLogger("foreign").exception("foreign failed")

    logged = capsys.readouterr().err
    structlog.reset_defaults()
    logging.basicConfig(force=True)
    assert logged.count("ValueError") == 2
    assert "test_log.py" in logged
    assert "abandon" not in logged
    assert "secret" not in logged
