"""Only what an update chooses changes when the model learns."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import TypeAdapter

from trivium.core.errors import RecipeError
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, ScalarModel, initialise
from trivium.model.trainable import Trainable, Update, UpdateAll, UpdateLayers, UpdateLora, select

IDS_BT = torch.arange(12).view(2, 6)


def config(tied: bool) -> ModelConfig:
    return ModelConfig(
        vocab_size=20,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        tie_word_embeddings=tied,
        qk_norm=True,
    )


def changed_by_two_steps(model: Any, update: Any) -> tuple[Trainable, set[str]]:
    initialise(model, torch.Generator().manual_seed(1))
    chosen = select(model, update, torch.Generator().manual_seed(2))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=0.01, weight_decay=0.1)
    for _ in range(2):  # in the first step of LoRA only B has a gradient, for B starts at 0
        optimiser.zero_grad()
        out = model(IDS_BT, torch.arange(6).expand(2, -1))
        loss = -model.logits(out).log_softmax(-1)[..., 3].mean() if isinstance(model, LanguageModel) else out.sum()
        loss.backward()
        optimiser.step()
    return chosen, {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}


def layer_names(model: Any, layer: int, norms: bool = True) -> set[str]:
    names = {name for name, _ in model.named_parameters() if f".layers.{layer}." in name}
    return {name for name in names if norms or "norm" not in name}


@pytest.mark.parametrize("tied", [True, False])
def test_update_all_changes_every_parameter(tied: bool) -> None:
    model = LanguageModel(config(tied))
    chosen, changed = changed_by_two_steps(model, UpdateAll())
    assert changed == set(chosen.names) == {name for name, _ in model.named_parameters()}
    assert chosen.num_trainable == chosen.num_total == model.config.num_parameters
    assert chosen.share == 1.0


def test_update_layers_changes_the_chosen_layers_only() -> None:
    model = LanguageModel(config(True))
    chosen, changed = changed_by_two_steps(model, UpdateLayers(layers=(1, 2)))
    assert changed == set(chosen.names) == layer_names(model, 1) | layer_names(model, 2)
    assert chosen.num_trainable == sum(model.get_parameter(name).numel() for name in changed)


def test_norms_embeddings_and_head_are_chosen_apart() -> None:
    model = LanguageModel(config(False))
    _, changed = changed_by_two_steps(model, UpdateLayers(layers=(0,), norms="none", head=True))
    assert changed == layer_names(model, 0, norms=False) | {"lm_head.weight"}
    model = LanguageModel(config(False))
    _, changed = changed_by_two_steps(model, UpdateLayers(norms="all", embeddings=True))
    assert changed == {name for name, _ in model.named_parameters() if "norm" in name} | {"model.embed_tokens.weight"}


def test_a_tied_head_is_trained_with_the_embedding_or_not_at_all() -> None:
    _, changed = changed_by_two_steps(LanguageModel(config(True)), UpdateLayers(embeddings=True, head=True))
    assert changed == {"model.embed_tokens.weight"}
    with pytest.raises(RecipeError, match="one tied weight"):
        changed_by_two_steps(LanguageModel(config(True)), UpdateLayers(layers=(0,), head=True))


def test_a_scalar_head_is_the_head() -> None:
    _, changed = changed_by_two_steps(ScalarModel(config(True)), UpdateLayers(layers=(2,), head=True))
    assert changed == layer_names(ScalarModel(config(True)), 2) | {"score.weight"}


@pytest.mark.parametrize("kind", [LanguageModel, ScalarModel])
def test_lora_changes_its_own_numbers_and_a_scalar_head_only(kind: Any) -> None:
    model = kind(config(True))
    update = UpdateLora(rank=2, alpha=4.0, targets=("q_proj", "up_proj"))
    chosen, changed = changed_by_two_steps(model, update)
    parts = [f"{leaf}.{part}.weight" for leaf in ("self_attn.q_proj", "mlp.up_proj") for part in ("lora_A", "lora_B")]
    wanted = {f"model.layers.{layer}.{part}" for layer in range(3) for part in parts}
    wanted |= {"score.weight"} if kind is ScalarModel else set()
    assert changed == set(chosen.names) == wanted
    assert chosen.num_trainable == 3 * 2 * (16 + 16 + 16 + 24) + (16 if kind is ScalarModel else 0)


@pytest.mark.parametrize(
    ("update", "found"),
    [
        (UpdateLayers(layers=(3,)), "layer 3 does not exist; the nearest is 2"),
        (UpdateLayers(layers=(-1,)), "the nearest is 0"),
        (UpdateLayers(), "chooses nothing"),
        (UpdateLora(targets=("gateproj",)), "did you mean 'gate_proj'"),
    ],
)
def test_a_choice_that_the_model_has_not_is_refused_with_the_nearest(update: Any, found: str) -> None:
    with pytest.raises(RecipeError, match=found):
        select(LanguageModel(config(True)), update, torch.Generator())


def test_the_method_says_which_fields_an_update_has() -> None:
    read = TypeAdapter[Any](Update).validate_python
    assert read({"method": "lora", "rank": 4}) == UpdateLora(rank=4)
    assert read({"method": "layers", "layers": [2, 3]}) == UpdateLayers(layers=(2, 3))
    with pytest.raises(ValueError, match="Extra inputs"):
        read({"method": "all", "rank": 4})
