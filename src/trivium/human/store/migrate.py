"""A database of any age to one with the tables of this version: Alembic's steps, packaged with the code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from trivium.human.store import deliveries, journal, people, projects, work  # noqa: F401 -- fills Table.metadata
from trivium.human.store.columns import Table
from trivium.human.store.database import Database, DatabaseError

MIGRATIONS = Path(__file__).parent / "migrations"
METADATA = Table.metadata
_LOCK = 7_238_215_101  # PostgreSQL advisory lock: two servers that start at once do not both migrate


def prepare(database: Database) -> None:
    """Bring the tables up to date; what is up to date stays as it is. A database from a later version is refused."""
    try:
        with database.engine.execution_options(trivium_write=True).begin() as connection:
            if not database.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            command.upgrade(config(connection), "head")
        database.flush()
    except CommandError as error:
        raise DatabaseError(
            f"the database was made by a later version: {error}", do="install that version or newer"
        ) from error
    except (DBAPIError, OSError) as error:
        raise _unready(database, str(getattr(error, "orig", error)).strip().splitlines()[0]) from error


_WRONG = (
    ("not a database", "this file is no SQLite database: {}", "name another file, or one that is not there yet"),
    ("already exists", "the database holds tables of something else: {}", "name an empty database"),
    ("disk is full", "the disk is full: {}", "make room, and begin again"),
    ("readonly", "the database cannot be written: {}", "name a file that can be written, in a folder that can"),
    ("Read-only", "the database cannot be written: {}", "name a file that can be written, in a folder that can"),
    ("unable to open", "the file cannot be opened: {}", "name a file that can be written, in a folder that can"),
    ("locked", "another program holds the database: {}", "end that program, and begin again"),
)
"""What the driver says → what it means, and what to do."""


def _unready(database: Database, told: str) -> DatabaseError:
    found = next((row for row in _WRONG if row[0] in told), None)
    says, do = found[1:] if found else ("the database cannot be reached: {}", "check the URL and that the server runs")
    return DatabaseError(says.format(told), where=database.engine.url.render_as_string(hide_password=True), do=do)


def config(connection: Connection) -> Config:
    """Return Alembic's settings for this connection."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


def version_of(connection: Connection) -> str | None:
    """Return the version the database is at, None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the version this code wants."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(made).get_current_head()
    assert head is not None
    return head
