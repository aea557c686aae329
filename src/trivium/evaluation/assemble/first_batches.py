"""The first batch that each training stage wrote down to rows of tokens, with what the loss counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from trivium.evaluation.assemble.harm import harmful_prompts
from trivium.evaluation.assemble.trail import Trail
from trivium.evaluation.report.data import BatchRow, FirstBatch, Piece

MIN_SHOWN_GROUPS = 2
"""Trees of the reward model that are shown, each with many rows: more only until one is not folded."""
SHOWN_TOKENS = 220
"""Tokens of a row that are shown; the rest is counted."""
LEAD_TOKENS = 40
"""Where a row is cut at its head, so many tokens before the first that counts are shown."""

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


def _batch(trail: Trail, stage: str, harmful: frozenset[str]) -> FirstBatch | None:
    path = trail.file(stage, "first_batch.json")
    if path is None:
        return None
    trees = json.loads(path.read_text(encoding="utf-8"))
    if stage == "reward":
        first_open = next((place for place, tree in enumerate(trees) if tree["name"] not in harmful), 0)
        trees = trees[: max(MIN_SHOWN_GROUPS, first_open + 1)]
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
    if len(branches) <= 2 or folded:
        what = "piece" if stage == "pretrain" else "prompt"
        more = f" with its {len(branches) - 1} replies" if len(branches) > 2 else ""
        yield _row(stage, pieces, f"{what} {number}{more}: {tree['name']}", folded)
        return
    for branch in branches:
        mine = [piece for piece in pieces if piece["branch"] == branch]
        name = f"reply {_BRANCHES[branch - 1]} to" if branch else "the prompt,"
        yield _row(stage, mine, f"{name} prompt {number}", folded)


def _row(stage: str, pieces: list[Mapping[str, Any]], note: str, harmful: bool) -> BatchRow:
    """Return a row from its head, or, where nothing counts until late, from a little before the first that does."""
    first = next((place for place in range(len(pieces)) if _counts(stage, pieces, place)), 0)
    late = first + LEAD_TOKENS > SHOWN_TOKENS
    start = max(0, min(first - LEAD_TOKENS, len(pieces) - SHOWN_TOKENS)) if late else 0
    end = min(len(pieces), start + SHOWN_TOKENS)
    return BatchRow(
        pieces=tuple(_piece(stage, pieces, place) for place in range(start, end)),
        note=note + (f"; its first {start} tokens are left out" if start else ""),
        num_left_out=len(pieces) - end,
        harmful=harmful,
    )


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
