"""Failures of disk and folder to one message a person can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trivium.core.errors import StorageError

FULL = {errno.ENOSPC, errno.EDQUOT}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}


@contextmanager
def storage(folder: Path) -> Iterator[None]:
    """Turn a full disk anywhere, and a refused write under `folder`, into a StorageError; let other failures pass."""
    try:
        yield
    except OSError as error:
        translated = storage_error(error, folder)
        if translated is None:
            raise
        raise translated from error


def storage_error(error: OSError, folder: Path) -> StorageError | None:
    """Return the message for a failure of the disk under `folder`, or None where it is about something else."""
    named = Path(str(error.filename)) if error.filename is not None else folder
    if error.errno in FULL:
        return StorageError(
            "the disk is full; what was finished before is still good",
            where=str(named),
            do="free space, then run the same command again: it continues; or choose another folder",
        )
    refused = error.errno in FORBIDDEN and _related(named, folder)
    if refused or (error.errno == errno.ENOENT and _cannot_be(named, folder)):
        return StorageError(
            f"cannot write here: {error.strerror}",
            where=str(named),
            do="give write permission, or choose another folder: --runs DIR or TRIVIUM_RUNS, --out where it is asked",
        )
    return None


def _cannot_be(named: Path, folder: Path) -> bool:
    """Say whether the folder, or one it lies in, is what could not be made: some file systems refuse it as missing."""
    named, folder = named.absolute(), folder.absolute()
    return (named == folder or named in folder.parents) and named.parent.is_dir() and not named.exists()


def _related(named: Path, folder: Path) -> bool:
    named, folder = named.absolute(), folder.absolute()
    return named == folder or folder in named.parents or named in folder.parents
