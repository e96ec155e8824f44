"""Reads a YAML file into plain values and remembers on which line each stands.

The file is data and nothing else: no tags, values typed by the core schema of YAML 1.2 (`on`, `12:30` and
dates are text), keys always text and never given twice.  `${NAME}` and `${NAME:-default}` in a value are
replaced by environment variables (a default has no `$` and no `}`), `$${` stands for `${`; what was replaced
is always text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

Keys: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 100_000
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_CORE = {"": None, "~": None, "null": None, "true": True, "false": False}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})", re.ASCII)
_FLOAT = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}", re.ASCII)
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}$]*))?\}", re.ASCII)


@dataclass(slots=True)
class Document:
    """What a file says: plain values, the line of each place in them, and what is wrong with it by line."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Keys, int] = field(default_factory=dict)
    mistakes: list[tuple[int, Keys, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Node:
    line: int
    value: Any  # a scalar, a list of nodes, or a dict of nodes


class _Unreadable(Exception):
    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


def read_document(content: bytes, environ: Mapping[str, str]) -> Document:
    """Read one YAML document whose root is a mapping; an empty one counts as an empty mapping.

    Never raises: what is wrong stands in the document's `mistakes`, and then its values may lack a part.
    """
    document = Document()
    try:
        root = _Reader(_text(content), environ, document.mistakes).root()
        document.values = _plain(root, (), document.lines)
    except _Unreadable as error:
        document.mistakes.append((error.line, (), error.text))
    except yaml.MarkedYAMLError as error:
        unclosed = "end of stream" in (error.problem or "")
        mark = error.context_mark if unclosed else error.problem_mark
        document.mistakes.append((_line(mark), (), _syntax(error)))
    return document


def _text(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Unreadable(0, f"the file is larger than {MAX_BYTES // 1024} KiB; is it the right one?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(content.count(b"\n", 0, error.start) + 1, "the file is not UTF-8 text") from None
    if found := re.search(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]", text):
        raise _Unreadable(text.count("\n", 0, found.start()) + 1, "a control character; remove it")
    return text


class _Reader:
    """Builds nodes of the events of one file."""

    def __init__(self, text: str, environ: Mapping[str, str], mistakes: list[tuple[int, Keys, str]]) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._environ = environ
        self._mistakes = mistakes
        self._anchors: dict[str, _Node] = {}

    def root(self) -> _Node:
        event = next(e for e in self._events if not isinstance(e, yaml.StreamStartEvent | yaml.DocumentStartEvent))
        if isinstance(event, yaml.StreamEndEvent):
            return _Node(1, {})
        root = self._node(event, ())
        next(self._events)
        if not isinstance(after := next(self._events), yaml.StreamEndEvent):
            raise _Unreadable(_line(after.start_mark), "a second document begins here; put all into one")
        if root.value is None:
            return _Node(root.line, {})
        if not isinstance(root.value, dict):
            raise _Unreadable(root.line, "expected keys and values such as data_dir: ./data")
        return root

    def _node(self, event: Any, keys: Keys) -> _Node:
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event.anchor, line)
        if len(keys) > MAX_DEPTH:
            raise _Unreadable(line, f"nested more than {MAX_DEPTH} deep")
        if event.tag not in (None, "!"):
            self._mistakes.append((line, keys, "tags (!…) are not understood; remove it"))
        node = _Node(line, self._value(event, keys))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: Any, keys: Keys) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(keys)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(keys)
        if "${" in event.value:
            return self._replaced(event, keys)
        return event.value if event.style else _scalar(event.value)

    def _sequence(self, keys: Keys) -> list[_Node]:
        nodes: list[_Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            nodes.append(self._node(event, (*keys, len(nodes))))
        return nodes

    def _mapping(self, keys: Keys) -> dict[str, _Node]:
        entries: dict[str, _Node] = {}
        merged: dict[str, _Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event.start_mark)
            if not isinstance(event, yaml.ScalarEvent):
                raise _Unreadable(line, "expected a key that is a text")
            key, value = event.value, self._node(next(self._events), (*keys, event.value))
            if key == "<<" and not event.style:
                merged = self._merged(value) | merged
            elif key in entries:
                text = f"the key is given twice, first on line {entries[key].line}; keep one"
                self._mistakes.append((line, (*keys, key), text))
            else:
                entries[key] = _Node(line, value.value)
        return merged | entries

    def _merged(self, node: _Node) -> dict[str, _Node]:
        """The entries that `<<: *anchor` or `<<: [*one, *other]` brings in; the first mention wins."""
        nodes = node.value if isinstance(node.value, list) else [node]
        merged: dict[str, _Node] = {}
        for each in nodes:
            if not isinstance(each.value, dict):
                raise _Unreadable(node.line, "<< takes the keys of a mapping: expected an alias of one")
            merged = each.value | merged
        return merged

    def _aliased(self, anchor: str | None, line: int) -> _Node:
        if anchor is None or anchor not in self._anchors:
            raise _Unreadable(line, f"there is no anchor &{anchor} before this line")
        return _Node(line, self._anchors[anchor].value)

    def _replaced(self, event: Any, keys: Keys) -> str:
        def replacement(found: re.Match[str]) -> str:
            name, default = found.groups()
            if name is None:
                return "${"
            value = self._environ.get(name) or default
            if value is None:
                self._mistakes.append((_line(event.start_mark), keys, f"the environment variable {name} is not set"))
            return value or ""

        return _VARIABLE.sub(replacement, event.value)


def _scalar(text: str) -> str | int | float | bool | None:
    if text in _CORE:
        return _CORE[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _plain(node: _Node, keys: Keys, lines: dict[Keys, int]) -> Any:
    """The values of a node; aliases make a tree a graph, so their sum is bounded."""
    if len(lines) > MAX_NODES:
        raise _Unreadable(node.line, "the aliases in this file unfold to too much")
    if len(keys) > MAX_DEPTH:
        raise _Unreadable(node.line, f"nested more than {MAX_DEPTH} deep")
    lines[keys] = node.line
    if isinstance(node.value, dict):
        return {key: _plain(each, (*keys, key), lines) for key, each in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(each, (*keys, index), lines) for index, each in enumerate(node.value)]
    return node.value


def _line(mark: Any) -> int:
    return int(mark.line) + 1 if mark else 0


def _syntax(error: yaml.MarkedYAMLError) -> str:
    if "cannot start any token" in (error.problem or ""):
        return "a character that cannot stand here: indent with spaces, never tabs, and put special text in quotes"
    context = f"{error.context} from line {_line(error.context_mark)}, " if error.context_mark else ""
    return f"this is not YAML: {context}{error.problem}; check the indentation, colons and quotes"
