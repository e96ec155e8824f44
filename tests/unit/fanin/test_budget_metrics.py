"""What connectors use of their budgets is shown."""

from __future__ import annotations

from prometheus_client import REGISTRY

from fanin.metrics import observe
from model.health import Health


def test_budgets_are_shown_by_span_and_unit() -> None:
    """Each limit and what is used of it, as the connector said last; what is gone is not shown any more."""
    health, labels = Health("x_official", "connector"), {"name": "x_official", "span": "day", "unit": "USD"}
    health.spent("day", 1.5, 5, "USD")
    health.spent("day", 2.5, 5, "USD")
    observe([health], [])
    used, limit = (REGISTRY.get_sample_value(f"fanin_budget_{one}", labels) for one in ("used", "limit"))
    observe([], [])

    assert (used, limit) == (2.5, 5)
    assert REGISTRY.get_sample_value("fanin_budget_used", labels) is None
