"""The way from the store to the helpdesks: which kinds of queue and helpdesk exist, and how one is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from delivery.base import Files, Helpdesk, Place, Queue
from delivery.helpdesks.rt.settings import RtSettings
from delivery.helpdesks.webhook_settings import WebhookSettings
from delivery.settings import ArqSettings, ConsumerSettings, EmbeddedSettings, FileSettings
from model.kind import Kind


class MakeQueue(Protocol):
    """Makes a queue of its settings and of how many workers each helpdesk has."""

    def __call__(self, settings: Any, concurrency: Mapping[str, int]) -> Queue: ...


class MakeHelpdesk(Protocol):
    """Makes a helpdesk of its settings, and of the place where it finds attachments and keeps what it must."""

    def __call__(self, settings: Any, place: Place, /) -> Helpdesk: ...


def _embedded(settings: EmbeddedSettings, concurrency: Mapping[str, int]) -> Queue:  # noqa: ARG001  nothing to set
    from delivery.queues.embedded import EmbeddedQueue  # noqa: PLC0415 - see Kind

    return EmbeddedQueue(concurrency)


def _arq(settings: ArqSettings, concurrency: Mapping[str, int]) -> Queue:
    from delivery.queues.arq import ArqQueue  # noqa: PLC0415 - see Kind

    return ArqQueue(settings, concurrency)


def _file(settings: FileSettings, files: Files) -> Helpdesk:
    from delivery.helpdesks.file import FileHelpdesk  # noqa: PLC0415 - see Kind

    return FileHelpdesk(settings.path, files)


def _rt(settings: RtSettings, place: Place) -> Helpdesk:
    from delivery.helpdesks.rt.helpdesk import RtHelpdesk  # noqa: PLC0415 - see Kind

    return RtHelpdesk(settings, place)


def _webhook(settings: WebhookSettings, place: Place) -> Helpdesk:  # noqa: ARG001  nothing to keep
    from delivery.helpdesks.webhook import WebhookHelpdesk  # noqa: PLC0415 - see Kind

    return WebhookHelpdesk(settings)


def _consumer(settings: ConsumerSettings, place: Place) -> Helpdesk:  # noqa: ARG001  attachments are fetched by their links
    from delivery.helpdesks.consumer import ConsumerHelpdesk  # noqa: PLC0415 - see Kind

    return ConsumerHelpdesk(settings)


QUEUES: dict[str, Kind[MakeQueue]] = {
    "embedded": Kind(EmbeddedSettings, _embedded),
    "arq": Kind(ArqSettings, _arq),
}
HELPDESKS: dict[str, Kind[MakeHelpdesk]] = {
    "file": Kind(FileSettings, _file),
    "rt": Kind(RtSettings, _rt),
    "webhook": Kind(WebhookSettings, _webhook),
    "consumer": Kind(ConsumerSettings, _consumer),
}
