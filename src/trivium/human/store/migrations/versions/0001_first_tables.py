"""The first tables."""

from alembic import op

from trivium.human.store.append_only import statements
from trivium.human.store.migrate import METADATA

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    METADATA.create_all(op.get_bind())
    for statement in statements(op.get_bind().dialect.name):
        op.execute(statement)
