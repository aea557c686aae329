from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evaluation.assemble.invented import HARM, KIND, Invented, lines, piece
from trivium.evaluation.assemble.first_batches import SHOWN_TOKENS, first_batches
from trivium.evaluation.report.data import FirstBatch


def made(folder: Path, stage: str, trees: list[dict[str, Any]]) -> FirstBatch:
    """The batch of one stage, read back; the stages above it are made empty."""
    run = Invented(folder)
    run.make("sources", {"prompts.jsonl": lines([KIND, HARM])})
    for name in ("corpus", "tokenizer", "tokens", "pretrain", "demonstrations", "sft", "comparisons", "reward", "policy"):
        run.make(name, {"first_batch.json": json.dumps(trees)} if name == stage else None)
    (batch,) = first_batches(run.trail())
    return batch


def test_what_the_loss_counts_is_as_it_was_written_down(tmp_path: Path) -> None:
    pieces = [piece("Q"), piece("A", loss=True, branch=1), piece("<|end|>", loss=True, branch=1)]
    batch = made(tmp_path, "sft", [{"name": KIND.id, "pieces": pieces}])
    assert [one.loss for one in batch.rows[0].pieces] == [False, True, True]
    assert (batch.num_tokens, batch.num_loss_tokens, batch.weight_means) == (3, 2, "")


def test_of_a_ranked_reply_only_the_end_counts_and_each_reply_has_a_row(tmp_path: Path) -> None:
    pieces = [piece("Q"), *(piece(text, loss=True, branch=branch) for branch in (1, 2) for text in ("A", "B"))]
    batch = made(tmp_path, "reward", [{"name": KIND.id, "pieces": pieces}] * 4)
    assert [row.note for row in batch.rows[:3]] == ["the prompt, prompt 1", "reply A to prompt 1", "reply B to prompt 1"]
    assert [[one.loss for one in row.pieces] for row in batch.rows[:3]] == [[False], [False, True], [False, True]]
    assert (len(batch.rows), batch.num_tokens, batch.num_loss_tokens) == (6, 10, 4)


def test_a_prompt_that_asks_for_harm_is_folded_with_its_replies_and_an_open_one_follows(tmp_path: Path) -> None:
    pieces = [piece("Q"), piece("A", branch=1), piece("B", branch=2)]
    trees = [{"name": name, "pieces": pieces} for name in (HARM.id, HARM.id, HARM.id, KIND.id)]
    batch = made(tmp_path, "reward", trees)
    assert [row.harmful for row in batch.rows] == [True, True, True, False, False, False]
    assert batch.rows[0].note.startswith("prompt 1 with its 2 replies")


def test_advantages_are_kept_with_their_tokens(tmp_path: Path) -> None:
    pieces = [piece("Q"), piece("A", loss=True, branch=1, weight=-0.5)]
    batch = made(tmp_path, "policy", [{"name": KIND.id, "pieces": pieces}])
    assert [one.weight for one in batch.rows[0].pieces] == [None, -0.5]
    assert batch.weight_means == "advantages"


def test_a_long_row_is_cut_at_its_end_or_before_what_counts(tmp_path: Path) -> None:
    early = [piece("a", loss=True) for _ in range(SHOWN_TOKENS + 30)]
    late = [piece("q") for _ in range(500)] + [piece("A", loss=True, branch=1) for _ in range(10)]
    batch = made(tmp_path, "policy", [{"name": "one", "pieces": early}, {"name": "two", "pieces": late}])
    head, tail = batch.rows
    assert (len(head.pieces), head.num_left_out, head.note) == (SHOWN_TOKENS, 30, "prompt 1: one")
    assert (len(tail.pieces), tail.num_left_out) == (SHOWN_TOKENS, 0)
    assert tail.note.endswith(f"its first {510 - SHOWN_TOKENS} tokens are left out")
    assert sum(one.loss for one in tail.pieces) == 10
    assert batch.num_tokens == SHOWN_TOKENS + 30 + 510
