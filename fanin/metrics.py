"""Every metric, in one place.  Labels are configured names and closed vocabularies, never content."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import get_args

from prometheus_client import Counter, Gauge, Histogram

from model.health import Health, Status
from store.ledger import Backlog

MESSAGES = Counter("fanin_messages_total", "Messages handed over, by what became of them.", ["connector", "status"])
SECRETS = Counter("fanin_secrets_total", "Secrets that were removed from accepted messages, by kind.", ["kind"])
ACCEPT_SECONDS = Histogram(
    "fanin_accept_seconds",
    "From a batch handed over to its commit.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REPLIES = Counter("fanin_replies_total", "Answers to customers, by what became of them.", ["connector", "status"])
STATE = Gauge("fanin_state", "1 for the state in which a connector or helpdesk is.", ["kind", "name", "state"])
PROVEN_AGE = Gauge("fanin_proven_age_seconds", "Age of the last proven read or write; -1: none yet.", ["kind", "name"])
LAG = Gauge(
    "fanin_lag_seconds", "Age of the oldest message known but not accepted, or not delivered.", ["kind", "name"]
)
BUDGET_USED = Gauge(
    "fanin_budget_used", "What a connector used of a limit in this span of time.", ["name", "span", "unit"]
)
BUDGET_LIMIT = Gauge("fanin_budget_limit", "The limit of that.", ["name", "span", "unit"])
EXPIRY = Gauge("fanin_credentials_seconds", "How long the credentials still last.", ["kind", "name"])
BACKLOG = Gauge("fanin_backlog", "Deliveries that wait, by helpdesk and lane.", ["helpdesk", "lane"])
BACKLOG_AGE = Gauge("fanin_backlog_age_seconds", "Age of the oldest delivery that waits.", ["helpdesk", "lane"])


def observe(healths: Iterable[Health], backlog: Iterable[Backlog]) -> None:
    """Set the gauges to what is true now."""
    for gauge in (STATE, PROVEN_AGE, LAG, BUDGET_USED, BUDGET_LIMIT, EXPIRY, BACKLOG, BACKLOG_AGE):
        gauge.clear()
    for health in healths:
        for status in get_args(Status):
            STATE.labels(health.kind, health.name, status).set(health.status == status)
        age = health.age()
        PROVEN_AGE.labels(health.kind, health.name).set(-1 if age is None else age.total_seconds())
        if health.lag is not None:
            LAG.labels(health.kind, health.name).set(health.lag.total_seconds())
        if health.expires_at:
            EXPIRY.labels(health.kind, health.name).set((health.expires_at - datetime.now(UTC)).total_seconds())
        for (span, unit), (used, limit) in health.budgets.items():
            BUDGET_USED.labels(health.name, span, unit).set(used)
            BUDGET_LIMIT.labels(health.name, span, unit).set(limit)
    for line in backlog:
        BACKLOG.labels(line.helpdesk, line.lane).set(line.count)
        BACKLOG_AGE.labels(line.helpdesk, line.lane).set((datetime.now(UTC) - line.oldest).total_seconds())
