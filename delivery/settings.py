"""Where tickets go: queues, helpdesks and the routes to them."""

from __future__ import annotations

from os.path import realpath
from typing import Literal

from pydantic import Field

from model.settings import FilePath, OneOrMore, Secret, Settings, Several
from model.ticket import Category, Lane, Urgency


class QueueSettings(Settings):
    """Base of the settings of a queue."""

    kind: str
    """Which queue carries the work."""


class EmbeddedSettings(QueueSettings):
    """The worker in this process reads the outbox: nothing to install."""

    kind: Literal["embedded"]
    """The outbox itself, in this process."""


class HelpdeskSettings(Settings):
    """Base of the settings of a helpdesk."""

    kind: str
    """Which helpdesk it is."""
    reply_token: Secret | None = None
    """The token with which it hands over answers (`POST /v1/tickets/NUMBER/replies` on the private listener)."""

    def describe(self) -> str:
        """Where tickets go, in a few words for an operator."""
        return self.kind

    def claims(self) -> tuple[str, ...]:
        """What this helpdesk must have for itself alone: no other may claim the same."""
        return ()


class FileSettings(HelpdeskSettings):
    """A folder: `tickets.jsonl` with one CloudEvent a line, and `attachments/<sha256>` in clear."""

    kind: Literal["file"]
    """A folder on this machine."""
    path: FilePath
    """The folder; it is created where it does not exist."""

    def describe(self) -> str:
        """Which file it is."""
        return str(self.path / "tickets.jsonl")

    def claims(self) -> tuple[str, ...]:
        """Two writers would tear each other's lines."""
        return (f"the folder {realpath(self.path)}",)


class When(Settings):
    """What a message must be for a route to take it: every key that is given must match."""

    category: Several[Category] | None = None
    """What it is about: one of these."""
    topic: Several[str] | None = None
    """What it is about, in the finer words of triage: one of these."""
    route: Several[str] | None = None
    """The team that a rule of triage names: one of these."""
    urgency: Several[Urgency] | None = None
    """How urgent it is: one of these."""
    lane: Several[Lane] | None = None
    """The lane it travels in: one of these."""
    language: Several[str] | None = None
    """The language of the message (BCP 47, such as `ja` or `zh-Hans`): one of these."""
    channel: Several[str] | None = None
    """The kind of channel it came on: one of these."""
    connector: Several[str] | None = None
    """The connector that read it, by its configured name: one of these."""


class Route(Settings):
    """Which helpdesks a message goes to; the first route that matches is taken."""

    when: When = When()
    """What the message must be; without it, any message matches."""
    to: OneOrMore[str]
    """The helpdesks, by their configured names."""
    options: dict[str, str] = Field(default={})
    """What the helpdesks are told besides, such as a queue or a priority."""

    @property
    def takes_everything(self) -> bool:
        """Whether any message matches."""
        return self.when == When()
