"""What every connector can be told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from model.settings import Settings, WebUrl


def _start(value: Any) -> Any:
    if value in ("now", "all") or isinstance(value, datetime):
        return value
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        msg = "expected now, all or a time such as 2026-11-01T00:00:00Z"
        raise ValueError(msg) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


Start = Annotated[
    Literal["now", "all"] | datetime,
    BeforeValidator(_start),
    WithJsonSchema({"type": "string", "title": "now, all or a time", "examples": ["now", "2026-11-01T00:00:00Z"]}),
]
"""`now`, `all`, or an aware datetime (ISO 8601; UTC where no zone is given)."""


def _confidential(value: str) -> str:
    host = urlsplit(value).hostname or ""
    if value.startswith("https:") or host in ("127.0.0.1", "localhost", "::1"):
        return value
    msg = "expected an https address: secrets are sent to it"
    raise ValueError(msg)


SecretUrl = Annotated[WebUrl, AfterValidator(_confidential)]
"""An address that secrets are sent to: https, or this machine."""


class ConnectorSettings(Settings):
    """Base of the settings of a connector."""

    kind: str
    """Which channel it reads."""
    start: Start = "now"
    """Messages that arrived before are not made tickets: `now` (the connector's first start, remembered),
    `all`, or a time."""

    def describe(self) -> str:
        """What is read, in a few words for an operator."""
        return self.kind

    def claims(self) -> tuple[str, ...]:
        """What this connector must have for itself alone: no other may claim the same."""
        return ()
