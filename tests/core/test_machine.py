from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from trivium.core.machine import EXTRAS, NEEDED, examine
from trivium.core.memory import peak_bytes, reset_peak
from trivium.core.version import code_version


def test_every_library_and_the_machine_are_named(tmp_path: Path) -> None:
    checks = {check.name: check for check in examine(tmp_path / "runs")}
    assert {"trivium", "python", "cores", "memory", "runs", "c++ compiler", *NEEDED, *EXTRAS} <= set(checks)
    assert checks["trivium"].found == code_version()
    assert not (tmp_path / "runs").exists()


def test_a_missing_library_and_a_folder_that_is_a_file_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    (tmp_path / "runs").write_text("")
    monkeypatch.setattr(importlib.metadata, "version", missing)
    failed = {check.name for check in examine(tmp_path / "runs") if not check.ok}
    assert failed == {*NEEDED, "runs"}


def test_the_peak_of_memory_covers_what_was_held_since_the_reset() -> None:
    reset_peak()
    before = peak_bytes()
    held = bytearray(b"x") * 64_000_000
    assert peak_bytes() - before > 40_000_000
    assert len(held) == 64_000_000
