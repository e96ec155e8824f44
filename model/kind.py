"""Tables of kinds: the settings that a kind is written in, and how one is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from model.settings import Settings

Factory = TypeVar("Factory")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Factory]):
    """A line of a table: `settings` validates what was configured, `factory` makes the thing.

    The factory imports what it needs when it is called, so that a kind costs nothing where it is not used.
    """

    settings: type[Settings]
    factory: Factory


class KindOf:
    """Annotation of a setting that is one of a table's kinds, told apart by its key `kind`."""

    def __init__(self, table: Mapping[str, Kind[Any]]) -> None:
        self._table = table

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: handler.generate_schema(kind.settings) for name, kind in self._table.items()}
        return core_schema.tagged_union_schema(dict[Any, CoreSchema](choices), discriminator="kind")
