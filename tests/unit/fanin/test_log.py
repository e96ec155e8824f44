"""What a log line may hold."""

from __future__ import annotations

import logging
import warnings

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


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_libraries_log_names_nobody(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a library's line the words are shown that are always the same, not what they are said of; warnings are not."""
    with warnings.catch_warnings():
        log.set_up("info", form)
        logging.getLogger("foreign").error("Error handling request from %s", "192.0.2.7")
        logging.getLogger("foreign").error("Task exception was never retrieved\nfuture: <Task exception='abandon'>")
        warnings.warn("bad header: filename=abandon.txt", stacklevel=1)

    logged = capsys.readouterr().err
    logging.basicConfig(force=True)
    structlog.reset_defaults()
    assert "Error handling request from" in logged
    assert "Task exception was never retrieved" in logged
    assert not [word for word in ("192.0.2.7", "abandon", "_record") if word in logged]
