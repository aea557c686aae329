"""${message}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

from trivium.human.store.migrations import forward

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it so."""
    ${upgrades if upgrades else "pass"}


downgrade = forward.refuse
