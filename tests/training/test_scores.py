"""Scores of trees: each reply's is the one it has alone, in the order of trees and replies, however they are packed."""

from __future__ import annotations

import pytest
import torch

from trivium.core.seed import stream
from trivium.model.config import ModelConfig
from trivium.model.decoder import ScalarModel, initialise
from trivium.training.batch import Tree
from trivium.training.language import Layout
from trivium.training.scores import score_trees

SHAPE = ModelConfig(vocab_size=30, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=8, initializer_range=0.3)  # fmt: skip


def model() -> ScalarModel:
    made = ScalarModel(SHAPE, bias=0.25)
    initialise(made, torch.Generator().manual_seed(4))
    return made


def trees() -> list[Tree]:
    rng = stream(1, "trees")
    return [
        Tree(
            rng.integers(0, 30, rng.integers(1, 12)).tolist(),
            tuple(rng.integers(0, 30, rng.integers(1, 9)).tolist() for _ in range(index % 4)),
        )
        for index in range(9)
    ]


@torch.no_grad()
def alone(made: ScalarModel, ids: list[int]) -> float:
    return float(made(torch.tensor([ids]), torch.arange(len(ids))[None])[0, -1])


@pytest.mark.parametrize("layout", [Layout(1, 1), Layout(30, 60), Layout(64, 4096)])
def test_every_reply_is_scored_at_its_own_end_as_if_it_stood_alone(layout: Layout) -> None:
    made = model()
    wanted = [[alone(made, [*t.prompt, *reply]) for reply in t.replies or ([],)] for t in trees()]
    found = score_trees(made, trees(), layout)
    assert [len(row) for row in found] == [len(row) for row in wanted]
    for row, expected in zip(found, wanted, strict=True):
        assert row == pytest.approx(expected, abs=1e-5)


def test_no_trees_have_no_scores() -> None:
    assert score_trees(model(), [], Layout(30)) == []
