"""LoRA starts as the base model, learns only its own numbers, and travels to PEFT and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import transformers
from torch import Tensor

from trivium.core.errors import CheckpointError, RecipeError
from trivium.model.config import ModelConfig
from trivium.model.decoder import LanguageModel, initialise
from trivium.model.exchange import load_checkpoint, save_checkpoint
from trivium.model.lora import (
    LoraConfig,
    apply_lora,
    load_adapter,
    lora_parameters,
    merge,
    merged_state,
    save_adapter,
    unmerge,
)

# peft itself reads a property that transformers renamed; nothing here can.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

CONFIG = ModelConfig(
    vocab_size=41,
    hidden_size=24,
    intermediate_size=40,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=6,
)
LORA = LoraConfig(rank=3, alpha=6.0, targets=("q_proj", "v_proj", "down_proj"))


def base(config: ModelConfig = CONFIG) -> LanguageModel:
    model = LanguageModel(config)
    initialise(model, torch.Generator().manual_seed(1))
    return model


def generator(seed: int = 2) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def updated(config: ModelConfig = CONFIG) -> LanguageModel:
    model = base(config)
    apply_lora(model, LORA, generator())
    with torch.no_grad():
        for name, parameter in lora_parameters(model):
            if "lora_B" in name:
                parameter.normal_(0.0, 0.3, generator=generator(len(name)))
    return model


IDS_BT = torch.randint(0, 41, (2, 15), generator=generator())


def logits(model: LanguageModel) -> Tensor:
    with torch.no_grad():
        return model.logits(model(IDS_BT, torch.arange(15).expand(2, -1)))


def theirs_logits(model: Any) -> Tensor:
    with torch.no_grad():
        return model.eval()(IDS_BT).logits


def test_the_first_output_is_the_base_models_bit_for_bit() -> None:
    model = base()
    before = logits(model)
    apply_lora(model, LORA, generator())
    assert torch.equal(logits(model), before)


def test_the_same_generator_draws_the_same_start_and_touches_no_global_state() -> None:
    models = [base(), base()]
    state = torch.get_rng_state()
    for model in models:
        apply_lora(model, LORA, generator())
    assert torch.equal(torch.get_rng_state(), state)
    pairs = list(zip(lora_parameters(models[0]), lora_parameters(models[1]), strict=True))
    assert len(pairs) == 2 * 2 * 3
    assert all(name == other and torch.equal(a, b) for (name, a), (other, b) in pairs)


def test_the_output_is_the_formula_of_the_paper() -> None:
    model = updated()
    layer = model.get_submodule("model.layers.1.mlp.down_proj")
    x = torch.randn(5, 40, generator=generator())
    wanted = x @ layer.weight.T + 6.0 / 3 * (x @ layer.lora_A.weight.T @ layer.lora_B.weight.T)
    torch.testing.assert_close(layer(x), wanted, atol=1e-6, rtol=0)


def test_merged_equals_unmerged_and_unmerging_restores_every_bit() -> None:
    model = updated()
    apart, state = logits(model), {name: tensor.clone() for name, tensor in model.state_dict().items()}
    merge(model)
    merge(model)
    assert (logits(model) - apart).abs().max() < 1e-5
    assert not torch.equal(model.get_submodule("model.layers.0.self_attn.q_proj").weight, state["model.layers.0.self_attn.q_proj.weight"])  # fmt: skip
    unmerge(model)
    unmerge(model)
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(logits(model), apart)


@pytest.mark.parametrize("merged", [False, True])
def test_a_checkpoint_of_an_updated_model_is_a_plain_model_that_computes_the_same(merged: bool, tmp_path: Path) -> None:
    model = updated()
    wanted = logits(model)
    if merged:
        merge(model)
    assert not [name for name in merged_state(model) if "lora" in name]
    save_checkpoint(tmp_path, model, None)
    torch.testing.assert_close(logits(load_checkpoint(tmp_path, head="language")), wanted, atol=1e-5, rtol=0)


def test_peft_opens_a_saved_adapter_and_computes_the_same_logits(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "base", base(), None)
    model = updated()
    save_adapter(tmp_path / "adapter", model, LORA, base="base")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base", dtype=torch.float32)
    opened = peft.PeftModel.from_pretrained(theirs, str(tmp_path / "adapter"))
    torch.testing.assert_close(theirs_logits(opened), logits(model), atol=1e-4, rtol=0)
    assert (logits(model) - logits(base())).abs().max() > 1e-3


def test_an_adapter_saved_and_loaded_is_bit_identical(tmp_path: Path) -> None:
    model, again = updated(), base()
    save_adapter(tmp_path, model, LORA)
    assert load_adapter(tmp_path, again) == LORA
    assert torch.equal(logits(again), logits(model))


@pytest.mark.parametrize("targets", [["q_proj", "o_proj"], "all-linear"])
@pytest.mark.parametrize("use_rslora", [False, True])
def test_an_adapter_made_by_peft_loads_with_the_same_logits(targets: Any, use_rslora: bool, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "base", base(), None)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base", dtype=torch.float32)
    settings = peft.LoraConfig(
        r=4,
        lora_alpha=10,
        target_modules=targets,
        use_rslora=use_rslora,
        init_lora_weights=False,
        task_type="CAUSAL_LM",
    )
    made = peft.get_peft_model(theirs, settings)
    made.save_pretrained(str(tmp_path / "adapter"))
    model = base()
    load_adapter(tmp_path / "adapter", model)
    torch.testing.assert_close(logits(model), theirs_logits(made), atol=1e-4, rtol=0)
    assert (logits(model) - logits(base())).abs().max() > 1e-3


def test_an_unknown_target_is_named_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"'q_prj'; did you mean 'q_proj'"):
        apply_lora(base(), LoraConfig(targets=("q_prj",)), generator())


def test_a_second_update_on_the_same_model_is_refused() -> None:
    with pytest.raises(RecipeError, match="already has"):
        apply_lora(updated(), LORA, generator())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"peft_type": "IA3"}, "IA3"),
        ({"rank_pattern": {"q_proj": 2}}, "rank_pattern"),
        ({"target_modules": ["q_proj", "lm_head"]}, "lm_head"),
        ({"target_modules": ".*proj"}, "proj"),
        ({"target_modules": ["q_proj"]}, "unexpected tensor"),
        ({"target_modules": ["q_proj", "v_proj", "down_proj", "up_proj"]}, "lacks tensor"),
        ({"r": 5}, "wanted shape"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused_by_name(change: dict[str, Any], found: str, tmp_path: Path) -> None:
    save_adapter(tmp_path, updated(), LORA)
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    model = base()
    with pytest.raises(CheckpointError) as caught:
        load_adapter(tmp_path, model)
    assert found in str(caught.value)
    assert not lora_parameters(model)


def test_a_missing_or_truncated_adapter_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"adapter_config\.json"):
        load_adapter(tmp_path, base())
    save_adapter(tmp_path, updated(), LORA)
    path = tmp_path / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"adapter_model\.safetensors is truncated"):
        load_adapter(tmp_path, base())
