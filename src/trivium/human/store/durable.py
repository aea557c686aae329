"""Commits that are in order but perhaps not on the disk yet, to commits that are: one flush for all who wait for it.

A transaction that waits for the disk while it holds a lock lets everybody behind it wait too. So commits go through
without waiting, in the order of their locks, and each is acknowledged only after a flush that began later; who waits
meanwhile shares the next one. A power cut before the flush takes away the newest commits, of which nobody was told.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

_sync = getattr(os, "fdatasync", os.fsync)


class Durability:
    """Waits for the disk on behalf of every thread of this process."""

    def __init__(self, flush: Callable[[], None], close: Callable[[], None] = lambda: None) -> None:
        """Take what makes every commit so far durable, and what lets go of whatever that needs."""
        self._flush, self.close = flush, close
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._flushing = False

    def wait(self) -> None:
        """Return when everything that this thread committed is on the disk; raise what the flush raised."""
        with self._changed:
            self._asked += 1
            mine = self._asked
            while self._done < mine and self._flushing:
                self._changed.wait()
            if self._done >= mine:
                return
            self._flushing, upto = True, self._asked
        flushed = False
        try:
            self._flush()
            flushed = True
        finally:
            with self._changed:
                self._done = upto if flushed else self._done
                self._flushing = False
                self._changed.notify_all()


def of_sqlite(file: str) -> Durability:
    """Return the flush of an SQLite file that is opened with `synchronous=NORMAL`: its log (WAL) alone is behind.

    SQLite itself flushes the log before it moves pages into the file, and the file before it writes the log anew
    (https://www.sqlite.org/pragma.html#pragma_synchronous). It locks neither through the log, so opening and closing
    that here lets go of no lock.
    """

    def flush() -> None:
        try:
            log = os.open(f"{file}-wal", os.O_RDWR)
        except FileNotFoundError:  # the last connection closed: all of it is in the file, and flushed
            return
        try:
            _sync(log)
        finally:
            os.close(log)

    return Durability(flush)


def of_postgresql(url: str) -> Durability:
    """Return the flush of a server whose connections commit with `synchronous_commit = off` (see `hurried`).

    A commit that waits makes all before it durable, here and on stand-by servers that are waited for
    (https://www.postgresql.org/docs/current/wal-async-commit.html); it has to write something, and a message to nobody
    is the least.
    """
    patient = create_engine(url, pool_size=1, max_overflow=1, isolation_level="AUTOCOMMIT")

    def flush() -> None:
        for attempt in range(2):
            try:
                with patient.connect() as connection:
                    connection.exec_driver_sql(_MESSAGE)
                    return
            except DBAPIError as error:  # the server was started anew, and the pool is empty now
                if attempt or not error.connection_invalidated:
                    raise

    return Durability(flush, patient.dispose)


_MESSAGE = "SELECT pg_logical_emit_message(true, 'trivium', '')"


def hurried(engine: Engine) -> None:
    """Let the connections of a PostgreSQL engine commit without waiting for the disk."""

    def connected(connection: DBAPIConnection, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute("SET synchronous_commit TO off")
        cursor.close()
        connection.commit()

    event.listen(engine, "connect", connected)
