"""The OpenAPI 3.1 document of the public API, made of the operations that serve it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import msgspec

import connectors.chat.wire
from connectors.chat.operations import OPERATIONS, SOCKET_PATH
from connectors.chat.wire import Ack, Auth, Error, Heard, Ping, Pong, Problem, Read, Ready, Send
from model.documentation import attribute_docs
from model.operation import Operation, Parameter, phrase

_FRAMES = (Auth, Send, Read, Ping, Ready, Ack, Heard, Error, Pong)
_ANYWHERE = (400, 403, 408, 413, 415, 429, 500, 503)
"""Problems that every operation may answer."""
_REFERENCE = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"
_FILE = {"type": "string", "format": "binary"}


def openapi_schema() -> dict[str, Any]:
    """The document (OpenAPI 3.1.0; its schemas are JSON Schema 2020-12)."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "fanin: the chat API",
            "version": version("fanin"),
            "description": f"Described in docs/chat-api.md.  The frames of the WebSocket at {SOCKET_PATH} are among "
            "the schemas: Auth, Send, Read and Ping from the client, Ready, Ack, Heard, Error and Pong to it.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": _components(),
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))  # defaults are tuples
    return plain


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": {
            **{str(status): _answer(status, type_) for status, type_ in operation.answers.items()},
            **{str(status): _problem(status) for status in _failures(operation)},
        },
    }
    if operation.takes is not None:
        schema = _schema(operation.takes)
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.takes_files:
        form = {"type": "object", "properties": {"file": _FILE}, "required": ["file"]}
        content = {"application/octet-stream": {"schema": _FILE}, "multipart/form-data": {"schema": form}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.by_session:
        described["security"] = [{"session": []}]
    return described


def _failures(operation: Operation) -> Iterable[int]:
    return sorted({*_ANYWHERE, *operation.fails, *((401, 410) if operation.by_session else ())})


def _parameter(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "in": one.where,
        "required": one.required,
        "description": one.text,
        "schema": _schema(one.type),
    }


def _answer(status: int, type_: object) -> dict[str, Any]:
    described: dict[str, Any] = {"description": phrase(status)}
    if type_ is bytes:
        described["content"] = {"*/*": {"schema": _FILE}}
    elif type_ is not None:
        described["content"] = {"application/json": {"schema": _schema(type_)}}
    return described


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": phrase(status),
        "content": {_PROBLEM: {"schema": {"$ref": _REFERENCE.format(name=Problem.__name__)}}},
    }


def _schema(type_: object) -> dict[str, Any]:
    [schema], _ = msgspec.json.schema_components([type_], ref_template=_REFERENCE)
    return schema


def _components() -> dict[str, Any]:
    """Every type that is named, with the documentation of its fields."""
    types: list[object] = [Problem, *_FRAMES]
    for operation in OPERATIONS:
        types += [one for one in (operation.takes, *operation.answers.values()) if one not in (None, bytes)]
    _, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for name, described in components.items():
        struct = getattr(connectors.chat.wire, name)
        if "description" in described:
            described["description"] = inspect.cleandoc(described["description"])
        for field, text in attribute_docs(struct).items():
            described["properties"][field].setdefault("description", text)
    return dict(sorted(components.items()))
