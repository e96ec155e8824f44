"""Answers that did not reach the customer, of which the helpdesk was not told yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("reply", sa.Column("told_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE reply SET told_at = settled_at WHERE status IN ('failed', 'uncertain')")  # those are known of
    where = sa.text("status IN ('failed', 'uncertain') AND told_at IS NULL")
    op.create_index("reply_untold", "reply", ["helpdesk", "settled_at"], sqlite_where=where, postgresql_where=where)
