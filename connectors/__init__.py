"""The channels: which kinds of connector exist, and how one is made."""

from __future__ import annotations

from typing import Any, Protocol

from connectors.base import Connector, Health
from connectors.chat.settings import ChatSettings
from connectors.email.settings import EmailSettings
from connectors.weibo.settings import WeiboSettings
from connectors.x.settings import XSettings
from model.kind import Kind


class MakeConnector(Protocol):
    """Makes a connector of its configured name, its settings and the voice for its health."""

    def __call__(self, name: str, settings: Any, health: Health) -> Connector: ...


def _email(name: str, settings: EmailSettings, health: Health) -> Connector:
    from connectors.email.connector import EmailConnector  # noqa: PLC0415 - see Kind

    return EmailConnector(name, settings, health)


def _weibo(name: str, settings: WeiboSettings, health: Health) -> Connector:
    from connectors.weibo.connector import WeiboConnector  # noqa: PLC0415 - see Kind

    return WeiboConnector(name, settings, health)


def _x(name: str, settings: XSettings, health: Health) -> Connector:
    from connectors.x.connector import XConnector  # noqa: PLC0415 - see Kind

    return XConnector(name, settings, health)


def _chat(name: str, settings: ChatSettings, health: Health) -> Connector:
    from connectors.chat.connector import ChatConnector  # noqa: PLC0415 - see Kind

    return ChatConnector(name, settings, health)


CONNECTORS: dict[str, Kind[MakeConnector]] = {
    "chat": Kind(ChatSettings, _chat),
    "email": Kind(EmailSettings, _email),
    "weibo": Kind(WeiboSettings, _weibo),
    "x": Kind(XSettings, _x),
}
