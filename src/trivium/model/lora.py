"""A model to the same model with low-rank updates beside chosen weights (LoRA), and to and from PEFT adapters.

Hu et al. 2021, section 4.1: h = W x + (alpha / r) · B A x with A drawn at random and B = 0, so that the first output is
the base model's. Shapes: I inputs, O outputs, R rank.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name every reader of torch code expects
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from trivium.core.errors import CheckpointError, RecipeError
from trivium.model.decoder import LanguageModel, ScalarModel
from trivium.model.weights import open_tensors, read_json, write_json, write_tensors

ATTENTION_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")
TARGETS = (*ATTENTION_TARGETS, "gate_proj", "up_proj", "down_proj")
_PREFIX = "base_model.model."
_CONFIG, _WEIGHTS = "adapter_config.json", "adapter_model.safetensors"


class LoraConfig(BaseModel):
    """Rank r, scale alpha (the update is multiplied by alpha / r), and the projections that get one.

    There is no dropout: it would need its own random stream in every forward pass for a resumed run to be exact.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=8, gt=0)
    alpha: float = Field(default=16.0, gt=0)
    targets: tuple[str, ...] = Field(default=TARGETS, min_length=1)


class LoraLinear(nn.Linear):
    """A linear layer with a low-rank update; `weight` and `bias` keep their names and are frozen.

    `lora_A.weight` is [R, I] and `lora_B.weight` [O, R], as in PEFT. Merged, the update is inside `weight` and the base
    weight is kept aside, so that unmerging restores it bit for bit.
    """

    def __init__(self, base: nn.Linear, rank: int, alpha: float) -> None:
        """Take over the base layer's own parameters; draw nothing."""
        nn.Module.__init__(self)
        self.in_features, self.out_features = base.in_features, base.out_features
        self.weight, self.bias = base.weight, base.bias
        for parameter in base.parameters():
            parameter.requires_grad_(False)
        with torch.device("meta"):
            self.lora_A = nn.Linear(base.in_features, rank, bias=False, dtype=base.weight.dtype)
            self.lora_B = nn.Linear(rank, base.out_features, bias=False, dtype=base.weight.dtype)
        self.lora_A.to_empty(device=base.weight.device)
        self.lora_B.to_empty(device=base.weight.device)
        self.scale = alpha / rank
        self.unmerged: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Return [..., O] of x [..., I]."""
        base = F.linear(x, self.weight, self.bias)
        if self.unmerged is not None:
            return base
        update: Tensor = self.lora_B(self.lora_A(x))
        return base + update * self.scale

    def merged_weight(self) -> Tensor:
        """Return W + (alpha / r) · B A, computed in float32, in the weight's type."""
        if self.unmerged is not None:
            return self.weight.detach()
        update = self.lora_B.weight.detach().float() @ self.lora_A.weight.detach().float()
        return (self.weight.detach().float() + self.scale * update).to(self.weight.dtype)


def lora_layers(model: nn.Module) -> Iterator[tuple[str, LoraLinear]]:
    """Yield the name and layer of each low-rank update, in the model's order."""
    for name, module in model.named_modules():
        if isinstance(module, LoraLinear):
            yield name, module


