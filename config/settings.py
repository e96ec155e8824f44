"""The root of the configuration: what an operator can set, with the defaults of a first minute without any."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import (
    AfterValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.rules import read_rules
from config.understanding import Facts, Safety
from connectors import CONNECTORS
from connectors.settings import ConnectorSettings
from delivery import HELPDESKS, QUEUES
from delivery.settings import EmbeddedSettings, HelpdeskSettings, QueueSettings, Route
from model.errors import Misconfigured
from model.kind import KindOf
from model.rules import Rules
from model.settings import ByteSize, Duration, FilePath, Form, Listen, Secret, Settings, Several, WebUrl, mistakes

KEY_CHARACTERS = 32
MIB = 1024 * 1024


def _megabytes(value: int) -> int:
    if value < MIB:
        msg = "expected at least 1 MiB"
        raise ValueError(msg)
    return value


Name = Annotated[
    str,
    Form(
        r"[a-z][a-z0-9_]{0,63}",
        "a name is made of a-z, 0-9 and _, begins with a letter and has at most 64 characters",
    ),
]
"""The name of a connector or helpdesk: it stands in metrics, file names and environment variables."""


def _network(value: Any) -> Any:
    try:
        return ip_network(value)
    except ValueError:
        msg = "expected an address or a network such as 10.0.0.0/8"
        raise ValueError(msg) from None


IpNetwork = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_network),
    WithJsonSchema({"type": "string", "title": "network"}),
]
"""An address or a network in CIDR notation."""
Megabytes = Annotated[ByteSize, AfterValidator(_megabytes)]


class Http(Settings):
    """The two listeners."""

    public: Listen = Listen("127.0.0.1", 8080)
    """What customers and channels reach: chat, webhooks, attachment links."""
    private: Listen = Listen("127.0.0.1", 9090)
    """What operators and helpdesks reach: metrics and the ticket API."""
    private_token: Secret | None = None
    """The token that the private listener asks for; required unless it listens on this machine alone."""
    proxies: Several[IpNetwork] = ()
    """Proxies before the public listener, as addresses or networks (`10.0.0.0/8`): from them alone
    X-Forwarded-For is believed.  The proxy must set or append it."""
    base_url: WebUrl | None = None
    """How the public listener is reached from outside; it begins every link in a ticket.
    The address of `public` where it is not given."""

    @property
    def links(self) -> str:
        """What every link in a ticket begins with, without a slash at its end."""
        return self.base_url or f"http://{self.public}"

    @model_validator(mode="after")
    def _private_is_protected(self) -> Self:
        if not self.private.loopback and self.private_token is None:
            text = "other machines can reach this address: give private_token_file, or listen on 127.0.0.1"
            raise mistakes([(("private",), text)])
        if self.private == self.public and self.public.port:
            raise mistakes([(("private",), "public listens there already; give another port")])
        return self


class Retention(Settings):
    """How long what is stored is kept; the keys that recognise a message seen before stay."""

    messages: Duration = timedelta(days=365)
    """Messages, tickets and what was delivered."""
    attachments: Duration = timedelta(days=180)
    """Attachments."""
    originals: Duration = timedelta(days=30)
    """Messages in the form in which they came."""
    secrets: Duration = timedelta(days=7)
    """Messages in the form in which they came, where that held a secret (`fanin original show`)."""
    dead_letters: Duration = timedelta(days=90)
    """Messages and deliveries that were given up."""


class Store(Settings):
    """How what was accepted is kept in `data_dir`."""

    min_free_disk: ByteSize = 256 * MIB
    """With less space left on the disk nothing more is read, so that deliveries can still be recorded."""
    retention: Retention = Retention()
    """How long what is stored is kept."""
    encryption_key: Secret | None = None
    """The secret that all keys of the store are derived from: at least 32 characters (`openssl rand -hex 32`).
    One is created in `data_dir` where it is not given; that protects only copies of the data."""

    @field_validator("encryption_key")
    @classmethod
    def _is_long_enough(cls, secret: Secret | None) -> Secret | None:
        if secret is not None and len(secret.read()) < KEY_CHARACTERS:
            msg = f"expected at least {KEY_CHARACTERS} characters; make one with openssl rand -hex 32"
            raise ValueError(msg)
        return secret


class Limits(Settings):
    """What a single message may cost."""

    parse_timeout: Duration = timedelta(seconds=10)
    """How long a message may be parsed in its own process before that is ended and a stub ticket made."""
    parse_memory: Megabytes = 1024 * MIB
    """How much memory that process may use."""
    max_tries: Annotated[int, Field(ge=1)] = 10
    """How often an event is tried at a helpdesk that works before it is buried as a dead letter."""
    deliveries: Annotated[int, Field(ge=1, le=1000)] = 8
    """How many conversations are delivered to one helpdesk at once; urgent ones have one more."""


class Triage(Settings):
    """What says how urgent a message is and what it is about."""

    rules: Several[FilePath] = ()
    """Files with rules of your own, besides the shipped ones; they are read again at SIGHUP."""
    shipped: bool = True
    """Whether the shipped rules apply; their words can be named in either case."""

    def read(self) -> Rules:
        """The rules.  Raises Misconfigured with a line for each mistake in them."""
        return read_rules(self.rules, shipped=self.shipped)

    @field_validator("rules")
    @classmethod
    def _can_be_read(cls, files: tuple[Path, ...]) -> tuple[Path, ...]:
        try:
            read_rules(files)
        except Misconfigured as error:
            raise mistakes([((), str(error))]) from None
        return files


class Log(Settings):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is written."""
    format: Literal["auto", "console", "json"] = "auto"
    """`console` for people, `json` for machines; `auto` is `console` on a terminal, else `json`."""


