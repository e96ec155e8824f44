"""Settings from environment variables: `FANIN_CONNECTORS__SUPPORT_MAIL__SOURCE__HOST=…`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from config.document import Keys

PREFIX, DELIMITER = "FANIN_", "__"
CONFIG_FILE = "FANIN_CONFIG"
KNOWN = {
    CONFIG_FILE: "the configuration file, where `--config` names none",
    "FANIN_REQUIRE_SERVERS": "read by the test suite: a missing server fails its tests",
}
"""Variables that begin with the prefix and are no settings."""
# Kubernetes announces a service called fanin to every pod beside it: FANIN_SERVICE_HOST, FANIN_PORT_8080_TCP …
_SERVICE_LINK = re.compile(r"FANIN_(SERVICE_|PORT(_|$))")


class Environment(EnvSettingsSource):
    """The settings among the given variables, each with the name of the variable that it came from.

    Empty variables count as absent.  A value that begins with `[` or `{` is read as JSON; every other one
    stays text until its field is known, so that a password of digits remains one.
    """

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings_cls, env_prefix=PREFIX, env_nested_delimiter=DELIMITER)
        self._variables = {
            name: value
            for name, value in sorted(environ.items())
            if value and name.startswith(PREFIX) and name not in KNOWN and not _SERVICE_LINK.match(name)
        }
        self.env_vars = {name.lower(): value for name, value in self._variables.items()}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ARG002 - overrides
        """Read a list or a mapping from JSON, leave everything else to the field's validation."""
        if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value

    def places(self) -> dict[Keys, str]:
        """The variable behind each place; of a place above several, what their names begin with."""
        values = self()
        found: dict[Keys, str] = {}
        for name in self._variables:
            parts = name.split(DELIMITER)
            for depth in range(2, len(parts)):
                found.setdefault(_keys(name)[:depth], DELIMITER.join([*parts[:depth], "*"]))
            found |= dict.fromkeys(_ways(_at(values, _keys(name)), _keys(name)), name)
        return found

    def unknown(self) -> list[tuple[str, str]]:
        """The variables that set nothing, each with a text that says so."""
        values = self()
        fields = [name.upper() for name in self.settings_cls.model_fields]
        return [(name, _suggestion(name, fields)) for name in self._variables if _at(values, _keys(name)) is None]


def _keys(variable: str) -> Keys:
    return tuple(variable.removeprefix(PREFIX).lower().split(DELIMITER))


def _at(values: Any, keys: Keys) -> Any:
    """What stands at a place, or None."""
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _ways(value: Any, keys: Keys) -> Iterator[Keys]:
    """The way to a value and to everything in it."""
    yield keys
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _ways(each, (*keys, key))


def _suggestion(variable: str, fields: list[str]) -> str:
    head, delimiter, rest = variable.removeprefix(PREFIX).partition(DELIMITER)
    known = [*fields, *(name.removeprefix(PREFIX) for name in KNOWN)]
    close = [name for name in difflib.get_close_matches(head, known, n=1) if name != head]
    return "unknown variable" + (f"; did you mean {PREFIX}{close[0]}{delimiter}{rest}?" if close else "; remove it")
