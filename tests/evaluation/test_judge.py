"""Holds the judge to what it must find: rewards of replies as they ended, orders as the truth has them, distances of 0."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tiny import tiny_checkpoint
from trivium.evaluation.bars import BARS
from trivium.evaluation.judge import (
    KINDS,
    Judge,
    heldout_pairs_by_source,
    ordered_rightly,
    pair_accuracy_against_truth,
    reply_kl,
)
from trivium.evaluation.speaker import Speaker, Spoken
from trivium.evaluation.suites import Exam, ask
from trivium.inference.drawing import Drawing
from trivium.primer.demonstrations import PROMPT_SHARES
from trivium.primer.items import Item
from trivium.primer.truth import Truth, grade
from trivium.records import Comparison, Prompt
from trivium.training.batch import Tree

DRAWING = Drawing(strays=(3, 8), max_new_tokens=6)
STEPS = Truth(kind="steps", keywords=("hold", "ride"), topic=("horse",))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A language model and a reward model with the same tokenizer, both with random weights."""
    folder = tmp_path_factory.mktemp("models")
    return tiny_checkpoint(folder / "language"), tiny_checkpoint(folder / "scalar", scalar=True)


@pytest.fixture
def speaker(models: tuple[Path, Path]) -> Speaker:
    return Speaker("sft", models[0], "cpu", chat=True)


@pytest.fixture
def judge(models: tuple[Path, Path]) -> Judge:
    return Judge(models[1], "cpu")


def exam(num_items: int) -> Exam:
    prompts = [Prompt.of(f"How {chr(97 + number)}?", origin="primer", source="primer") for number in range(num_items)]
    items = [Item(id=prompt.id, suite="benign", split="dev", prompt=prompt, truth=STEPS) for prompt in prompts]
    return Exam(seed=5, max_new_tokens=6, temperature=1.0, items=items)


def test_a_reply_is_scored_up_to_its_end_of_turn(judge: Judge, speaker: Speaker) -> None:
    prompt = tuple(judge.words.chat(exam(1).items[0].prompt.messages, reply_follows=True).ids)  # type: ignore[union-attr]
    words, end, bos = tuple(judge.words.encode("Sit up.")), judge.words.end_of_turn_id, judge.words.bos_id
    (answer, _), *_ = ask(speaker, exam(1), exam(1).items, greedy=True)
    cases = {"ended": ((*words, end), True), "new document": ((*words, bos), True), "cut": (words, False)}
    said = {name: Spoken("", prompt, ids, stopped) for name, (ids, stopped) in cases.items()}
    rewards = {name: judge.scored([(answer, one)])[0].reward for name, one in said.items()}
    assert rewards["ended"] == pytest.approx(judge.score([Tree(prompt=prompt, replies=((*words, end),))])[0][0])
    assert rewards["new document"] == rewards["ended"]
    assert rewards["cut"] == pytest.approx(judge.score([Tree(prompt=prompt, replies=(words,))])[0][0])
    assert rewards["cut"] != rewards["ended"]


def test_a_model_is_at_distance_zero_from_itself_and_apart_from_another(
    models: tuple[Path, Path], speaker: Speaker, tmp_path: Path
) -> None:
    measure = reply_kl(speaker, speaker, exam(3))
    assert (measure.value, measure.n) == (0.0, 3)
    warmer = Speaker("warm", models[0], "cpu", chat=True)
    warmer.model.lm_head.weight.data *= 0.5
    apart = reply_kl(speaker, warmer, exam(3))
    assert apart.value is not None
    assert apart.value != 0.0


def test_all_models_are_asked_the_same_prompts_and_only_those_that_fit(judge: Judge, speaker: Speaker) -> None:
    prompts = [item.prompt for item in exam(4).items if item.prompt]
    long = Prompt.of("far " * 60, origin="primer", source="primer")
    answers, kl = judge.samples({"sft": speaker, "policy": speaker}, exam(0), [*prompts, long], count=3)
    asked = {name: [answer.item for answer in answers if answer.model == "sft"] for name in ("sft", "policy")}
    assert asked["sft"] == asked["policy"]
    assert len(asked["sft"]) == 3
    assert long.id not in asked["sft"]
    assert all(answer.reward is not None and answer.kind == "unknown" for answer in answers)
    assert kl.value == 0.0


