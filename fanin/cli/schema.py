"""`fanin schema`: the published formats as JSON Schema."""

from __future__ import annotations

import sys

import orjson

from config.schema import SCHEMAS


def print_schema(name: str) -> None:
    """Print one of the schemas."""
    sys.stdout.write(orjson.dumps(SCHEMAS[name](), option=orjson.OPT_INDENT_2).decode() + "\n")
