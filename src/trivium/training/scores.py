"""Trees to a scalar model's scores: one number at the end of each reply, in the order of trees, then replies."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trivium.model.decoder import ScalarModel
from trivium.training.batch import PackedBatch, Tree, micro_rows, pack
from trivium.training.language import Layout


def end_scores(model: ScalarModel, batch: PackedBatch) -> Tensor:
    """Return the scores [M] at the last token of each reply of the batch."""
    scores_BT: Tensor = model(batch.ids_BT, batch.positions_BT, batch.allowed)
    return scores_BT.flatten().index_select(0, batch.end_M)


@torch.inference_mode()
def score_trees(model: ScalarModel, trees: Sequence[Tree], layout: Layout) -> list[list[float]]:
    """Return each tree's scores, one per reply (one for the whole where it has no replies)."""
    scores: list[list[float]] = [[] for _ in trees]
    device = next(model.parameters()).device
    for rows in micro_rows(trees, layout.row_tokens, layout.micro_tokens):
        used = sorted(index for row in rows for index in row)
        batch = pack(trees, rows)
        values = end_scores(model, batch.to(device)).tolist()
        for order, value in zip(batch.tree_M.tolist(), values, strict=True):
            scores[used[order]].append(value)
    return scores
