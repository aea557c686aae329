"""Tests of trivium.primer.files: what is written is read, and a bad line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from trivium.core.errors import SourceError
from trivium.primer.files import read, write
from trivium.primer.world import World


def test_a_written_world_reads_back_the_same(world: World, tmp_path: Path):
    write(world, tmp_path)
    assert read(tmp_path) == world
    assert "Synthetic" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_a_missing_file_and_a_bad_line_are_named(world: World, tmp_path: Path):
    with pytest.raises(SourceError, match=r"documents\.jsonl"):
        read(tmp_path)
    write(world, tmp_path)
    with (tmp_path / "prompts.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": 3}\n')
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert caught.value.where.endswith(f"prompts.jsonl:{len(world.prompts) + 1}")