def lora_parameters(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Return the names and parameters of all updates: the ones an optimiser is to train."""
    return [pair for pair in model.named_parameters() if ".lora_A." in pair[0] or ".lora_B." in pair[0]]


def apply_lora(model: LanguageModel | ScalarModel, config: LoraConfig, generator: torch.Generator) -> None:
    """Put an update beside each target, in place, and freeze every other parameter.

    A is uniform in ±1/√I (the Kaiming draw with a = √5 that PEFT makes); B is 0, so the output does not change.
    Raises RecipeError for a target this model has not, naming the nearest.
    """
    check_targets(config.targets)
    if next(lora_layers(model), None) is not None:
        raise RecipeError("the model already has a LoRA update", do="merge it first, or load the base checkpoint")
    model.requires_grad_(False)
    for name, module in list(model.named_modules()):
        parent, _, leaf = name.rpartition(".")
        if leaf not in config.targets or not isinstance(module, nn.Linear):
            continue
        layer = LoraLinear(module, config.rank, config.alpha)
        with torch.no_grad():
            bound = 1 / math.sqrt(layer.in_features)
            drawn = torch.empty(config.rank, layer.in_features, device=generator.device)
            layer.lora_A.weight.copy_(drawn.uniform_(-bound, bound, generator=generator))
            layer.lora_B.weight.zero_()
        setattr(model.get_submodule(parent), leaf, layer)


def check_targets(targets: tuple[str, ...]) -> None:
    """Raise RecipeError for an unknown projection name, naming the nearest."""
    for target in targets:
        if target not in TARGETS:
            near = get_close_matches(target, TARGETS, n=1, cutoff=0.0)[0]
            raise RecipeError(
                f"unknown LoRA target {target!r}; did you mean {near!r}?",
                where="update.targets",
                do=f"choose from {', '.join(TARGETS)}",
            )


def merge(model: nn.Module) -> None:
    """Fold each update into its weight, in place, as for fast generation; merging twice changes nothing."""
    for _, layer in lora_layers(model):
        if layer.unmerged is None:
            merged = layer.merged_weight()
            layer.unmerged = layer.weight.detach().clone()
            layer.weight.data.copy_(merged)


def unmerge(model: nn.Module) -> None:
    """Restore the base weights bit for bit; the updates compute beside them again."""
    for _, layer in lora_layers(model):
        if layer.unmerged is not None:
            layer.weight.data.copy_(layer.unmerged)
            layer.unmerged = None


def merged_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a plain model that computes the same: updates folded in, no LoRA names."""
    state = {name: tensor for name, tensor in model.state_dict().items() if ".lora_" not in name}
    for name, layer in lora_layers(model):
        state[f"{name}.weight"] = layer.merged_weight()
    return state


def save_adapter(folder: Path, model: LanguageModel, config: LoraConfig, *, base: str = "") -> None:
    """Write adapter_config.json and adapter_model.safetensors as PEFT does; `base` names the base checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {_PREFIX + name: parameter.detach() for name, parameter in lora_parameters(model)}
    write_tensors(folder / _WEIGHTS, tensors)
    write_json(
        folder / _CONFIG,
        {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base or None,
            "inference_mode": True,
            "r": config.rank,
            "lora_alpha": config.alpha,
            "lora_dropout": 0.0,
            "target_modules": sorted(config.targets),
            "bias": "none",
            "fan_in_fan_out": False,
            "init_lora_weights": True,
        },
    )


def load_adapter(folder: Path, model: LanguageModel) -> LoraConfig:
    """Put a saved adapter (ours or PEFT's) onto its base model, in place; return what it was made with.

    Raises CheckpointError, naming file and field or tensor, for what does not fit: other PEFT methods, per-layer ranks,
    other modules, missing or misshapen tensors.
    """
    config = _read_adapter_config(folder / _CONFIG)
    with open_tensors(folder / _WEIGHTS) as file:
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict, only has keys()
    inner = {
        f"{name}.{part}.weight": (config.rank, module.in_features)
        if part == "lora_A"
        else (module.out_features, config.rank)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in config.targets
        for part in ("lora_A", "lora_B")
    }
    for name in sorted({_PREFIX + name for name in inner} ^ set(found)):
        state = "lacks" if name not in found else "has an unexpected"
        raise CheckpointError(
            f"the adapter {state} tensor {name}",
            where=str(folder / _WEIGHTS),
            do="use the base model that the adapter was made for",
        )
    for name, shape in inner.items():
        if tuple(found[_PREFIX + name].shape) != shape:
            raise CheckpointError(
                f"tensor {_PREFIX + name}: wanted shape {shape}, found {tuple(found[_PREFIX + name].shape)}",
                where=str(folder / _WEIGHTS),
                do="use the base model that the adapter was made for",
            )
    apply_lora(model, config, torch.Generator())
    with torch.no_grad():
        for name, parameter in lora_parameters(model):
            parameter.copy_(found[_PREFIX + name])
    return config


_PLAIN: Mapping[str, tuple[Any, ...]] = {
    "peft_type": ("LORA",),
    "bias": ("none",),
    "use_dora": (False, None),
    "lora_bias": (False, None),
    "fan_in_fan_out": (False, None),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "modules_to_save": ([], None),
    "exclude_modules": ([], None),
    "layers_to_transform": ([], None),
    "target_parameters": ([], None),
    "trainable_token_indices": (None,),
}


def _read_adapter_config(path: Path) -> LoraConfig:
    """Return the LoRA settings of an adapter_config.json; raise for fields that mean something else than plain LoRA."""
    raw = read_json(path)
    for key, accepted in _PLAIN.items():
        if key in raw and raw[key] not in accepted:
            raise CheckpointError(
                f"{key} = {raw[key]!r} is not supported",
                where=str(path),
                do=f"wanted plain LoRA, {key} = {accepted[0]!r}",
            )
    named = raw.get("target_modules") or ()
    if named == "all-linear":
        named = TARGETS
    # peft writes whole paths for "all-linear"; a choice of some layers shows when the tensors are compared.
    targets = {named} if isinstance(named, str) else {name.rpartition(".")[2] for name in named}
    unknown = sorted(targets - set(TARGETS))
    if unknown or not targets or not {"r", "lora_alpha"} <= raw.keys():
        raise CheckpointError(
            f"the adapter needs r, lora_alpha and target_modules; not supported as targets: {unknown}",
            where=str(path),
            do=f"wanted target_modules out of {', '.join(TARGETS)}",
        )
    # rsLoRA (Kalajdzievski 2023, eq. 2) scales by alpha / sqrt(r): the same as a larger alpha here.
    alpha = raw["lora_alpha"] * (math.sqrt(raw["r"]) if raw.get("use_rslora") else 1.0)
    return LoraConfig(rank=raw["r"], alpha=alpha, targets=tuple(name for name in TARGETS if name in targets))