class Config(Settings, BaseSettings):
    """The configuration of fanin."""

    model_config = SettingsConfigDict(validate_default=False)

    data_dir: FilePath = Path("data")
    """The folder of the store, the blobs, the keys and the locks."""
    connectors: dict[Name, Annotated[ConnectorSettings, KindOf(CONNECTORS)]] = Field(
        default_factory=lambda known: _embedded_default(known["data_dir"])
    )
    """What is read, by name.  Without it: `drop`, a Maildir at `inbox` in `data_dir`, and `chat`, a chat for
    pages of the public listener's own host."""
    queue: Annotated[QueueSettings, KindOf(QUEUES)] = EmbeddedSettings(kind="embedded")
    """What carries events to the helpdesks.  Without it: `embedded`."""
    helpdesks: Annotated[dict[Name, Annotated[HelpdeskSettings, KindOf(HELPDESKS)]], Field(min_length=1)] = Field(
        default_factory=lambda known: _ticket_folder(known["data_dir"])
    )
    """Where tickets go, by name; the first is where they go that no route takes.
    Without it: `archive`, files at `tickets` in `data_dir`."""
    routes: Annotated[tuple[Route, ...], Field(validate_default=True)] = ()
    """Which helpdesks a message goes to: the first route that matches is taken.  One that takes everything
    else to the first helpdesk is added at the end, unless there is one."""
    also: Annotated[Several[Name], Field(validate_default=True)] = ()
    """Helpdesks that receive everything besides."""
    http: Http = Http()
    """The two listeners."""
    store: Store = Store()
    """How what was accepted is kept."""
    facts: Facts = Facts()
    """What is looked for in messages beside what everybody has."""
    safety: Safety = Safety()
    """What messages are compared with before anybody trusts them."""
    triage: Triage = Triage()
    """What says how urgent a message is and what it is about."""
    limits: Limits = Limits()
    """What a single message may cost."""
    log: Log = Log()
    """What is logged, and how."""

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # the others are not looked at
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - given by keyword
        init_settings: PydanticBaseSettingsSource,
        **_: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what is given: `config.loader.load` says what that is, and nothing is ambient."""
        return (init_settings,)

    @field_validator("helpdesks")
    @classmethod
    def _helpdesks_are_placed(cls, entries: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        queue = info.data.get("queue")  # not there, where there is a mistake in it
        return entries if queue is None else {name: entry.as_placed(name, queue) for name, entry in entries.items()}

    @field_validator("connectors", "helpdesks")
    @classmethod
    def _claims_are_exclusive(cls, entries: dict[str, Any]) -> dict[str, Any]:
        if found := _rival_claims(entries):
            raise mistakes(found)
        return entries

    @field_validator("connectors")
    @classmethod
    def _fallbacks_can_send(cls, entries: dict[str, Any]) -> dict[str, Any]:
        found: Found = []
        for name, entry in entries.items():
            fallback = getattr(entry, "fallback", None)
            if fallback and not getattr(entries.get(fallback.connector), "send", None):
                text = f"{fallback.connector} is no email connector with send:"
                found.append(((name, "fallback", "connector"), text))
        if found:
            raise mistakes(found)
        return entries

    @field_validator("routes")
    @classmethod
    def _routes_lead_somewhere(cls, routes: tuple[Route, ...], info: ValidationInfo) -> tuple[Route, ...]:
        if not (helpdesks := info.data.get("helpdesks")):
            return routes
        found = [((i, "to", *k), text) for i, r in enumerate(routes) for k, text in _unknown(r.to, helpdesks)]
        last = next((i for i, route in enumerate(routes) if route.takes_everything), None)
        if last is not None and last + 1 < len(routes):
            found.append(((last + 1,), "never reached: the route before it takes everything"))
        if found:
            raise mistakes(found)
        return routes if last is not None else (*routes, Route(to=(next(iter(helpdesks)),)))

    @field_validator("also")
    @classmethod
    def _also_exists(cls, also: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if found := _unknown(also, info.data.get("helpdesks") or also):
            raise mistakes(found)
        return also


def _embedded_default(data_dir: Path) -> dict[str, Any]:
    source = {"type": "maildir", "path": data_dir / "inbox"}
    return {
        "drop": CONNECTORS["email"].settings.model_validate({"kind": "email", "source": source}),
        "chat": CONNECTORS["chat"].settings.model_validate({"kind": "chat"}),
    }


def _ticket_folder(data_dir: Path) -> dict[str, Any]:
    return {"archive": HELPDESKS["file"].settings.model_validate({"kind": "file", "path": data_dir / "tickets"})}


class _Claimant(Protocol):
    def claims(self) -> tuple[str, ...]: ...


Found = list[tuple[tuple[str | int, ...], str]]


def _rival_claims(entries: dict[str, _Claimant]) -> Found:
    holder: dict[str, str] = {}
    found: Found = []
    for name, entry in entries.items():
        for claim in entry.claims():
            if holder.setdefault(claim, name) != name:
                found.append(((name,), f"{claim} is already used by {holder[claim]}"))
    return found


def _unknown(names: tuple[str, ...], known: Any) -> Found:
    exist = ", ".join(known)
    return [((i,), f"there is no such helpdesk; there are: {exist}") for i, n in enumerate(names) if n not in known]
