"""Expiry: a step costs what it removes, however much is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event

from store import retention
from store.retention import Retention, Step, rules
from store.store import Store

_GONE = Retention(messages=timedelta(0), attachments=timedelta(0), originals=timedelta(0), dead_letters=timedelta(0))


async def test_each_step_finds_its_rows_by_their_keys(store: Store) -> None:
    """No statement of any rule walks a table or a part of an index."""
    asked: list[tuple[str, Any]] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith(("UPDATE", "DELETE")):
            asked.append((statement, parameters))

    every = rules(_GONE, datetime.now(UTC))
    for rule in every:
        await store._writer.do(retention.change, Step(rule, [("a", "b")[: len(rule.table.primary_key.columns)]]))

    assert len(asked) == sum(len(rule.changes) for rule in every)
    with store._engine.connect() as connection:
        for statement, parameters in asked:
            one = parameters[0] if isinstance(parameters, list) else parameters
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", one)]
            assert any(line.startswith("SEARCH") for line in plan)
            walks = [line for line in plan if line.startswith("SCAN") or "<" in line or ">" in line]
            assert walks == [], statement
