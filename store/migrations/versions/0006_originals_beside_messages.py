"""Originals beside their messages, and indexes that hold only what is looked for.

What is stored of an older original stays the blob that it is, by its digest; the row that names it moves.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "original",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False),
        sa.Column("secret", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["message.position"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_index("original_stored", "original", ["secret", "stored_at"])
    _index("original_blob", "original", "sha256", "content IS NULL")
    op.execute("""
        UPDATE message SET event = dead_letter.id FROM dead_letter
        WHERE message.connector = dead_letter.connector AND message.source_id = dead_letter.source_id
        AND message.status = 'dead' AND dead_letter.event IS NULL
    """)  # so that a dead letter leads to its original even after it was settled
    op.execute("""
        INSERT OR IGNORE INTO original (message, secret, sha256, media_type, stored_at)
        SELECT message.position, role = 'secret', sha256, media_type, stored_at FROM attachment
        JOIN message ON message.event = attachment.event
        WHERE role IN ('original', 'secret') ORDER BY role DESC
    """)  # should there be two, the secret one counts
    op.execute("DELETE FROM attachment WHERE role <> 'attachment'")
    op.drop_index("attachment_stored", "attachment")
    op.execute("ALTER TABLE attachment DROP COLUMN role")
    op.create_index("attachment_stored", "attachment", ["stored_at"])
    op.drop_index("message_accepted", "message")
    _index("message_kept", "message", "accepted_at", "body IS NOT NULL")
    op.drop_index("delivery_due", "delivery")
    _index("delivery_postponed", "delivery", "due_at", "status = 'due' AND due_at IS NOT NULL")


def _index(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
