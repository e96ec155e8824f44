"""The values that settings are made of, each in the form in which people write it."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_SPANS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_SIZES = {"B": 1, "kB": 1000, "KiB": 1 << 10, "MB": 10**6, "MiB": 1 << 20, "GB": 10**9, "GiB": 1 << 30, "TiB": 1 << 40}
_DURATION = rf"(\d{{1,9}}(?:\.\d{{1,9}})?) ?({'|'.join(_SPANS)})"
_SIZE = rf"(\d{{1,15}}(?:\.\d{{1,9}})?) ?({'|'.join(_SIZES)}|)"
_LISTEN = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})"


def _duration(value: Any) -> Any:
    if isinstance(value, str) and (found := re.fullmatch(_DURATION, value.strip(), re.ASCII)):
        value = timedelta(seconds=float(found[1]) * _SPANS[found[2]])
    if isinstance(value, timedelta) and value > timedelta(0):
        return value
    msg = "expected a duration such as 500 ms, 30 s, 5 min, 12 h or 90 d"
    raise ValueError(msg)


def duration_text(value: timedelta) -> str:
    """Write a duration as it is written in settings, in whole milliseconds."""
    milliseconds = round(value.total_seconds() * 1000)
    unit, scale = next((u, s) for u, s in reversed(_SPANS.items()) if not milliseconds % round(s * 1000))
    return f"{milliseconds // round(scale * 1000)} {unit}"


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(duration_text),
    WithJsonSchema({"type": "string", "title": "duration", "pattern": f"^{_DURATION}$"}),
]
"""A span of time longer than none, written with its unit: `500 ms`, `30 s`, `5 min`, `12 h`, `90 d`."""


def _size(value: Any) -> int:
    if isinstance(value, str) and (found := re.fullmatch(_SIZE, value.strip(), re.ASCII)):
        return round(float(found[1]) * _SIZES[found[2] or "B"])
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    msg = "expected a size such as 64 KiB, 50 MiB or 2 GiB"
    raise ValueError(msg)


def size_text(value: int) -> str:
    """Write a number of bytes as it is written in settings."""
    unit, scale = next((u, s) for u, s in reversed(_SIZES.items()) if not value % s and (s == 1 or "i" in u))
    return f"{value // scale} {unit}"


ByteSize = Annotated[
    int,
    BeforeValidator(_size),
    PlainSerializer(size_text),
    WithJsonSchema({"type": ["string", "integer"], "title": "size", "minimum": 0, "pattern": f"^{_SIZE}$"}),
]
"""A number of bytes, written with its unit: `64 KiB`, `50 MiB`, `2 GiB`; without one, bytes."""


def as_path(value: Any) -> Path:
    """Read a path.  Raises ValueError."""
    if isinstance(value, Path) or (isinstance(value, str) and value and "\0" not in value):
        return Path(value)
    msg = "expected a path"
    raise ValueError(msg)


FilePath = Annotated[
    Path, BeforeValidator(as_path), WithJsonSchema({"type": "string", "title": "path", "minLength": 1})
]
"""A file or folder; a relative one is looked for in the daemon's working directory."""

T = TypeVar("T")


class _Alone:
    """Annotation of a list: a single text may stand without brackets."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: [value] if isinstance(value, str) and not value.startswith("[") else value,
            handler(source),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        return {"anyOf": [described, described["items"]]}


Several = Annotated[tuple[T, ...], _Alone()]
"""A list; a single text may stand without brackets."""
OneOrMore = Annotated[tuple[T, ...], Field(min_length=1), _Alone()]
"""A list that is not empty; a single text may stand without brackets."""


def is_host(value: str) -> bool:
    """Whether it can be a server's name or address (RFC 1123, underscores allowed; IPv6 without brackets)."""
    with suppress(ValueError):
        ip_address(value)
        return True
    try:
        name = value.encode("idna").decode()  # which refuses empty labels, and those above 63 bytes
    except UnicodeError:
        return False
    return bool(re.fullmatch(r"[A-Za-z0-9._-]{1,254}", name, re.ASCII))


def _as_host(value: str) -> str:
    if is_host(value):
        return value
    msg = "expected a server's name or address such as mail.example.com, without a scheme or port"
    raise ValueError(msg)


Host = Annotated[str, Field(min_length=1), AfterValidator(_as_host)]
"""The name or address of a server."""


class Listen(NamedTuple):
    """Where a server listens: a host without brackets, and a port (0 lets the system choose)."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, value: Any) -> Listen:
        """Read `host:port`, an IPv6 address in brackets.  Raises ValueError."""
        if isinstance(value, cls):
            return value
        found = re.fullmatch(_LISTEN, value, re.ASCII) if isinstance(value, str) else None
        if found is None or int(found[2]) > 0xFFFF or not is_host(found[1].strip("[]")):
            msg = "expected an address and a port such as 127.0.0.1:8080 or [::1]:8080"
            raise ValueError(msg)
        return cls(found[1].strip("[]"), int(found[2]))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "title": "address:port", "pattern": f"^{_LISTEN}$"}


@dataclass(frozen=True, slots=True)
class Form:
    """Annotation of a text: what the whole of it must look like, as a pattern and in words."""

    pattern: str
    words: str

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise ValueError(self.words)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"pattern": f"^{self.pattern}$"}


class UrlForm(Form):
    """The same of an address, whose host and port must be such, too (RFC 3986 section 3.2)."""

    __slots__ = ()

    def _check(self, value: str) -> str:
        super()._check(value)
        try:
            parts = urlsplit(value)
            whole = parts.port != 0 and (parts.scheme == "unix" or is_host(parts.hostname or ""))
        except ValueError:  # a port above 65535, or brackets around what is no IPv6 address
            whole = False
        if not whole:
            raise ValueError(self.words)
        return value


WebUrl = Annotated[
    str,
    UrlForm(
        r"https?://[^\s/?#@]+(/[^\s?#]*)?",
        "expected an address such as https://support.example.com, without user, query or fragment",
    ),
    AfterValidator(lambda value: value.rstrip("/")),
]
"""An http or https address; a slash at its end is dropped."""
