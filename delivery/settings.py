"""Where tickets go: queues, helpdesks and the routes to them."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from os.path import realpath
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from model.settings import Duration, FilePath, Form, Listen, OneOrMore, Secret, Settings, Several, UrlForm, mistakes
from model.ticket import Category, Lane, Urgency


class QueueSettings(Settings):
    """Base of the settings of a queue."""

    kind: str
    """Which queue carries the work."""


class EmbeddedSettings(QueueSettings):
    """The worker in this process reads the outbox: nothing to install."""

    kind: Literal["embedded"]
    """The outbox itself, in this process."""


LOCAL_REDIS = "redis://127.0.0.1:6379/0"
RedisUrl = Annotated[
    str,
    UrlForm(
        r"rediss?://[^\s/?#@]+(/[0-9]{1,5})?|unix://(/[^\s?#@]+)(\?db=[0-9]{1,5})?",
        "expected an address such as redis://redis.example.com:6379/0, rediss:// for TLS, or unix:///run/redis.sock; "
        "a user and its password stand in user and password_file",
    ),
]
Prefix = Annotated[
    str, Form(r"[A-Za-z0-9._-]{1,64}", "a prefix is made of letters, digits, `.`, `_` and `-`, and has at most 64")
]


class RedisSettings(Settings):
    """Base of the settings of what lies in Redis."""

    url: RedisUrl = LOCAL_REDIS
    """Where Redis is: `redis://host:port/database`, `rediss://` for TLS, `unix://` for a socket."""
    user: str | None = None
    """The ACL user; without it, the default one."""
    password: Secret | None = None
    """The password."""
    ca_file: FilePath | None = None
    """Certificates that are trusted instead of the system's."""
    sentinels: Several[Listen] = ()
    """The Sentinels (`host:port`) that know which server is the master; the host of `url` is not used then."""
    master: str = "mymaster"
    """What the Sentinels call it."""
    timeout: Duration = timedelta(seconds=5)
    """How long a command may take before Redis counts as unreachable."""
    prefix: Prefix = "fanin"
    """What the keys begin with; every `data_dir` that shares a Redis needs one of its own."""

    @model_validator(mode="after")
    def _user_has_a_password(self) -> Self:
        if self.user is not None and self.password is None:
            raise mistakes([(("user",), "a user needs a password: give password_file")])
        return self


class ArqSettings(QueueSettings, RedisSettings):
    """Jobs of arq in Redis: several processes deliver (`fanin run --role deliver`)."""

    kind: Literal["arq"]
    """Jobs of arq, in Redis."""
    poll: Duration = timedelta(milliseconds=25)
    """How often a worker looks for jobs."""
    urgent: Annotated[int, Field(ge=1, le=1000)] = 4
    """How many urgent conversations a process delivers to one helpdesk at once, besides `limits.deliveries`."""
    bulk: Annotated[int, Field(ge=1, le=1000)] = 2
    """How many conversations of the lane `bulk`."""


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

    def as_placed(self, name: str, queue: QueueSettings) -> Self:  # noqa: ARG002  most need to know neither
        """These settings under their name and beside that queue, from which what is not given may be taken."""
        return self


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


class ConsumerSettings(HelpdeskSettings, RedisSettings):
    """A helpdesk that takes its events from a queue in Redis by itself (`docs/consuming.md`)."""

    kind: Literal["consumer"]
    """A queue in Redis, from which the helpdesk takes its events."""
    transport: Literal["stream", "arq"]
    """`stream`: a Redis stream and a consumer group, for any language; `arq`: jobs for a worker of arq."""
    queue: Prefix | None = None
    """What its queues are called, `PREFIX:QUEUE:LANE`.  Its own name, where it is not given."""
    group: Prefix = "consumers"
    """The consumer group of a stream."""

    def describe(self) -> str:
        """Which keys it reads."""
        return f"{self.prefix}:{self.queue}:LANE in {self.url} ({self.transport})"

    def claims(self) -> tuple[str, ...]:
        """Two would take each other's acknowledgements."""
        return (f"the queue {self.prefix}:{self.queue} in {self.url}",)

    def as_placed(self, name: str, queue: QueueSettings) -> Self:
        """Its name for its queues, and the Redis of fanin's own queue where none is given."""
        more = {"queue": self.queue or name}
        if isinstance(queue, ArqSettings) and not self.model_fields_set & RedisSettings.model_fields.keys():
            more |= {field: getattr(queue, field) for field in RedisSettings.model_fields}
        return self.model_copy(update=more)


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

    @cached_property
    def conditions(self) -> dict[str, frozenset[str]]:
        """What is wanted of the message's traits, by their names."""
        return {trait: frozenset(wanted) for trait, wanted in self if wanted is not None}


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
