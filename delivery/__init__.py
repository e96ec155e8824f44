"""The way from the store to the helpdesks: which kinds of queue and helpdesk exist, and how one is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from delivery.settings import EmbeddedSettings, FileSettings
from model.kind import Kind


def _embedded(settings: EmbeddedSettings) -> Any:
    from delivery.queues.embedded import EmbeddedQueue  # type: ignore[import-untyped]  # noqa: PLC0415 - see Kind

    return EmbeddedQueue(settings)


def _file(name: str, settings: FileSettings, attachments: Any) -> Any:
    from delivery.helpdesks.file import FileHelpdesk  # type: ignore[import-untyped]  # noqa: PLC0415 - see Kind

    return FileHelpdesk(name, settings, attachments)


QUEUES: dict[str, Kind[Callable[..., Any]]] = {
    "embedded": Kind(EmbeddedSettings, _embedded),
}
HELPDESKS: dict[str, Kind[Callable[..., Any]]] = {
    "file": Kind(FileSettings, _file),
}
