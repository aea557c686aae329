"""What Alembic runs for each migration: within the caller's connection, in batch mode for SQLite."""

from alembic import context

from trivium.human.store.migrate import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
