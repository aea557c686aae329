"""The first real batch of a stage to a file a person can look at: each token's text and whether its loss counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trivium.text.tokenizer import Tokenizer
from trivium.training.batch import Tree

SHOWN = 4


def tree_pieces(tokenizer: Tokenizer, tree: Tree) -> list[dict[str, Any]]:
    """Return the tree's tokens in order as `{text, loss, special, branch}`."""
    wanted = [bool(x) for x in tree.prompt_loss] if tree.prompt_loss is not None else [False] * len(tree.prompt)
    pieces = []
    paths = [(0, tree.prompt, [False, *wanted[1:]]), *((b, r, [True] * len(r)) for b, r in enumerate(tree.replies, 1))]
    for branch, ids, loss in paths:
        for token, counts in zip(ids, loss, strict=True):
            special = int(token) in tokenizer.special_ids
            text = tokenizer.decode([int(token)], skip_special=False)
            pieces.append({"text": text, "loss": counts, "special": special, "branch": branch})
    return pieces


def write_first_batch(
    path: Path, tokenizer: Tokenizer, trees: Sequence[Tree], weights: Sequence[Sequence[float]] = ()
) -> None:
    """Write the first few trees of the first step, as the model sees them.

    `weights` has one row for each tree, of one reply each: a weight for each reply token (what follows is padding).
    """
    pieces = [tree_pieces(tokenizer, tree) for tree in trees[:SHOWN]]
    for row, mine in zip(pieces, weights, strict=False):
        for piece, weight in zip((one for one in row if one["branch"]), mine, strict=False):
            piece["weight"] = weight
    rows = [{"name": tree.name, "pieces": row} for tree, row in zip(trees, pieces, strict=False)]
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
