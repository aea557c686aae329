"""The first batch that each training stage wrote down to rows of tokens, with what the loss counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trivium.evaluation.assemble.trail import Trail
from trivium.evaluation.report.data import BatchRow, FirstBatch, Piece
from trivium.records import Demonstration, Prompt

SHOWN_TOKENS = 220
"""Tokens of a row that are shown; the rest is counted."""
HARMFUL = "harmful"
"""The kind of a prompt that asks for harm."""

_WHAT = {
    "pretrain": "Raw text: every token is predicted but the first of a document. These are pieces of packed rows.",
    "sft": "Conversations: only the assistant's words and its end of turn are predicted.",
    "reward": "One prompt and all its replies, which share the prompt and do not see each other: "
    "the score is read at the end of each, and all pairs are compared at once. Nothing is predicted.",
    "policy": "Replies that the model sampled itself: each token is pushed up or down by its advantage.",
}
_BRANCHES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def first_batches(trail: Trail) -> tuple[FirstBatch, ...]:
    """Return the first rows of the first step of each training stage; of several rounds, the last one's."""
    harmful = harmful_prompts(trail)
    found = (_batch(trail, stage, harmful) for stage in _WHAT)
    return tuple(batch for batch in found if batch is not None)


def harmful_prompts(trail: Trail) -> frozenset[str]:
    """Return the ids of the prompts that are known to ask for harm."""
    prompts = (row for row in trail.rows("sources", "prompts.jsonl", Prompt))
    shown = (row.prompt for row in trail.rows("sources", "demonstrations.jsonl", Demonstration))
    return frozenset(prompt.id for source in (prompts, shown) for prompt in source if prompt.kind == HARMFUL)


def _batch(trail: Trail, stage: str, harmful: frozenset[str]) -> FirstBatch | None:
    path = trail.file(stage, "first_batch.json")
    if path is None:
        return None
    trees = json.loads(path.read_text(encoding="utf-8"))
    rows = [row for number, tree in enumerate(trees, 1) for row in _rows(stage, number, tree, harmful)]
    pieces = [piece for tree in trees for piece in tree["pieces"]]
    num_loss = sum(_counts(stage, tree["pieces"], place) for tree in trees for place in range(len(tree["pieces"])))
    weighted = any("weight" in piece for piece in pieces)
    return FirstBatch(
        stage=stage,
        what=f"{_WHAT[stage]} The first {len(trees)} of the step are shown and counted.",
        rows=tuple(rows),
        num_tokens=len(pieces),
        num_loss_tokens=num_loss,
        weight_means="advantages" if weighted else "",
    )


def _rows(stage: str, number: int, tree: Mapping[str, Any], harmful: frozenset[str]) -> Iterable[BatchRow]:
    """Yield one row a tree; a tree with several replies gives a row for the prompt and one for each reply."""
    pieces = tree["pieces"]
    branches = sorted({piece["branch"] for piece in pieces})
    folded = tree["name"] in harmful
    if len(branches) <= 2:
        yield _row(stage, pieces, f"{'piece' if stage == 'pretrain' else 'row'} {number}: {tree['name']}", folded)
        return
    for branch in branches:
        mine = [piece for piece in pieces if piece["branch"] == branch]
        name = f"reply {_BRANCHES[branch - 1]} to" if branch else "the prompt,"
        yield _row(stage, mine, f"{name} prompt {number}", folded)


def _row(stage: str, pieces: list[Mapping[str, Any]], note: str, harmful: bool) -> BatchRow:
    shown = tuple(_piece(stage, pieces, place) for place in range(min(len(pieces), SHOWN_TOKENS)))
    return BatchRow(pieces=shown, note=note, num_left_out=max(0, len(pieces) - SHOWN_TOKENS), harmful=harmful)


def _piece(stage: str, pieces: list[Mapping[str, Any]], place: int) -> Piece:
    piece = pieces[place]
    return Piece(
        text=piece["text"],
        loss=_counts(stage, pieces, place),
        special=piece["special"],
        weight=piece.get("weight"),
    )


def _counts(stage: str, pieces: list[Mapping[str, Any]], place: int) -> bool:
    """Say whether the loss reads this place: for the reward model the last of a reply, else what was written down."""
    piece = pieces[place]
    if stage != "reward":
        return bool(piece["loss"])
    last = place + 1 == len(pieces) or pieces[place + 1]["branch"] != piece["branch"]
    return bool(piece["branch"]) and last
