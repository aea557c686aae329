from __future__ import annotations

from pathlib import Path

from evaluation.assemble.invented import Invented, whole
from trivium.core.errors import DivergenceError
from trivium.evaluation.assemble.trail import halt_of, num_rounds


def test_a_run_stopped_at_the_first_stage_that_is_wanted_and_missing(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    for name in ("sources", "corpus", "tokenizer"):
        run.make(name)
    assert run.trail().first_missing() == "tokens"
    assert run.trail(until="tokenizer").first_missing() is None
    assert run.trail(until="demonstrations").first_missing() == "demonstrations"


def test_the_measurements_of_a_stopped_stage_are_read_from_its_scratch_folder(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    assert run.trail().log("pretrain") == []
    run.log("pretrain", [{"step": 0, "loss": 7.0}])
    assert run.trail().log("pretrain") == [{"step": 0, "loss": 7.0}]


def test_rounds_are_counted_by_the_names_of_their_stages(tmp_path: Path) -> None:
    assert num_rounds(Invented(tmp_path / "one").graph) == 1
    assert num_rounds(Invented(tmp_path / "three", rounds=3).graph) == 3


def test_numbers_without_a_value_and_missing_stages_are_none(tmp_path: Path) -> None:
    run = Invented(tmp_path)
    run.make("sources", documents=None, prompts=3)
    trail = run.trail()
    assert (trail.number("sources", "documents"), trail.number("sources", "prompts")) == (None, 3.0)
    assert (trail.number("corpus", "documents"), trail.file("sources", "none.json")) == (None, None)
    assert trail.config("nowhere") == {}


def test_what_stopped_a_run_is_said_in_a_sentence_with_the_next_action() -> None:
    halt = halt_of(DivergenceError("the loss became nan at step 8.", do="lower the rate"), "policy")
    assert (halt.cause, halt.do) == ("the loss became nan at step 8", "lower the rate")
    assert "continues" in halt_of(KeyboardInterrupt(), "sft").do
    assert halt_of(ZeroDivisionError("division by zero"), "sft").cause == "ZeroDivisionError: division by zero"


def test_a_recipe_has_the_same_hash_until_a_setting_changes(tmp_path: Path) -> None:
    one, same, other = whole(tmp_path / "a"), Invented(tmp_path / "b"), Invented(tmp_path / "c", rounds=2)
    assert one.trail().recipe_id == same.trail().recipe_id != other.trail().recipe_id
