"""Corrupted copies: one and two tokens exchanged for likely ones, the end of turn left, a pure function of the draw."""

import numpy as np
import torch

from trivium.alignment.corruption import CANDIDATES, RANKS, corruptible
from trivium.core.seed import stream
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise
from trivium.training.batch import Tree
from trivium.training.language import Layout

SHAPE = ModelConfig(vocab_size=30, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=8, initializer_range=0.3)  # fmt: skip
END = 29


def model() -> LanguageModel:
    made = LanguageModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(4))
    return made


def trees() -> list[Tree]:
    rng = stream(1, "corruption")
    return [
        Tree(rng.integers(0, END, rng.integers(1, 9)).tolist(), ((*rng.integers(0, END, size).tolist(), END),), name=f"t{size}")
        for size in (1, 2, 5, 9, 3)
    ]  # fmt: skip


def test_copies_differ_in_one_and_in_two_tokens_before_the_end():
    pool = corruptible(model(), trees(), Layout(32, 64))
    assert [one.tree.name for one in pool] == ["t2", "t5", "t9", "t3"]  # one token and its end: no room for two exchanges
    for one in pool:
        for draw in range(20):
            group = one.group(stream(draw, "x"))
            first, *copies = group.tree.replies
            assert tuple(first) == tuple(one.tree.replies[0])
            assert [sum(a != b for a, b in zip(first, copy, strict=True)) for copy in copies] == [1, 2]
            assert all(copy[-1] == END for copy in copies)
            assert group.mean_ranks == RANKS


def test_candidates_are_the_likeliest_but_the_token_itself():
    made = model()
    (tree,) = [one for one in trees() if one.name == "t5"]
    (found,) = corruptible(made, [tree], Layout(32, 64))
    ids = torch.tensor([*tree.prompt, *tree.replies[0]])
    with torch.no_grad():
        logits = made.logits(made(ids[None], torch.arange(len(ids))[None]))[0]
    for number, token in enumerate(tree.replies[0][:-1]):
        row = logits[len(tree.prompt) + number - 1].clone()
        row[token] = -torch.inf
        assert set(found.tokens_NC[number]) == set(row.topk(CANDIDATES).indices.tolist())
        assert np.all(found.chances_NC[number] > 0)


def test_the_same_draw_gives_the_same_copies():
    pool = corruptible(model(), trees(), Layout(32, 64))
    assert pool[2].group(stream(1, "a")).tree.replies == pool[2].group(stream(1, "a")).tree.replies
    assert pool[2].group(stream(1, "a")).tree.replies != pool[2].group(stream(1, "b")).tree.replies
