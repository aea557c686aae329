"""Two writers of one thing to one after the other: a file lock that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.2


@contextmanager
def lock(path: Path, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the lock while the block runs; while another process holds it, call `waiting(who)` once and wait.

    The kernel lets go when the holder dies, SIGKILL included, so a lock is never stale.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        _acquire(handle, waiting)
        handle.seek(0)
        handle.truncate()
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": since}, handle)
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)
            fcntl.flock(handle, fcntl.LOCK_UN)


def taken(handle: IO[str] | int) -> bool:
    """Take the lock of an open file where nobody has it, and say whether it is had; closing the file lets it go."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _acquire(handle: IO[str], waiting: Callable[[str], None] | None) -> None:
    told = False
    while not taken(handle):
        if not told and waiting is not None:
            waiting(_holder(handle))
        told = True
        time.sleep(POLL_SECONDS)


def _holder(handle: IO[str]) -> str:
    handle.seek(0)
    text = handle.read()
    if not text:
        return "another process"
    held = json.loads(text)
    return f"process {held['pid']} on {held['host']}, since {held['since']}"
