"""The types in which settings are written: one base class, secrets, sizes, durations, places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from model.documentation import attribute_docs
from model.errors import Misconfigured

__all__ = [
    "ByteSize",
    "Duration",
    "FilePath",
    "Form",
    "Listen",
    "OneOrMore",
    "Secret",
    "Settings",
    "Several",
    "WebUrl",
    "duration_text",
    "mistakes",
    "size_text",
]

_SPANS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_SIZES = {"B": 1, "kB": 1000, "KiB": 1 << 10, "MB": 10**6, "MiB": 1 << 20, "GB": 10**9, "GiB": 1 << 30, "TiB": 1 << 40}
_DURATION = rf"(\d{{1,9}}(?:\.\d{{1,9}})?) ?({'|'.join(_SPANS)})"
_SIZE = rf"(\d{{1,15}}(?:\.\d{{1,9}})?) ?({'|'.join(_SIZES)}|)"
_MAX_SECRET = 64 << 10
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


def _path(value: Any) -> Path:
    if isinstance(value, Path) or (isinstance(value, str) and value and "\0" not in value):
        return Path(value)
    msg = "expected a path"
    raise ValueError(msg)


FilePath = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", "title": "path", "minLength": 1})]
"""A file or folder; a relative one is looked for in the daemon's working directory."""

T = TypeVar("T")


class _Alone:
    """Annotation of a list: a single text may stand without brackets."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: [value] if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        return {"anyOf": [described, described["items"]]}


Several = Annotated[tuple[T, ...], _Alone()]
"""A list; a single text may stand without brackets."""
OneOrMore = Annotated[tuple[T, ...], Field(min_length=1), _Alone()]
"""A list that is not empty; a single text may stand without brackets."""


class Listen(NamedTuple):
    """Where a server listens: a host without brackets, and a port (0 lets the system choose)."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, value: Any) -> Listen:
        """Read `host:port`, an IPv6 address in brackets.  Raises ValueError."""
        if isinstance(value, cls):
            return value
        found = re.fullmatch(_LISTEN, value, re.ASCII) if isinstance(value, str) else None
        if found is None or int(found[2]) > 0xFFFF:
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


WebUrl = Annotated[
    str,
    Form(
        r"https?://[^\s/?#@]+(/[^\s?#]*)?",
        "expected an address such as https://support.example.com, without user, query or fragment",
    ),
    AfterValidator(lambda value: value.rstrip("/")),
]
"""An http or https address; a slash at its end is dropped."""


class Secret:
    """A secret given as it is or by the file that holds it; it never shows itself.

    A file is read at each use, so that a rotated secret is found without a restart.
    """

    __slots__ = ("_path", "_value")

    def __init__(self, value: str | None = None, *, path: Path | None = None) -> None:
        self._value, self._path = value, path

    @property
    def path(self) -> Path | None:
        """The file that holds it, if it was given so."""
        return self._path

    def read(self) -> str:
        """Return the secret without the line end at its end.

        Raises Misconfigured if the file cannot be read or is empty.
        """
        if self._value is not None:
            return self._value
        assert self._path is not None
        try:
            with self._path.open("rb") as file:
                value = file.read(_MAX_SECRET).decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            msg = f"cannot read the secret file {self._path}: {reason}"
            raise Misconfigured(msg) from None
        if not value:
            msg = f"the secret file {self._path} is empty"
            raise Misconfigured(msg)
        return value

    def __repr__(self) -> str:
        return f"Secret(path={str(self._path)!r})" if self._path else "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self._value, self._path) == (other._value, other._path)

    def __hash__(self) -> int:
        return hash((self._value, self._path))

    @classmethod
    def _validate(cls, value: Any) -> Secret:
        secret = cls(value) if isinstance(value, str) else value
        if not isinstance(secret, Secret):
            msg = "expected a secret as text; put it in quotes"
            raise ValueError(msg)  # noqa: TRY004 - pydantic collects ValueErrors
        try:
            empty = not secret.read()
        except Misconfigured as error:
            raise ValueError(str(error)) from None
        if empty:
            msg = "the secret is empty"
            raise ValueError(msg)
        return secret

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(repr)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "title": "secret", "minLength": 1}


class Settings(BaseModel):
    """Base of all settings: immutable, unknown keys refused, and no value ever shown in an error.

    Each field of type Secret may be given as `<field>_file` instead.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = dict(data)
        for name in _secret_fields(cls):
            if (path := data.pop(f"{name}_file", None)) is None:
                continue
            if data.get(name) is not None:
                raise mistakes([((f"{name}_file",), f"{name} and {name}_file exclude each other; keep one")])
            try:
                data[name] = Secret(path=_path(path))
            except ValueError as error:
                raise mistakes([((f"{name}_file",), str(error))]) from None
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        document = handler(schema)
        described = handler.resolve_ref_schema(document)
        for name, text in attribute_docs(cls).items():
            described["properties"].get(name, {})["description"] = text
        _describe_secret_files(described, _secret_fields(cls))
        return document


def mistakes(found: Iterable[tuple[tuple[str | int, ...], str]]) -> ValidationError:
    """An error that a validator raises to point at places below it: pairs of (keys to the place, text)."""
    details = [
        InitErrorDetails(type=PydanticCustomError("mistake", "{text}", {"text": text}), loc=keys, input=None)
        for keys, text in found
    ]
    return ValidationError.from_exception_data("settings", details, hide_input=True)


def _secret_fields(model: type[BaseModel]) -> list[str]:
    return [name for name, field in model.model_fields.items() if _holds_secret(field.annotation)]


def _holds_secret(annotation: Any) -> bool:
    return annotation is Secret or Secret in getattr(annotation, "__args__", ())


def _describe_secret_files(model: JsonSchemaValue, secrets: list[str]) -> None:
    properties: dict[str, Any] = {}
    for name, described in model["properties"].items():
        properties[name] = described
        if name in secrets:
            text = f"The file that holds `{name}`; it is read again at each use."
            properties[f"{name}_file"] = {"type": "string", "title": "path", "minLength": 1, "description": text}
    model["properties"] = properties
    for name in [name for name in secrets if name in model.get("required", ())]:
        model["required"].remove(name)
        model.setdefault("allOf", []).append({"anyOf": [{"required": [name]}, {"required": [f"{name}_file"]}]})
