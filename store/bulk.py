"""The statements that run for every message: SQLAlchemy writes them, the driver runs them.

SQLAlchemy builds the parameters of every row by way of its compiler, and wraps every cursor, which costs
more than SQLite's own work.  Here a statement is compiled once and the values go to the driver as they are:
the columns hold texts, integers and bytes, which no dialect converts.  What runs once in a while goes by
way of SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Delete, Dialect, Insert, Select, Update, bindparam
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.compiler import SQLCompiler

MOST_VALUES = 1024
"""Values that one statement looks for, a power of two; SQLite would take 32,766."""


def run(connection: Connection, sql: str, values: Sequence[Any] = ()) -> DBAPICursor:
    """Run a statement; its rows are read from the cursor.  Raises the driver's own errors."""
    cursor = connection.connection.cursor()
    cursor.execute(sql, values)
    return cursor


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that a column has one of the values that `select_among` is given."""
    wanted: BindParameter[Any] = bindparam("among", expanding=True)
    return column.in_(wanted)


def select_among(
    connection: Connection, query: Select[Any], values: Collection[str | bytes], *before: str
) -> list[Any]:
    """The rows of a query that has one condition `among`; values of conditions before it are given as `before`.

    The number of values is filled up to a power of two, so that SQLite, too, has few statements to prepare.
    """
    rows: list[Any] = []
    left = list(values)
    while left:
        some, left = left[:MOST_VALUES], left[MOST_VALUES:]
        width = 1 << (len(some) - 1).bit_length()
        some += some[-1:] * (width - len(some))
        rows += run(connection, _expanded(query, connection.dialect, width), (*before, *some)).fetchall()
    return rows


def write_rows(connection: Connection, statement: Insert | Update | Delete, rows: Sequence[dict[str, Any]]) -> None:
    """Run a statement for each of the rows, which all have the same two or more names."""
    if not rows:
        return
    sql, values = _compiled(statement, connection.dialect, tuple(rows[0]))
    connection.connection.cursor().executemany(sql, [values(row) for row in rows])


@lru_cache(maxsize=64)
def _compiled(
    statement: Insert | Update | Delete, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]]]:
    """The statement's text, and what brings the values of a row in the order of its parameters."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None
    return compiled.string, itemgetter(*compiled.positiontup)


@lru_cache(maxsize=256)
def _expanded(query: Select[Any], dialect: Dialect, width: int) -> str:
    """The query's text with so many places for the values that it looks for."""
    text = str(query.compile(dialect=dialect))
    assert text.count(_PLACES) == 1
    return text.replace(_PLACES, ", ".join("?" * width))


_PLACES = "__[POSTCOMPILE_among]"
