"""Every setting with its type, its default and what it means, as Markdown from the JSON Schema.

`python -m config.reference docs/configuration.md` rewrites what stands there below the mark, `--check`
compares it instead and says whether it differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from config.mistakes import resolve
from config.schema import config_schema

MARK = "<!-- Below this line: python -m config.reference docs/configuration.md -->\n"
_WORDS = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`", "object": "keys and values"}


def reference() -> str:
    """A section for each place in the configuration file that has keys below it."""
    schema = config_schema()
    return "".join(_sections(schema, schema, "The root of the file"))


def _sections(schema: dict[str, Any], model: dict[str, Any], title: str) -> Iterator[str]:
    rows = [_row(schema, model, key) for key in model["properties"]]
    table = ["| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows]
    yield f"\n## {title}\n\n{model['description']}\n\n" + "\n".join(table) + "\n"
    above = "" if model is schema else f"{title.partition(' ')[0]}."
    for key, node in model["properties"].items():
        yield from _below(schema, node, above + key)


def _below(schema: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[str]:
    node = resolve(schema, node)
    if "discriminator" in node:
        for tag, reference in node["discriminator"]["mapping"].items():
            title = f"{path} (`{node['discriminator']['propertyName']}: {tag}`)"
            yield from _sections(schema, resolve(schema, {"$ref": reference}), title)
    elif "properties" in node:
        yield from _sections(schema, node, path)
    elif "items" in node:
        yield from _below(schema, node["items"], f"{path}[]")
    else:
        for each in node.get("patternProperties", {}).values():
            yield from _below(schema, each, f"{path}.NAME")


def _row(schema: dict[str, Any], model: dict[str, Any], key: str) -> str:
    node = model["properties"][key]
    meaning = node.get("description") or resolve(schema, node)["description"]
    return f"| `{key}` | {_type(schema, node)} | {_default(model, key)} | {meaning.replace('|', '&#124;')} |"


def _type(schema: dict[str, Any], node: dict[str, Any]) -> str:
    node = resolve(schema, node)
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{json.dumps(each).strip(chr(34))}`" for each in node["enum"])
    if "discriminator" in node:
        return "see below"
    if "items" in node:
        return f"list: {_type(schema, node['items'])}"
    if "properties" in node:
        return "keys below"
    return str(node["title"] if "title" in node else _WORDS[node["type"]] + _bounds(node))


def _bounds(node: dict[str, Any]) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    if least is None:
        return ""
    return f", {least} to {most}" if most is not None else f", at least {least}"


def _default(model: dict[str, Any], key: str) -> str:
    node = model["properties"][key]
    if key in model.get("required", ()):
        return "required"
    if any({"required": [key]} in rule["anyOf"] for rule in model.get("allOf", ())):
        return "one of both"
    default = node.get("default")
    if default in (None, [], {}) or "$ref" in node or "discriminator" in node:
        return ""
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m config.reference", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a setting has changed")
    options = parser.parse_args(arguments)
    written = options.file.read_text("utf-8")
    text = written.partition(MARK)[0] + MARK + reference()
    if not options.check:
        options.file.write_text(text, "utf-8")
    elif written != text:
        sys.stderr.write(f"{options.file}: not the settings of this version; run python -m config.reference\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
