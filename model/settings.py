"""The types in which settings are written: one base class, secrets, and the values of `model.values`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from model.documentation import attribute_docs
from model.errors import Misconfigured
from model.values import (
    ByteSize,
    Duration,
    FilePath,
    Form,
    Host,
    Listen,
    OneOrMore,
    Several,
    UrlForm,
    WebUrl,
    as_path,
    duration_text,
    size_text,
)

__all__ = [
    "ByteSize",
    "Duration",
    "FilePath",
    "Form",
    "Host",
    "Listen",
    "OneOrMore",
    "Secret",
    "Settings",
    "Several",
    "UrlForm",
    "WebUrl",
    "duration_text",
    "mistakes",
    "size_text",
]

_MAX_SECRET = 64 << 10


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
            if (given := data.pop(f"{name}_file", None)) is None:
                continue
            if data.get(name) is not None:
                raise mistakes([((f"{name}_file",), f"{name} and {name}_file exclude each other; keep one")])
            try:
                data[name] = Secret(path=as_path(given))
            except ValueError as error:
                raise mistakes([((f"{name}_file",), str(error))]) from None
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        document = handler(schema)
        described = handler.resolve_ref_schema(document)
        for name, text in attribute_docs(cls).items():
            field = cls.model_fields.get(name)
            described["properties"].get((field and field.alias) or name, {})["description"] = text
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
