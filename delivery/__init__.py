"""The way from the store to the helpdesks: which kinds of queue and helpdesk exist, and how one is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from delivery.base import Files, Helpdesk, Queue
from delivery.settings import ArqSettings, ConsumerSettings, EmbeddedSettings, FileSettings
from model.kind import Kind


class MakeQueue(Protocol):
    """Makes a queue of its settings and of how many workers each helpdesk has."""

    def __call__(self, settings: Any, concurrency: Mapping[str, int]) -> Queue: ...


class MakeHelpdesk(Protocol):
    """Makes a helpdesk of its settings and of the place where attachments are found."""

    def __call__(self, settings: Any, files: Files) -> Helpdesk: ...


def _embedded(settings: EmbeddedSettings, concurrency: Mapping[str, int]) -> Queue:  # noqa: ARG001  nothing to set
    from delivery.queues.embedded import EmbeddedQueue  # noqa: PLC0415 - see Kind

    return EmbeddedQueue(concurrency)


def _arq(settings: ArqSettings, concurrency: Mapping[str, int]) -> Queue:
    from delivery.queues.arq import ArqQueue  # noqa: PLC0415 - see Kind

    return ArqQueue(settings, concurrency)


def _file(settings: FileSettings, files: Files) -> Helpdesk:
    from delivery.helpdesks.file import FileHelpdesk  # noqa: PLC0415 - see Kind

    return FileHelpdesk(settings.path, files)


def _consumer(settings: ConsumerSettings, files: Files) -> Helpdesk:  # noqa: ARG001  attachments are fetched by their links
    from delivery.helpdesks.consumer import ConsumerHelpdesk  # noqa: PLC0415 - see Kind

    return ConsumerHelpdesk(settings)


QUEUES: dict[str, Kind[MakeQueue]] = {
    "embedded": Kind(EmbeddedSettings, _embedded),
    "arq": Kind(ArqSettings, _arq),
}
HELPDESKS: dict[str, Kind[MakeHelpdesk]] = {
    "file": Kind(FileSettings, _file),
    "consumer": Kind(ConsumerSettings, _consumer),
}
