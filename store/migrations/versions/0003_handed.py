"""Deliveries that a helpdesk's own queue holds until they are acknowledged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("handed_at", sa.BigInteger(), nullable=True))
    where = sa.text("status = 'due' AND handed_at IS NOT NULL")
    op.create_index("delivery_handed", "delivery", ["helpdesk", "event"], sqlite_where=where, postgresql_where=where)
