"""Many threads and processes that want to write to one SQLite file to one after the other."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from trivium.core.errors import StorageError
from trivium.core.lock import taken

BUSY_SECONDS = 30.0
POLL_SECONDS = 0.0005


class Writers:
    """A queue in front of SQLite's only write lock, whose waiting connections sleep longer and longer, up to a tenth of
    a second. The lock itself is still SQLite's: whoever does not know of the queue does no harm.
    """

    def __init__(self, file: str) -> None:
        """Take the name of an empty file beside the database, by which processes know of each other."""
        self._file = file
        self._here = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let the block run when it is this thread's turn; after half a minute give up."""
        until = time.monotonic() + BUSY_SECONDS
        if not self._here.acquire(timeout=BUSY_SECONDS):
            raise _busy()
        try:
            handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                while not taken(handle):
                    if time.monotonic() > until:
                        raise _busy()
                    time.sleep(POLL_SECONDS)
                yield
            finally:
                os.close(handle)  # which lets go, as the system does for who was killed
        finally:
            self._here.release()


def _busy() -> StorageError:
    return StorageError("the database has been busy for half a minute", do="try again")
