"""A model and the choice of what to update to the same model with only that choice trainable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from trivium.core.errors import RecipeError
from trivium.model.decoder import LanguageModel, ScalarModel
from trivium.model.lora import TARGETS, LoraConfig, apply_lora


class UpdateAll(BaseModel):
    """Every parameter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["all"] = "all"


class UpdateLora(BaseModel):
    """Low-rank updates beside the target projections (a scalar head is trained as well)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["lora"] = "lora"
    rank: int = Field(default=8, gt=0)
    alpha: float = Field(default=16.0, gt=0)
    targets: tuple[str, ...] = Field(default=TARGETS, min_length=1)


class UpdateLayers(BaseModel):
    """Chosen layers only, counted from 0.

    `norms`: those inside the chosen layers, all of them (the final one too), or none. A tied head is the embedding's
    own weight, so `embeddings` and `head` must then agree. A scalar head counts as the head.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["layers"] = "layers"
    layers: tuple[int, ...] = ()
    embeddings: bool = False
    head: bool = False
    norms: Literal["chosen", "all", "none"] = "chosen"


Update = Annotated[UpdateAll | UpdateLora | UpdateLayers, Field(discriminator="method")]


@dataclass(frozen=True)
class Trainable:
    """What an update trains: parameter names in the model's order, and how many numbers out of how many."""

    names: tuple[str, ...]
    num_trainable: int
    num_total: int

    @property
    def share(self) -> float:
        """Return the trained share of all numbers, in [0, 1]."""
        return self.num_trainable / self.num_total


def select(
    model: LanguageModel | ScalarModel, update: UpdateAll | UpdateLora | UpdateLayers, generator: torch.Generator
) -> Trainable:
    """Set `requires_grad` on the chosen parameters, in place, and return them; LoRA draws its start from `generator`.

    An optimiser must be given only what is trainable: `[p for p in model.parameters() if p.requires_grad]`, else weight
    decay moves the rest. Raises RecipeError for what the model has not.
    """
    if isinstance(update, UpdateAll):
        model.requires_grad_(True)
    elif isinstance(update, UpdateLora):
        apply_lora(model, lora_config(update), generator)
        if isinstance(model, ScalarModel):
            model.score.requires_grad_(True)
    else:
        _check_layers(model, update)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(_chosen(name, update))
    return trainable(model)


def lora_config(update: UpdateLora) -> LoraConfig:
    """Return the adapter's shape that an update asks for."""
    return LoraConfig(rank=update.rank, alpha=update.alpha, targets=update.targets)


def trainable(model: nn.Module) -> Trainable:
    """Return what is trainable now; a tied weight counts once."""
    named = list(model.named_parameters())
    chosen = [(name, parameter.numel()) for name, parameter in named if parameter.requires_grad]
    return Trainable(
        names=tuple(name for name, _ in chosen),
        num_trainable=sum(size for _, size in chosen),
        num_total=sum(parameter.numel() for _, parameter in named),
    )


def _check_layers(model: LanguageModel | ScalarModel, update: UpdateLayers) -> None:
    """Raise RecipeError for layers out of range, a split of tied weights, or a choice of nothing."""
    depth = model.config.num_hidden_layers
    for layer in update.layers:
        if not 0 <= layer < depth:
            raise RecipeError(
                f"layer {layer} does not exist; the nearest is {min(max(layer, 0), depth - 1)}",
                where="update.layers",
                do=f"choose from 0 to {depth - 1}",
            )
    tied = isinstance(model, LanguageModel) and model.config.tie_word_embeddings
    if tied and update.embeddings != update.head:
        raise RecipeError(
            f"embeddings = {update.embeddings} and head = {update.head}, but they are one tied weight",
            where="update",
            do="set both to the same value",
        )
    if not (update.layers or update.embeddings or update.head or update.norms == "all"):
        raise RecipeError(
            "the update chooses nothing to train", where="update", do="name layers, embeddings, head or norms = 'all'"
        )


def _chosen(name: str, update: UpdateLayers) -> bool:
    """Return whether an update trains the parameter of that (Hugging Face) name.

    >>> _chosen("model.layers.2.mlp.up_proj.weight", UpdateLayers(layers=(2,)))
    True
    """
    parts = name.split(".")
    if name.startswith(("lm_head.", "score.")):
        return update.head
    if name.startswith("model.embed_tokens."):
        return update.embeddings  # where the head is tied to it, both choices agree
    is_norm = parts[-2].endswith("norm")
    if is_norm and update.norms != "chosen":
        return update.norms == "all"
    return parts[1] == "layers" and int(parts[2]) in update.layers
