from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.assemble.invented import Invented, card, share, whole
from trivium.evaluation.assemble.scores import card_of, costs, score_rows, task_rows, verdict_words
from trivium.evaluation.card import card_json


def test_costs_are_the_sum_of_seconds_and_the_highest_peak_over_what_is_made(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    assert costs(run.trail()) == {}
    for name in ("sources", "corpus", "tokenizer"):
        run.make(name)
    found = costs(run.trail())
    assert found["wall_seconds"].model_dump(exclude_none=True) == {"value": 7.5, "n": 3, "low": 7.5, "high": 7.5}
    assert (found["peak_memory_bytes"].value, found["peak_memory_bytes"].n) == (3000.0, 3)


def test_every_bar_has_a_row_and_one_that_was_not_measured_is_missed(tmp_path: Path) -> None:
    trail = whole(tmp_path).trail()
    rows = {row.key: row for row in score_rows(trail)}
    assert rows["policy.over_refusal"].verdict == "missed"
    missing = rows["bits_per_byte.policy_without_mix"]
    assert (missing.verdict, missing.value, missing.undefined) == ("missed", None, "it was not measured")
    assert verdict_words(score_rows(trail)).startswith("20 of 22 bars met; missed: policy.over_refusal and bits")
    assert rows["wall_seconds"].verdict == "met"
    assert rows["wall_seconds"].low is None


def test_a_bar_that_hangs_on_another_measure_says_where_it_lies(tmp_path: Path) -> None:
    rows = {row.key: row for row in score_rows(whole(tmp_path).trail())}
    assert rows["bits_per_byte.policy"].bar == "at most 1.01 × sft: 1.414"
    assert rows["comparisons.agreement"].bar_lines == pytest.approx((0.72, 0.82))
    assert rows["policy.answers_held_out"].bar == "within 0.03 of sft: 0.94 to 1.00"


def test_without_an_evaluation_there_is_no_row_but_there_are_costs(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    run.make("sources")
    assert score_rows(run.trail()) == ()
    assert sorted(card_of(run.trail())) == ["peak_memory_bytes", "wall_seconds"]


def test_no_bar_applies_where_nobody_knows_the_truth_and_each_source_has_its_row(tmp_path: Path) -> None:
    run = Invented(tmp_path, method="heldout")
    for name in ("sources", "corpus", "tokenizer", "tokens", "pretrain", "demonstrations", "sft", "comparisons"):
        run.make(name)
    for name in ("reward", "policy", "policy_without_mix"):
        run.make(name)
    kept = {key: one for key, one in card().items() if key.startswith(("bits", "comparisons")) or key.endswith("stops")}
    kept |= {"reward.pair_accuracy": share(0.6), "reward.pair_accuracy.attacks": share(0.7)}
    kept |= {"comparisons.kendall_w": share(None)}
    run.make("evaluate", {"scorecard.json": card_json(kept)})
    rows = score_rows(run.trail())
    assert {row.verdict for row in rows} == {"no bar"}
    assert [row.label for row in rows if row.key.startswith("reward.pair")][1] == "… from attacks"
    assert next(row for row in rows if row.key == "comparisons.kendall_w").undefined == "nothing was asked"
    assert all(row.bar == "" for row in rows)
    assert verdict_words(rows) == "no bar applies"


def test_tasks_that_no_model_was_measured_on_are_left_out(tmp_path: Path) -> None:
    tasks = task_rows(whole(tmp_path).trail())
    assert [task.label for task in tasks][:3] == ["Generation", "Brainstorming", "Open question"]
    assert len(tasks) == 10
    assert tasks[0].sft is not None
    assert tasks[0].sft.value == 0.9
    assert task_rows(Invented(tmp_path / "bare").trail()) == ()
