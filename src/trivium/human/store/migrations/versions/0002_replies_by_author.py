"""An index of replies by who wrote them, for the queue; and no column for a token that is computed now."""

import sqlalchemy as sa
from alembic import op

from trivium.human.store.migrations import forward

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index, drop the column."""
    written = sa.text("author_id IS NOT NULL")
    op.create_index(
        "response_by_author", "response", ["author_id", "item_id"], sqlite_where=written, postgresql_where=written
    )
    with op.batch_alter_table("sign_in") as table:
        table.drop_column("csrf")


downgrade = forward.refuse
