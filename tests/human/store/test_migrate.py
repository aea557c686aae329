"""The packaged migrations make exactly the tables that the models describe, once, and refuse a later version's database."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from trivium.human.store.database import Database, DatabaseError
from trivium.human.store.migrate import METADATA, newest, prepare, version_of


def test_the_migrations_and_the_models_say_the_same(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert version_of(connection) == newest()


def test_preparing_twice_changes_nothing_and_a_later_version_is_refused(database: Database) -> None:
    prepare(database)
    with database.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="later version"):
        prepare(database)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/studio", "wanted an SQLite file or a PostgreSQL URL"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
    ],
)
def test_a_database_that_is_none_is_said_without_a_password(url: str, says: str) -> None:
    with pytest.raises(DatabaseError, match=says):
        prepare(Database(url))
