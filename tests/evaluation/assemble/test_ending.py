from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.assemble.invented import Invented, whole
from trivium.core.errors import DivergenceError, StorageError
from trivium.evaluation.assemble.ending import end


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_whole_run_ends_with_a_page_and_a_card_of_all_its_numbers(tmp_path: Path, rounds: int) -> None:
    ending = end(whole(tmp_path, rounds=rounds).trail(command="trivium run invented.toml"))
    page = ending.report.read_text(encoding="utf-8")
    for words in ("20 of 22 bars met", "Asked harm?", "from two orders to a pair", "Held-out text in PPO", "trivium run invented.toml"):
        assert words in page
    table = json.loads(ending.scorecard.read_text(encoding="utf-8"))
    assert table["wall_seconds"] == {"value": 2.5 * len(ending.made), "n": len(ending.made), "low": 2.5 * len(ending.made), "high": 2.5 * len(ending.made)}
    assert {"value", "n", "low", "high"} == set(table["policy.honest"])
    assert list(table) == sorted(table)


def test_the_same_artifacts_give_the_same_files(tmp_path: Path) -> None:
    run = whole(tmp_path)
    first = end(run.trail())
    page, card = first.report.read_bytes(), first.scorecard.read_bytes()
    again = end(run.trail())
    assert (again.report.read_bytes(), again.scorecard.read_bytes()) == (page, card)


def test_a_run_that_stopped_names_the_stage_and_what_to_do(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    for name in ("sources", "corpus", "tokenizer", "tokens"):
        run.make(name)
    error = DivergenceError("the loss became nan at step 3", where="batch: 1, 2", do="lower the learning rate")
    ending = end(run.trail(), error)
    page = ending.report.read_text(encoding="utf-8")
    assert "Pretrain stopped: the loss became nan at step 3." in page
    assert "lower the learning rate" in page
    assert ending.data.scorecard == ()
    assert json.loads(ending.scorecard.read_text())["wall_seconds"]["n"] == 4


def test_a_run_of_nothing_still_has_a_page(tmp_path: Path) -> None:
    ending = end(Invented(tmp_path).trail())
    assert {station.state for station in ending.data.road} == {"not_run"}
    assert "No stage logged a step" in ending.report.read_text(encoding="utf-8")
    assert json.loads(ending.scorecard.read_text()) == {}


def test_a_folder_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    run.store.root.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot write here"):
        end(run.trail())
