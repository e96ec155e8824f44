"""How an HTTP API is described in the code that serves it, so that its OpenAPI document is made, not kept."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

_RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
Where = Literal["path", "query", "header"]


class Parameter(Struct, frozen=True, kw_only=True):
    """A part of the request beside its body."""

    name: str
    where: Where
    text: str
    """What it means."""
    type: object = str
    """Its type, with `msgspec.Meta` where there are bounds."""
    required: bool = False


class Operation(Struct, frozen=True, kw_only=True):
    """A method on a path: what it takes and what it answers."""

    name: str
    """Unique in the API (`operationId`), and the name of the method that answers."""
    method: Literal["GET", "POST", "DELETE"]
    path: str
    """With `{names}` of parameters."""
    summary: str
    parameters: tuple[Parameter, ...] = ()
    takes: object = None
    """The type of the JSON body; None where there is none, or none in JSON."""
    takes_files: bool = False
    """The body is a file, raw or as a part of multipart/form-data."""
    answers: Mapping[int, object]
    """For each status of success the type of its JSON body; None: no body, `bytes`: a file."""
    fails: tuple[int, ...] = ()
    """Statuses of the problems (RFC 9457) that it may answer, beside those that every operation may."""
    by_session: bool = False
    """Whether it asks for a session token (`Authorization: Bearer`, RFC 6750)."""


def phrase(status: int) -> str:
    """What RFC 9110 calls a status; Python does so from 3.13 on."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase
