"""What the normalizer is told of the world, read from the configuration and the files that it names."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from config.settings import Config
from connectors.settings import ConnectorSettings
from model.draft import Context, PhishingLists
from model.errors import Misconfigured
from model.rules import Rules
from normalizer.safety.lists import compile_lists

MAX_LIST = 256 << 20
"""Bytes of a list of domains."""


class Knowledge(Struct, frozen=True, kw_only=True):
    """The part of every context that the configuration decides."""

    number_patterns: tuple[tuple[str, str], ...] = ()
    brands: tuple[str, ...] = ()
    phishing: PhishingLists | None = None
    rules: Rules | None = None

    def context(self, settings: ConnectorSettings, now: datetime) -> Context:
        """What the messages of a connector are understood with."""
        return Context(
            now=now,
            own_addresses=tuple(getattr(settings, "own_addresses", ())),
            trusted_authserv=tuple(getattr(settings, "trusted_authserv", ())),
            number_patterns=self.number_patterns,
            brands=self.brands,
            phishing=self.phishing,
            rules=self.rules,
        )


def read_knowledge(config: Config) -> Knowledge:
    """Read every file that is named.  Raises Misconfigured if one cannot be read or understood."""
    safety = config.safety
    try:
        contents = ((str(path), _content(path)) for path in safety.phishing_lists)
        lists = compile_lists(contents, own_domains=safety.own_domains)
    except ValueError as error:
        raise Misconfigured(f"safety.phishing_lists: {error}") from None
    return Knowledge(
        number_patterns=tuple(config.facts.numbers.items()),
        brands=safety.brands,
        phishing=lists,
        rules=config.triage.read(),
    )


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_LIST:
            raise Misconfigured(
                f"safety.phishing_lists: {path} is larger than {MAX_LIST >> 20} MiB; give a smaller one"
            )
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(
            f"safety.phishing_lists: {path} cannot be read: {error.strerror}; correct the path or its permissions"
        ) from None
