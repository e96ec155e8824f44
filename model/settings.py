"""The types in which settings are written: one base class, secrets, sizes and durations."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from model.errors import Misconfigured

__all__ = ["ByteSize", "Duration", "Secret", "Settings"]

_UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)\s*", re.ASCII)


def _duration(value: Any) -> Any:
    if isinstance(value, str) and (found := _DURATION.fullmatch(value)):
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    if isinstance(value, timedelta):
        return value
    msg = "expected a duration such as 500 ms, 30 s, 5 min, 12 h or 90 d"
    raise ValueError(msg)


Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
"""A span of time written with its unit: `500 ms`, `30 s`, `5 min`, `12 h`, `90 d`."""


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
            value = self._path.read_text("utf-8").rstrip("\r\n")
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
        if isinstance(value, Secret):
            return value
        if isinstance(value, str) and value:
            return cls(value)
        msg = "expected a secret as text that is not empty"
        raise ValueError(msg)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(repr),
        )


class Settings(BaseModel):
    """Base of all settings: immutable, unknown keys refused, and no value ever shown in an error.

    Each field of type Secret may be given as `<field>_file` instead.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = dict(data)
        for name, field in cls.model_fields.items():
            if not _holds_secret(field.annotation) or (path := data.pop(f"{name}_file", None)) is None:
                continue
            if name in data:
                msg = f"{name} and {name}_file exclude each other: keep one"
                raise ValueError(msg)
            secret = Secret(path=Path(str(path)))
            try:
                secret.read()
            except Misconfigured as error:
                raise ValueError(str(error)) from None
            data[name] = secret
        return data


def _holds_secret(annotation: Any) -> bool:
    return annotation is Secret or Secret in getattr(annotation, "__args__", ())
