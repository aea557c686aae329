"""Optimisers: what they group, what Muon does to singular values, and that they go downhill and come back from a file."""

import pytest
import torch
from torch import nn

from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise
from trivium.training.optimizer import Muon, OptimizerConfig, build_optimizer, orthogonalise

SHAPE = ModelConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
                    num_key_value_heads=1, head_dim=8)  # fmt: skip


def model(config: ModelConfig = SHAPE) -> LanguageModel:
    made = LanguageModel(config)
    initialise(made, torch.Generator().manual_seed(3))
    return made


@pytest.mark.parametrize("shape", [(32, 96), (96, 32), (64, 128)])
def test_orthogonalise_brings_the_singular_values_near_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 7e-4
    values = torch.linalg.svdvals(orthogonalise(matrix))
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_orthogonalise_keeps_the_singular_vectors():
    matrix = torch.randn(12, 20, generator=torch.Generator().manual_seed(1))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    rotated = left.T @ orthogonalise(matrix) @ right.T
    assert (rotated - torch.diag(rotated.diagonal())).abs().max() < 1e-4


def test_orthogonalise_of_zero_is_zero_and_not_nan():
    assert torch.equal(orthogonalise(torch.zeros(4, 6)), torch.zeros(4, 6))


def test_muon_takes_the_step_its_formula_says():
    weight = nn.Parameter(torch.eye(2))
    gradient = torch.tensor([[3.0, 0.0], [0.0, 3.0]])
    weight.grad = gradient.clone()
    optimizer = Muon([weight], lr=0.1, momentum=0.5, weight_decay=0.2)
    optimizer.step()
    update = orthogonalise(gradient)  # the momentum of one gradient has its direction; the size is normalised away
    torch.testing.assert_close(weight.detach(), torch.eye(2) * (1 - 0.1 * 0.2) - 0.1 * update)


def test_muon_takes_hidden_matrices_only_and_adamw_the_rest():
    untied = SHAPE.model_copy(update={"tie_word_embeddings": False})
    made = model(untied)
    optimizers = build_optimizer([made], OptimizerConfig(method="muon"))
    names = {id(parameter): name for name, parameter in made.named_parameters()}
    muon = {names[id(p)] for group in optimizers.members[1].param_groups for p in group["params"]}
    adamw = {names[id(p)] for group in optimizers.members[0].param_groups for p in group["params"]}
    assert all(name.endswith("_proj.weight") for name in muon)
    assert {"model.embed_tokens.weight", "lm_head.weight", "model.norm.weight"} <= adamw
    assert muon | adamw == set(names.values())
    assert not muon & adamw


def test_vectors_and_embeddings_do_not_decay():
    made = model()
    names = {id(parameter): name for name, parameter in made.named_parameters()}
    (adamw,) = build_optimizer([made], OptimizerConfig(weight_decay=0.3)).members
    decayed = {names[id(p)] for g in adamw.param_groups if g["weight_decay"] == 0.3 for p in g["params"]}
    plain = {names[id(p)] for g in adamw.param_groups if g["weight_decay"] == 0.0 for p in g["params"]}
    assert all(name.endswith("_proj.weight") for name in decayed)
    assert all("norm" in name or "embed" in name for name in plain)


def test_frozen_and_shared_parameters_are_counted_once_or_not_at_all():
    made = model()
    made.model.layers[0].requires_grad_(False)
    (adamw,) = build_optimizer([made, made.model], OptimizerConfig()).members
    held = [id(p) for group in adamw.param_groups for p in group["params"]]
    assert len(held) == len(set(held)) == sum(p.requires_grad for p in made.parameters())


@pytest.mark.parametrize("method", ["adamw", "muon"])
def test_the_loss_goes_down(method):
    made = model()
    optimizers = build_optimizer([made], OptimizerConfig(method=method, learning_rate=1e-2))
    ids = torch.randint(40, (4, 12), generator=torch.Generator().manual_seed(5))
    positions = torch.arange(12).expand(4, 12)
    losses = []
    for _ in range(30):
        logits = made.logits(made(ids, positions))
        loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        optimizers.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
    assert all(p.grad is None for p in made.parameters())


def test_the_share_moves_every_group_from_its_own_peak():
    optimizers = build_optimizer([model()], OptimizerConfig(method="muon", learning_rate=0.01, muon_learning_rate=0.2))
    optimizers.set_share(0.5)
    optimizers.set_share(0.25)
    rates = [group["lr"] for member in optimizers.members for group in member.param_groups]
    assert sorted(set(rates)) == [0.0025, 0.05]


def test_adamw_equals_its_paper_on_the_first_step():
    weight = nn.Linear(2, 2, bias=False)
    nn.init.ones_(weight.weight)
    config = OptimizerConfig(learning_rate=0.1, weight_decay=0.5, epsilon=1e-8)
    optimizers = build_optimizer([weight], config)
    weight.weight.grad = torch.tensor([[4.0, -4.0], [1e-3, 0.0]])
    optimizers.step()
    wanted = torch.tensor([[0.85, 1.05], [0.85, 0.95]])  # 1 · (1 - 0.1 · 0.5) - 0.1 · sign(gradient), bias-corrected
    torch.testing.assert_close(weight.weight.detach(), wanted, atol=1e-5, rtol=0)
