"""Says what is wrong with a configuration: place, key, what was expected and what to do, never the value."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from pydantic import ValidationError

from config.document import Keys


class Mistake(NamedTuple):
    """One line for the operator; mistakes sort by source and line."""

    source: str
    line: int
    keys: Keys
    text: str

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return ": ".join(part for part in (place, dotted(self.keys), self.text) if part)


def dotted(keys: Keys) -> str:
    """Write the way to a place: `routes[0].to[1]`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


Places: TypeAlias = Mapping[Keys, tuple[str, int]]
"""The file and line, or the variable and 0, that gave each key."""


def mistakes_in(error: ValidationError, schema: dict[str, Any], places: Places) -> list[Mistake]:
    """Translate what pydantic found, once for each place.

    `schema` is the JSON schema of the validated model.
    """
    found: dict[Keys, Mistake] = {}
    for detail in error.errors(include_url=False, include_input=False):
        if detail["type"] == "default_factory_not_called":
            continue  # follows from another mistake
        keys, candidates = _follow(schema, _loc(detail))
        keys, (source, line) = _place(keys, places)
        found.setdefault(keys, Mistake(source, line, keys, _text(detail, candidates)))
    return list(found.values())


def resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a node's reference into the schema; of `something or null` the something, of others the first."""
    if "anyOf" in node:
        return resolve(schema, next(each for each in node["anyOf"] if each.get("type") != "null"))
    if "$ref" in node:
        return resolve(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    return node


def _loc(detail: Any) -> Keys:
    """The way to what is wrong; of a union told apart by a key, to that key."""
    tag = detail["ctx"]["discriminator"].strip("'") if detail["type"].startswith("union_tag") else ""
    return (*detail["loc"], tag) if tag else detail["loc"]


def _place(keys: Keys, places: Places) -> tuple[Keys, tuple[str, int]]:
    """What was written, and where: the key, or its file in its stead, or else what it should stand in."""
    as_file = (*keys[:-1], f"{keys[-1]}_file") if keys else ()
    written = as_file if as_file in places and keys not in places else keys
    around = (written[:depth] for depth in range(len(written), -1, -1))
    return written, next((places[way] for way in around if way in places), ("", 0))


def _follow(schema: dict[str, Any], loc: Keys) -> tuple[Keys, list[str]]:
    """The keys that an operator wrote, and the keys that the last of them could have been.

    Pydantic's way to a place also names which member of a tagged union was taken; the schema tells.
    """
    keys: list[str | int] = []
    node: dict[str, Any] = schema
    candidates: list[str] = []
    for key in loc:
        node = resolve(schema, node)
        if key in (tags := node.get("discriminator", {}).get("mapping", {})):
            node = {"$ref": tags[key]}
        elif key != "[key]":
            keys.append(key)
            candidates = list(node.get("properties", ()))
            node = _below(node, key)
    return tuple(keys), candidates


def _below(node: dict[str, Any], key: str | int) -> dict[str, Any]:
    if isinstance(key, int):
        below = node.get("items")
    else:
        others = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
        below = node.get("properties", {}).get(key, others[0])
    return below if isinstance(below, dict) else {}


_WORDS = {
    "missing": "required, but missing",
    "string_type": "expected a text; put it in quotes",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "not of the expected form",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "dict_type": "expected keys and values below this key",
    "model_type": "expected keys and values below this key",
    "model_attributes_type": "expected keys and values below this key",
    "tuple_type": "expected a list such as [one, two]",
    "list_type": "expected a list such as [one, two]",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "too_short": "must not be empty",
    "string_too_long": "expected at most {max_length} characters",
    "literal_error": "expected {expected}",
    "union_tag_invalid": "unknown {discriminator}; there are: {expected_tags}",
    "union_tag_not_found": "required, but missing",
}


def _text(detail: Any, candidates: list[str]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(str(detail["loc"][-1]), candidates)
    if kind == "value_error":
        return str(context["error"])
    if kind == "mistake":
        return str(context["text"])
    if kind not in _WORDS:
        return str(detail["msg"])  # in pydantic's own words, which name no value: inputs are hidden from its errors
    return _WORDS[kind].format(**{name: str(value).replace("'", "") for name, value in context.items()})


def _unknown_key(key: str, candidates: list[str]) -> str:
    close = difflib.get_close_matches(key.lower(), candidates, n=1)
    if close:
        return f"unknown key; did you mean {close[0]}?"
    return f"unknown key; there are: {', '.join(candidates)}" if candidates else "unknown key; remove it"