def by_length(judge: Judge, monkeypatch: pytest.MonkeyPatch, sign: int = 1) -> None:
    """Make the judge like long replies (or short ones)."""

    def score(trees: Sequence[Tree]) -> list[list[float]]:
        return [[sign * float(len(reply)) for reply in tree.replies] for tree in trees]

    monkeypatch.setattr(judge, "score", score)


def test_accuracy_against_the_truth_is_one_for_a_judge_that_knows_it(
    judge: Judge, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def golds(trees: Sequence[Tree]) -> list[list[float]]:
        def gold(reply: Sequence[int]) -> float:
            return grade(STEPS, judge.words.decode(list(reply)), reply[-1] == judge.words.end_of_turn_id).gold

        return [[gold(reply) for reply in tree.replies] for tree in trees]

    monkeypatch.setattr(judge, "score", golds)
    paper = exam(12)
    card = pair_accuracy_against_truth(judge, speaker, paper, DRAWING)
    found = card["reward.pair_accuracy"]
    assert found.value == 1.0
    assert 0 < found.n <= 12
    assert card["reward.pair_accuracy.benign"] == found
    assert card["reward.pair_accuracy.tasks"].value is None
    monkeypatch.setattr(judge, "score", lambda trees: [[-one for one in row] for row in golds(trees)])
    assert pair_accuracy_against_truth(judge, speaker, paper, DRAWING)["reward.pair_accuracy"].value == 0.0


def test_pairs_without_a_clear_truth_have_no_right_order() -> None:
    assert ordered_rightly([1.0, 0.95, 0.0], [0.1, 0.9, 0.0]) == [True, True]
    assert ordered_rightly([0.5, 0.5], [1.0, 2.0]) == []
    assert ordered_rightly([1.0, 0.0], [1.0, 1.0]) == [False]


def order(
    prompt: Prompt, ranks: tuple[int, ...], ranker: str = "ada", replies: tuple[str, ...] = ("Go.", "Go, and hold on.")
) -> Comparison:
    return Comparison(prompt=prompt, replies=replies, ranks=ranks, ranker=ranker)


def test_held_out_orders_are_counted_by_source_and_several_peoples_as_one(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_length(judge, monkeypatch)
    a, b, c = (
        Prompt.of(text, origin="dataset", source=source) for text, source in (("a", "one"), ("b", "one"), ("c", "two"))
    )
    orders = [
        order(a, (2, 1)),
        order(b, (1, 2), "ada"),
        order(b, (2, 1), "bo"),
        order(b, (2, 1), "cy"),
        order(c, (1, 2)),
    ]
    found = heldout_pairs_by_source(judge, orders)
    assert {key: (one.value, one.n) for key, one in found.items()} == {
        "reward.pair_accuracy": (pytest.approx(2 / 3), 3),
        "reward.pair_accuracy.one": (1.0, 2),
        "reward.pair_accuracy.two": (0.0, 1),
    }


def test_ties_and_what_is_longer_than_the_context_are_left_out(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    by_length(judge, monkeypatch)
    tied, long = (Prompt.of(text, origin="dataset", source="one") for text in ("a", "far " * 60))
    found = heldout_pairs_by_source(judge, [order(tied, (1, 1)), order(long, (2, 1))])
    assert found["reward.pair_accuracy"].n == 0
    assert heldout_pairs_by_source(judge, []) == {}


def test_every_kind_of_prompt_in_the_pool_is_measured_and_has_its_row() -> None:
    assert set(KINDS) == set(PROMPT_SHARES)
    assert {f"reward.pair_accuracy.{kind}" for kind in KINDS} <= {bar.key for bar in BARS}
