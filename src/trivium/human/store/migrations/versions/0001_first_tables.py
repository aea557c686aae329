"""The first tables, and the triggers that keep what was said."""

from alembic import op

from trivium.human.store.append_only import statements
from trivium.human.store.migrations import first_material, first_people, first_work, forward

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    for table in (*first_people.TABLES, *first_material.TABLES, *first_work.TABLES):
        table()
    for statement in statements(op.get_bind().dialect.name):
        op.execute(statement)


downgrade = forward.refuse
