"""Logging: one line per unit of work, for people on a terminal and as JSON on a pipe.

Names, ids and counts only.  No message text, address or token may be given to a log call.
"""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import MutableMapping
from typing import Any

import structlog

from normalizer.safety.find import redact

KEPT_FRAMES = 12
LEAST_GUARDED = 20
"""Characters of the shortest text in a line that is looked into."""


def _without_content(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say of an exception what it is and where it came from, never its text or what variables held."""
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-KEPT_FRAMES:]
        event["exception"] = type(error).__name__
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A name or the words of another system may hold what somebody pasted there."""
    for key, value in event.items():
        if isinstance(value, str) and len(value) >= LEAST_GUARDED:
            event[key] = redact(value)
    return event


def _without_arguments(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say what a library says without what it says it of: an address, an object in which a message stands."""
    record: logging.LogRecord = event["_record"]
    event["event"], event["logger"] = str(record.msg).partition("\n")[0], record.name
    return event


def set_up(level: str, form: str) -> None:
    """Configure structlog, and let what libraries log through the standard module come out the same way."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_content,
        _without_secrets,
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(pad_event_to=28)] if console else [structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            foreign_pre_chain=[_without_arguments, *shared],
        )
    )
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers, and aiohttp's quote the names of strangers' files
    logging.basicConfig(
        handlers=[handler], level=max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]), force=True
    )
