"""The reward stage: which groups it learns from, why others are left out, and where its zero lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stages.given import artifact, context, prompt
from tiny import tiny_checkpoint
from trivium.core.errors import SourceError
from trivium.core.kinds import Checkpoint, Comparisons, Demonstrations, Tokens
from trivium.core.manifest import draft_manifest
from trivium.human.ranking import aggregate, group
from trivium.model.decoder import ScalarModel
from trivium.model.exchange import load_checkpoint
from trivium.records import Comparison, Demonstration
from trivium.stages.reward import RewardConfig, reward
from trivium.text.tokenizer import Tokenizer
from trivium.training.examples import demonstration_tree
from trivium.training.language import Layout
from trivium.training.scores import score_trees

CONFIG = RewardConfig(epochs=1.0, prompts_per_step=4, heldout_share=0.2, row_tokens=48, mix_rows=0)
SHOWN = [Demonstration(prompt=prompt(f"Ask {index}?"), reply="Paris.") for index in range(6)]


def order(text: str, replies: tuple[str, ...], ranks: tuple[int, ...], cut: int | None = None) -> Comparison:
    flags = tuple(("cut",) if index == cut else () for index in range(len(replies))) if cut is not None else ()
    return Comparison(prompt=prompt(text), replies=replies, ranks=ranks, ranker="ann", flags=flags)


def orders(*more: Comparison) -> list[Comparison]:
    return [*(order(f"Question {i}?", ("Paris.", "Go on and on."), (1, 2)) for i in range(14)), *more]


def trained(folder: Path, rows: list[Comparison], seed: int = 5) -> tuple[ScalarModel, Path]:
    checkpoint = Checkpoint("sft", tiny_checkpoint(folder), draft_manifest("checkpoint", {}, ()))
    groups = [aggregate(one) for one in group(rows)]
    ranked = artifact(Comparisons, folder / "comparisons", {"comparisons": rows, "groups": groups})
    shown = artifact(Demonstrations, folder / "shown", {"demonstrations": SHOWN, "heldout": []})
    given = context(folder, seed)
    tokens = Tokens("tokens", folder, draft_manifest("tokens", {}, ()))
    reward(checkpoint, [ranked], shown, tokens, CONFIG, given)
    model = load_checkpoint(given.out, head="scalar")
    assert isinstance(model, ScalarModel)
    return model, given.out


def test_the_saved_model_scores_demonstrations_zero_on_average(tmp_path: Path) -> None:
    model, out = trained(tmp_path, orders())
    words = Tokenizer.load(out)
    scores = score_trees(model, [demonstration_tree(words, row) for row in SHOWN], Layout(48))
    assert sum(row[0] for row in scores) / len(scores) == pytest.approx(0.0, abs=1e-5)


def test_contested_and_too_long_groups_are_left_out_with_their_reason(tmp_path: Path) -> None:
    tied = order("Tied?", ("One.", "Two."), (1, 1))
    long = order("Long?", ("One.", "word " * 60), (1, 2))
    _, out = trained(tmp_path, orders(tied, long))
    ledger = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
    assert [(row["id"], row["reason"]) for row in ledger] == [
        (tied.prompt.id, "all replies have the same mean rank"),
        (long.prompt.id, "longer than the context of 48 tokens"),
    ]


def test_a_reply_that_was_cut_is_shown_without_its_end(tmp_path: Path) -> None:
    rows = [order(f"Question {i}?", ("Paris.", "Go on"), (1, 2), cut=1) for i in range(14)]
    _, out = trained(tmp_path, rows)
    for row in json.loads((out / "first_batch.json").read_text()):
        ends = {b: [p["text"] for p in row["pieces"] if p["branch"] == b][-1] for b in (1, 2)}
        assert ends[1] == "<|end|>"
        assert ends[2] != "<|end|>"


def test_one_prompt_may_come_with_two_sets_of_replies(tmp_path: Path) -> None:
    twice = order("Question 0?", ("Paris.", "Sit up.", "Hold"), (1, 2, 3), cut=2)
    _, out = trained(tmp_path, orders(twice))
    assert (out / "ledger.jsonl").read_text() == ""


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="wanted at least 2 prompts that people could rank, found 1; 1 were left out"):
        trained(tmp_path, [order("One?", ("A.", "B."), (1, 2)), order("Two?", ("A.", "B."), (1, 1))])
