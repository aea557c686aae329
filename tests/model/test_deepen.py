"""Layers put on top: the same scores at first, and trainable."""

import torch

from trivium.model.config import ModelConfig
from trivium.model.decoder import ScalarModel, initialise
from trivium.model.deepen import deepen

SHAPE = ModelConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=8, qk_norm=True)  # fmt: skip


def test_a_deeper_model_scores_as_before_and_its_new_layers_learn():
    made = ScalarModel(SHAPE)
    initialise(made, torch.Generator().manual_seed(1))
    ids, positions = torch.arange(12).view(2, 6), torch.arange(6).expand(2, 6)
    before = made(ids, positions)
    deepen(made, 2, torch.Generator().manual_seed(2))
    assert made.config.num_hidden_layers == made.model.config.num_hidden_layers == len(made.model.layers) == 4
    after = made(ids, positions)
    torch.testing.assert_close(after, before, rtol=0, atol=0)
    after.sum().backward()
    for layer in list(made.model.layers)[2:]:
        assert layer.self_attn.o_proj.weight.grad.abs().sum() > 0
        assert layer.mlp.down_proj.weight.grad.abs().sum() > 0


def test_no_layers_more_change_nothing():
    made = ScalarModel(SHAPE)
    deepen(made, 0, torch.Generator())
    assert made.config == SHAPE
