"""The packaged migrations make exactly the tables that the models describe, keep what was in older ones, go nowhere but
forward, and refuse a later version's database.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, func, insert, select, text

from databases import Databases
from trivium.core.errors import RefusedError
from trivium.human.desk import assignment, audit, people
from trivium.human.store.database import Database, DatabaseError
from trivium.human.store.migrate import METADATA, MIGRATIONS, config, newest, prepare, version_of
from trivium.human.store.people import Person
from trivium.human.store.projects import Project
from trivium.studio import demo

REVISIONS = [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Database:
    """Return a database of today with something in nearly every table."""
    made = databases.new()
    assert demo.fill(made)
    with made.write() as db:
        people.begin(db, db.scalars(select(Person)).first())
    return made


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of today."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
            for table in METADATA.sorted_tables
        }


def copy(source: Database, target: Database) -> None:
    """Write the rows into older tables; a column that today's do not have gets a word."""
    old = MetaData()
    with source.engine.connect() as giver, target.engine.execution_options(trivium_write=True).begin() as taker:
        old.reflect(taker)
        for table in METADATA.sorted_tables:
            into = old.tables[table.name]
            missing = {one.name: "x" for one in into.columns if one.name not in table.columns and not one.nullable}
            keys = list(table.primary_key.columns)
            rows = [{**row, **missing} for row in giver.execute(select(table).order_by(*keys)).mappings()]
            if rows:
                types = {one.name: one.type for one in table.columns}
                for column in into.columns:
                    column.type = types.get(column.name, column.type)
                taker.execute(insert(into), rows)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_every_earlier_version_is_brought_up_to_date_with_all_that_is_in_it(
    databases: Databases, filled: Database, revision: str
) -> None:
    old = databases.empty()
    with old.engine.execution_options(trivium_write=True).begin() as connection:
        command.upgrade(config(connection), revision)
        assert version_of(connection) == revision
    copy(filled, old)
    prepare(old)
    assert everything(old) == everything(filled)
    with old.engine.connect() as connection:
        assert version_of(connection) == newest()
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
    with old.write() as db:
        project = db.scalars(select(Project).where(Project.slug == "everyday-help")).one()
        heron = db.scalars(select(Person).where(Person.pseudonym == "heron-12")).one()
        assert assignment.lease(db, people.actor_of(db, heron.id), project.id, step="label") is not None
        lark = db.scalars(select(Person).where(Person.pseudonym == "lark-01")).one()
        assert audit.verify(db, people.actor_of(db, lark.id), project.id).whole
        with pytest.raises(Exception, match="append"), db.begin_nested():
            db.execute(text("DELETE FROM judgement"))
        assert db.scalar(select(func.count()).select_from(METADATA.tables["judgement"])) == len(everything(filled)["judgement"])


def test_going_back_is_refused_and_changes_nothing(filled: Database) -> None:
    before = everything(filled)
    with (
        pytest.raises(RefusedError, match="only go forward"),
        filled.engine.execution_options(trivium_write=True).begin() as connection,
    ):
        command.downgrade(config(connection), "-1")
    assert everything(filled) == before
    with filled.engine.connect() as connection:
        assert version_of(connection) == newest()


def test_every_step_goes_forward_from_the_one_before() -> None:
    steps = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    assert [one.down_revision for one in steps] == [*(one.revision for one in steps[1:]), None]
    assert all(one.module.downgrade.__name__ == "refuse" for one in steps)


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


def test_a_file_that_is_no_database_and_tables_of_something_else_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("something that was written by hand, and no database at all\n" * 20)
    (tmp_path / "folder.db").mkdir()
    foreign = Database(str(tmp_path / "foreign.db"))
    with foreign.write() as db:
        db.execute(text("CREATE TABLE person (x TEXT)"))
    full = Database(str(tmp_path / "full.db"))
    for database, says in (
        (Database(str(tmp_path / "text.db")), "no SQLite database"),
        (Database(str(tmp_path / "folder.db")), "cannot be opened"),
        (foreign, "tables of something else"),
    ):
        with pytest.raises(DatabaseError, match=says) as caught:
            prepare(database)
        assert caught.value.do
        database.close()
    with full.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 4")
        connection.close()
    with pytest.raises(DatabaseError, match="disk is full"):
        prepare(full)
    full.close()
