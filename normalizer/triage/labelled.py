"""Reads the labelled messages, in the form that tests/data/triage/README.md describes."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class Labelled(Struct, frozen=True, kw_only=True):
    """A message and what triage should say of it."""

    text: str
    language: str
    category: str
    topic: str
    urgency: str
    hard: bool
    """It resembles an emergency and is none."""
    situation: str

    @property
    def label(self) -> str:
        """`category/topic`."""
        return f"{self.category}/{self.topic}"


def read_labelled(folder: Path) -> list[Labelled]:
    """The messages of all files of a folder; a file is named by its language.

    Raises ValueError where a line that begins with `@` does not open a situation.
    """
    return [each for file in sorted(folder.glob("*.txt")) for each in parse_labelled(file.read_text(), file.stem)]


def parse_labelled(content: str, language: str) -> list[Labelled]:
    """The messages of one file.  Raises ValueError as `read_labelled` does."""
    found: list[Labelled] = []
    labels: list[str] = []
    situation = ""
    for line in filter(None, map(str.strip, content.splitlines())):
        if line.startswith("@"):
            head, _, situation = line[1:].partition("|")
            labels = head.split()
            if len(labels) < 2 or "/" not in labels[0]:
                raise ValueError(f"expected @ category/topic urgency [hard] | situation: {line}")
            continue
        category, _, topic = labels[0].partition("/")
        found.append(
            Labelled(
                text=line.replace("\\n", "\n"),
                language=language,
                category=category,
                topic=topic,
                urgency=labels[1],
                hard="hard" in labels[2:],
                situation=situation.strip(),
            )
        )
    return found
