"""Folders to a toy recipe with its data."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two small texts."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").write_text("One.\n")
    (folder / "b.txt").write_text("Two.\n")
    return folder


@pytest.fixture
def recipe_file(tmp_path: Path, data: Path) -> Path:
    """A recipe over the toy road."""
    file = tmp_path / "toy.toml"
    file.write_text(
        f'seed = 7\n\n[sources]\nfolder = "{data}"\n\n[pretrain]\nsteps = 3\n\n[policy]\nmethod = "ppo"\nkl = 0.2\n'
    )
    return file
