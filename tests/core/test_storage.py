from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from trivium.core.errors import StorageError
from trivium.core.storage import storage


def failing(code: int, file: Path) -> OSError:
    return OSError(code, os.strerror(code), str(file))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_refused_write_below_the_folder_is_one_message(tmp_path: Path, code: int) -> None:
    with pytest.raises(StorageError, match="cannot write here") as caught, storage(tmp_path):
        raise failing(code, tmp_path / "x")
    assert caught.value.where == str(tmp_path / "x")
    assert "--runs" in caught.value.do


def test_a_refused_read_elsewhere_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), storage(tmp_path / "runs"):
        raise failing(errno.EACCES, tmp_path / "data" / "x")


def test_a_full_disk_is_told_wherever_it_is_and_without_a_name(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the disk is full"), storage(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_other_failures_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), storage(tmp_path):
        (tmp_path / "none").read_text()
