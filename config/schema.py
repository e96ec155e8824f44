"""The JSON Schemas (draft 2020-12) of what fanin reads and writes, and the OpenAPI document of what it serves.

`python -m config.schema docs/schema` writes them, `--check` compares them instead and says what differs.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import WithDefaultSchema

import model.envelope
import model.event
import model.ticket
from config.openapi import openapi_schema
from config.settings import Config
from connectors.x.settings import money_text
from model.documentation import attribute_docs
from model.event import TICKET_SCHEMA, Event
from model.settings import duration_text, size_text
from model.ticket import Ticket

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_IDS = TICKET_SCHEMA.rpartition("/")[0]
_WRITTEN: dict[str, Callable[[Any], str]] = {"amount": money_text, "duration": duration_text, "size": size_text}
_STRUCTS = (model.ticket, model.event, model.envelope)


def ticket_schema() -> dict[str, Any]:
    """The schema of a ticket, version 1: the data of each event."""
    return _struct_schema(Ticket, TICKET_SCHEMA, "Ticket, version 1")


def event_schema() -> dict[str, Any]:
    """The schema of a ticket's CloudEvent, as queues and helpdesks receive it."""
    return _struct_schema(Event, f"{_IDS}/event-1.json", "Event, version 1")


def config_schema() -> dict[str, Any]:
    """The schema of the configuration file, for editors and for checks before a roll-out."""
    schema = Config.model_json_schema(schema_generator=_Generate)
    return {"$schema": DIALECT, "$id": f"{_IDS}/config.json"} | schema | {"title": "Configuration of fanin"}


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "ticket": ticket_schema,
    "event": event_schema,
    "config": config_schema,
    "openapi": openapi_schema,
}


class _Generate(GenerateJsonSchema):
    """Titles name types (`duration`, `size`) and never repeat a key; defaults stand as one would write them."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - overrides
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        titles = [one.get("title", "") for one in (described, *described.get("anyOf", ()))]
        write = next((_WRITTEN[title] for title in titles if title in _WRITTEN), None)
        if write and described.get("default") is not None:
            described["default"] = write(schema["default"])
        return described


def _struct_schema(struct: type[msgspec.Struct], identifier: str, title: str) -> dict[str, Any]:
    schema = msgspec.json.schema(struct)
    for name, definition in schema["$defs"].items():
        docs = attribute_docs(next(vars(module)[name] for module in _STRUCTS if name in vars(module)))
        if "description" in definition:  # Python 3.13 takes the indentation away by itself
            definition["description"] = inspect.cleandoc(definition["description"])
        for key, text in docs.items():
            definition["properties"][key.rstrip("_")].setdefault("description", text)
    head = {"$schema": DIALECT, "$id": identifier, "title": title, "description": inspect.getdoc(struct)}
    return cast("dict[str, Any]", json.loads(json.dumps(head | schema)))


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m config.schema", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a schema has changed")
    options = parser.parse_args(arguments)
    changed = 0
    for name, schema in SCHEMAS.items():
        file, text = options.folder / f"{name}.json", _text(schema())
        if not options.check:
            file.write_text(text, "utf-8")
        elif not file.exists() or file.read_text("utf-8") != text:
            sys.stderr.write(f"{file}: not the schema of this version; run python -m config.schema {options.folder}\n")
            changed = 1
    return changed


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
