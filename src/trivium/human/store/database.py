"""A database URL to transactions: SQLite (WAL, one writer at a time from the first statement) or PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from trivium.core.errors import InputError, MissingExtraError
from trivium.human.store import durable
from trivium.human.store.journal_write import append_pending
from trivium.human.store.writers import BUSY_SECONDS, Writers

T = TypeVar("T")
PRAGMAS = ("foreign_keys=ON", "synchronous=NORMAL", "cache_size=-65536", "temp_store=MEMORY")
ATTEMPTS = 5
POOL = 8
"""Connections of a process. None is opened beyond them, because opening one takes longer than waiting for one; and more
at once only wait for each other: the interpreter runs one thread at a time.
"""
PREPARED_AFTER = 1
"""Times that a statement is sent before a connection prepares it. The driver's five are as many plans of it more, on
each connection, while the first people wait.
"""
_CLASHES = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available


class DatabaseError(InputError):
    """A database that cannot be reached or is of another version."""


class Database:
    """One database. Making it connects to nothing; `migrate.prepare` brings its tables up to date."""

    def __init__(self, url: str, *, pool_size: int = POOL) -> None:
        """Take `sqlite:///file.db` (or a plain path) or `postgresql://user@host/name`."""
        self.url = _full_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            Path(make_url(self.url).database or "").parent.mkdir(parents=True, exist_ok=True)
        self.engine, self._size = _engine(self.url, pool_size), pool_size
        self._writers: Writers | None = None
        self._reading = self.engine
        if self.is_sqlite:
            file = make_url(self.url).database or ""
            self._writers = Writers(f"{file}-writers")
            event.listen(self.engine, "connect", _sqlite_connect)
            event.listen(self.engine, "begin", _sqlite_begin)
            self._durability = durable.of_sqlite(file)
        else:
            self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            durable.hurried(self.engine)
            self._durability = durable.of_postgresql(self.url)
        self._writing = self.engine.execution_options(trivium_write=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that writes nothing. On SQLite it sees one moment; on PostgreSQL each question its own, as
        it would within a transaction too, and the round trips that begin and end one are saved.
        """
        with Session(self._reading, expire_on_commit=False, autoflush=False) as session:
            yield session  # closing gives the connection back; what was read stays readable after the block

    @contextmanager
    def write(self, *, flush: bool = True) -> Iterator[Session]:
        """Open a session whose changes, events and messages are all kept when the block ends well, or none of them.

        After the block they are on the disk: what is acknowledged then survives a power cut. Where `flush` is False
        they are only kept by the system, and whoever acknowledges them calls `Database.flush` before.
        """
        turn = nullcontext() if self._writers is None else self._writers.turn()
        with turn, Session(self._writing, expire_on_commit=False) as session:
            yield session
            append_pending(session)
            session.commit()
        if flush:
            self.flush()

    def flush(self) -> None:
        """Wait until everything that was committed is on the disk."""
        self._durability.wait()

    def run(self, work: Callable[[Session], T]) -> T:
        """Do the work in a write transaction; where two clashed, do it again, at most five times."""
        return self._again(work, self.write)

    def look(self, work: Callable[[Session], T]) -> T:
        """Do work that only reads; where the server hung up since the last question, do it again."""
        return self._again(work, self.read)

    def _again(self, work: Callable[[Session], T], opened: Callable[[], AbstractContextManager[Session]]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                with opened() as session:
                    return work(session)
            except DBAPIError as error:
                if attempt == ATTEMPTS - 1 or not clashed(error):
                    raise
                time.sleep(0.01 * 2**attempt)
        raise AssertionError("the loop returns or raises")

    def open(self) -> None:
        """Open every connection that there may be: the first people who come together wait for none of them then."""
        with ExitStack() as opened:
            for _ in range(self._size):
                opened.enter_context(self.engine.connect())

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._durability.close()


def clashed(error: DBAPIError) -> bool:
    """Say whether trying again helps: two transactions in each other's way, or a server that hung up since the last
    question (what hung up during a commit may have been kept, and is not done twice).
    """
    if error.connection_invalidated and error.statement is not None:
        return True
    state = getattr(error.orig, "sqlstate", None)
    return state in _CLASHES or (isinstance(error, OperationalError) and "locked" in str(error.orig))


def _full_url(url: str) -> str:
    """Return SQLAlchemy's spelling: a plain path is SQLite, PostgreSQL is spoken to by psycopg 3.

    >>> _full_url("studio.db"), _full_url("postgresql://localhost/studio")
    ('sqlite:///studio.db', 'postgresql+psycopg://localhost/studio')
    """
    if "://" not in url:
        return f"sqlite:///{url}"
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    if not url.startswith(("sqlite:", "postgresql+psycopg:")):
        raise DatabaseError(
            f"wanted an SQLite file or a PostgreSQL URL, found {url.partition(':')[0]}:",
            do="give --database studio.db or --database postgresql://user@host/name",
        )
    return url


def _engine(url: str, pool_size: int) -> Engine:
    try:
        if url.startswith("sqlite"):
            return create_engine(
                url, pool_size=pool_size, max_overflow=0,
                connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            )  # fmt: skip
        return create_engine(
            url, pool_size=pool_size, max_overflow=0, connect_args={"prepare_threshold": PREPARED_AFTER}
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"PostgreSQL needs the package {error.name}", do="pip install 'trivium[studio]'"
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(f"this is no database URL: {error}", do="give an SQLite file or postgresql://…") from error


def _sqlite_connect(connection: DBAPIConnection, _: Any) -> None:
    # NORMAL, because `durable.of_sqlite` flushes the log after the commit and outside of the writers' lock.
    connection.isolation_level = None  # the driver would begin too late; `_sqlite_begin` does it
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA journal_mode=WAL")
    if cursor.fetchone() != ("wal",):  # a file system that has no WAL: then SQLite waits for the disk itself
        cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    write = connection.get_execution_options().get("trivium_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
