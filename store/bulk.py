"""Many rows with one statement, without the price of a statement for each.

SQLAlchemy builds the parameters of every row by way of its compiler, which costs more than SQLite's own
work.  Here the statement is compiled once and the rows go to the driver as they are: their columns hold
texts, integers and bytes, which no dialect converts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.sql.compiler import SQLCompiler


def insert_rows(connection: Connection, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, which all have the same columns."""
    if not rows:
        return
    sql, columns = _compiled(statement, connection.dialect, tuple(rows[0]))
    connection.exec_driver_sql(sql, [tuple(row[name] for name in columns) for row in rows])


@lru_cache(maxsize=64)
def _compiled(statement: Insert, dialect: Dialect, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The statement's text, and the columns in the order of its positional parameters."""
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    assert isinstance(compiled, SQLCompiler)
    assert compiled.positiontup is not None
    return compiled.string, tuple(compiled.positiontup)
