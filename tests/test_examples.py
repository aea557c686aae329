"""Runs every example on something tiny, and holds it to its size."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tiny import tiny_checkpoint

EXAMPLES = Path(__file__).parents[1] / "examples"
MAX_LINES = 60


def load(name: str) -> Callable[..., Any]:
    """Return an example's main function."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Any] = module.main
    return found


def test_each_example_fits_a_screen_and_is_listed() -> None:
    page = (EXAMPLES / "README.md").read_text()
    for file in EXAMPLES.glob("*.py"):
        assert len(file.read_text().splitlines()) <= MAX_LINES, file.name
        assert f"({file.name})" in page


def test_ranking_finds_the_reply_that_everyone_put_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert load("rank_replies")().startswith("I cannot see it")
    assert "winner: I cannot see it" in capsys.readouterr().out


def test_the_primer_grades_its_own_demonstrations() -> None:
    grades = load("ask_the_primer")(40)
    assert sum(grade.right for grade in grades) > 20


def test_a_folder_of_text_becomes_a_base_model(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    for index in range(20):
        (folder / f"{index}.txt").write_text(f"The cat number {index} sat on the mat and looked at the wide sea.\n" * 20)
    assert isinstance(load("own_text")(folder, tmp_path / "runs", num_steps=2), str)
    assert (tmp_path / "runs" / "own-text" / "pretrain" / "model.safetensors").is_file()


def test_the_best_of_n_is_one_of_them(tmp_path: Path) -> None:
    assert isinstance(load("best_of_n")(tiny_checkpoint(tmp_path), "Hello?", n=3), str)


def test_transformers_writes_the_same_words(tmp_path: Path) -> None:
    ours, theirs = load("open_in_transformers")(tiny_checkpoint(tmp_path), "The capital of France?", max_new_tokens=6)
    assert ours == theirs
