"""Finds the configuration, reads it, and says everything that is wrong with it at once.

What a variable of the environment says goes before what the file says, key by key; lists are replaced whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource

from config.document import MAX_BYTES, Document, Keys, read_document
from config.environment import CONFIG_FILE, Environment
from config.mistakes import Mistake, mistakes_in
from config.schema import config_schema
from config.settings import Config
from model.errors import Misconfigured

DEFAULT_FILE = Path("fanin.yaml")
MOST_LINES = 50
"""How many mistakes are told at once."""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration from a file and the environment, or from either alone.

    The file is `path`, else the one that FANIN_CONFIG names, else `fanin.yaml` in the working directory if
    there is one.  Raises Misconfigured with a line for each mistake.
    """
    file = find(path, environ)
    document = read_document(_content(file), environ) if file else Document()
    environment = Environment(Config, environ)
    found = [Mistake(str(file), line, keys, text) for line, keys, text in document.mistakes]
    found += [Mistake(variable, 0, (), text) for variable, text in environment.unknown()]
    try:
        config = Config(_build_sources=((environment, _File(Config, document.values)), {}))
    except ValidationError as error:
        named = {each.keys for each in found if each.keys}
        places = _places(str(file), document, environment)
        found += [each for each in mistakes_in(error, config_schema(), places) if each.keys not in named]
    if found:
        raise Misconfigured(_report(found))
    return config


def _report(found: list[Mistake]) -> str:
    lines = [str(each) for each in sorted(found, key=lambda each: (each.source, each.line))]
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(lines[:MOST_LINES] + more)


def find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Which file is read, or None where there is none to read."""
    if path is None and (named := environ.get(CONFIG_FILE)):
        path = Path(named)
    return path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)


class _File(InitSettingsSource):
    """What the file says, less the form of a secret that the environment gives in its other form."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls, init_kwargs=values)

    def __call__(self) -> dict[str, Any]:
        return _without_rivals(super().__call__(), self.current_state)


def _without_rivals(values: dict[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    given = [key for key, value in stronger.items() if isinstance(value, str)]
    rivals = {key.removesuffix("_file") if key.endswith("_file") else f"{key}_file" for key in given}
    kept = {key: value for key, value in values.items() if key not in rivals or key in stronger}
    for key in kept.keys() & stronger.keys():
        if isinstance(kept[key], dict) and isinstance(stronger[key], dict):
            kept[key] = _without_rivals(kept[key], stronger[key])
    return kept


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise Misconfigured(f"{file}: cannot read the configuration: {error.strerror}") from None


def _places(file: str, document: Document, environment: Environment) -> dict[Keys, tuple[str, int]]:
    variables = {keys: (name, 0) for keys, name in environment.places().items()}
    lines = {keys: (file, line) for keys, line in document.lines.items()}
    given = {keys: place for keys, place in variables.items() if not place[0].endswith("*")}
    return variables | lines | given
