"""Reads tables of words: sections in brackets, and in each lines of `NAME: word | word`."""

from __future__ import annotations

from pathlib import Path

Table = dict[str, dict[str, tuple[str, ...]]]


def read_table(file: Path) -> Table:
    """The words of a file by section and name; lines of one name are joined."""
    table: Table = {}
    section: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = table[line.strip("[]")] = {}
        elif line and not line.startswith("#"):
            name, _, words = line.partition(": ")
            section[name] = (*section.get(name, ()), *words.split(" | "))
    return table
