"""A name to a lock that one process at a time holds over a database, and that its death lets go of."""

from __future__ import annotations

import os

from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from trivium.core.lock import taken
from trivium.human.store.database import Database

_TAKE = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_THERE = text("SELECT 1")


class Sole:
    """The lock of that name. On SQLite it is one on an empty file beside the database; on PostgreSQL an advisory one of
    a connection that is kept for it.
    """

    def __init__(self, database: Database, name: str) -> None:
        """Take nothing yet."""
        self._database, self._name = database, name
        # Without a pool, so that closing the connection ends it, and takes none from those who ask.
        self._engine = create_engine(database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._file: int | None = None
        self._connection: Connection | None = None
        self._has = False

    def hold(self) -> bool:
        """Take the lock, or keep it; say whether this process has it now. Asked again now and then."""
        if self._database.is_sqlite:
            self._has = self._has or self._hold_file()
        else:
            self._has = self._hold_connection()
        return self._has

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            os.close(self._file)
        if self._connection is not None:
            self._connection.close()
        self._file, self._connection, self._has = None, None, False

    def _hold_file(self) -> bool:
        if self._file is None:
            path = f"{make_url(self._database.url).database}-{self._name}"
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return taken(self._file)

    def _hold_connection(self) -> bool:
        question, given = (_THERE, {}) if self._has else (_TAKE, {"name": f"trivium {self._name}"})
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            return bool(self._connection.execute(question, given).scalar_one())
        except DBAPIError:  # the server hung up, and with the connection the lock is gone: tried anew at the next turn
            self.release()
            return False
