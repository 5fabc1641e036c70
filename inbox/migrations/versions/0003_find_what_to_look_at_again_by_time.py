"""Find what to look at again by its time alone, whatever the account: the ticker asks each second."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: going back is restoring the backup made before the update."""
    op.drop_index("ix_messages_look_again", table_name="messages")
    op.create_index(
        "ix_messages_look_again",
        "messages",
        ["look_again_at", "account_id"],
        sqlite_where=sa.text("look_again_at IS NOT NULL"),
        postgresql_where=sa.text("look_again_at IS NOT NULL"),
    )
