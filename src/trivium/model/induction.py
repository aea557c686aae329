"""Random weights to a start from which a small model copies early: one head looks one token back, one finds what
followed the same token before.

A language model learns late to copy from its context, by a pair of heads (Olsson et al. 2022, "In-context learning
and induction heads"): one writes to each place what came before it, a later one looks for places whose "before" is
the token at hand and copies what stands there. A small model on a small budget may stop short of it, and then
whatever rests on copying, answers from a text and judgements of them alike, stays a guess. Here the first head of the
first two layers starts near such a pair; everything stays trainable. The idea of starting attention near patterns
that training ends in is Trockman & Kolter 2023, "Mimetic initialization of self-attention layers".

Shapes: D hidden size, K head width, V vocabulary.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trivium.core.errors import RecipeError
from trivium.model.config import ModelConfig
from trivium.model.decoder import Attention, LanguageModel, rotary_frequencies

EMBEDDING_STD = 0.05
SHARPNESS = 1.6
"""The first weights of the query and key norms: products of matching vectors are this squared times sqrt(K)."""
WRITE = 2 * EMBEDDING_STD
"""What the two heads write, against the size of an embedding's entries."""
BACK_SHARES = (0.5, 0.3, 0.2)
"""How the score of one token back is shared over the three fastest rotations: high only there, for about 40 tokens."""
FIRST_SLOW = 7 / 16
"""From this share of the rotations on they turn so slowly that a match survives the distances of a context."""


def check_induction(config: ModelConfig) -> None:
    """Refuse a shape that has no place for the pair of heads."""
    fits = config.head_dim >= 16 and config.hidden_size >= 4 * config.head_dim and config.num_hidden_layers >= 2
    if not (fits and config.qk_norm):
        raise RecipeError(
            "an induction start needs qk_norm, two layers, heads of 16 or wider and a hidden size of four heads or "
            f"more; found qk_norm = {str(config.qk_norm).lower()}, {config.num_hidden_layers} layers, heads of "
            f"{config.head_dim} and a hidden size of {config.hidden_size}",
            where="pretrain.start",
            do='change pretrain.model, or set pretrain.start = "normal"',
        )


@torch.no_grad()
def start_with_induction(model: LanguageModel, generator: torch.Generator) -> None:
    """Change a freshly initialised model in place; raises RecipeError where its shape has no room for it."""
    config = model.config
    check_induction(config)
    first, second = (layer.self_attn for layer in list(model.model.layers)[:2])
    assert isinstance(first, Attention)
    assert isinstance(second, Attention)
    constant_1D = _constant_direction(model, generator)
    seen_KD = _orthonormal(config.head_dim, constant_1D, generator)
    before_KD = _orthonormal(config.head_dim, torch.cat((constant_1D, seen_KD)), generator)
    copied_KD = _orthonormal(config.head_dim, constant_1D, generator)
    for attention in (first, second):
        attention.q_norm.weight.fill_(SHARPNESS)
        attention.k_norm.weight.fill_(SHARPNESS)
    _look_back(first, config, constant_1D)
    _write(first, seen_KD, before_KD)
    _look_up(second, config, seen_KD, before_KD)
    _write(second, copied_KD, copied_KD)


def _constant_direction(model: LanguageModel, generator: torch.Generator) -> Tensor:
    """Give all embeddings one common part, as large as their own; return its direction [1, D].

    It is what a head can look at whatever the token; to the logits of a tied head it adds a constant, which changes
    nothing.
    """
    weight_VD = model.model.embed_tokens.weight
    weight_VD.normal_(0.0, EMBEDDING_STD, generator=generator)
    size = weight_VD.shape[1]
    constant_1D = torch.randn(1, size, generator=generator)
    constant_1D /= constant_1D.norm()
    weight_VD -= weight_VD @ constant_1D.T @ constant_1D
    weight_VD += constant_1D * (EMBEDDING_STD * math.sqrt(size))
    return constant_1D


def _orthonormal(rows: int, avoided_AD: Tensor, generator: torch.Generator) -> Tensor:
    """Return random orthonormal rows [rows, D], orthogonal to those avoided."""
    avoided = len(avoided_AD)
    drawn = torch.randn(avoided_AD.shape[1], avoided + rows, generator=generator)
    drawn[:, :avoided] = avoided_AD.T
    basis, _ = torch.linalg.qr(drawn)
    return basis[:, avoided:].T.contiguous()


def _look_back(attention: Attention, config: ModelConfig, constant_1D: Tensor) -> None:
    """Make head 0 score the place one back highest: its query is its key, turned by one position against time."""
    half = config.head_dim // 2
    size_F = torch.zeros(half)
    size_F[: len(BACK_SHARES)] = torch.tensor(BACK_SHARES).sqrt()
    angle_F = -rotary_frequencies(config, torch.device("cpu"))
    key_K = torch.cat((size_F, torch.zeros(half)))
    query_K = torch.cat((size_F * angle_F.cos(), size_F * angle_F.sin()))
    attention.k_proj.weight[: config.head_dim] = 2 * key_K[:, None] * constant_1D
    attention.q_proj.weight[: config.head_dim] = 2 * query_K[:, None] * constant_1D


def _look_up(attention: Attention, config: ModelConfig, seen_KD: Tensor, before_KD: Tensor) -> None:
    """Make head 0 ask by the token at hand for places that the first layer marked with it, in the slow rotations."""
    half = config.head_dim // 2
    slow = range(math.ceil(FIRST_SLOW * half), half)
    places = [*slow, *(place + half for place in slow)]
    attention.q_proj.weight[: config.head_dim] = 0
    attention.k_proj.weight[: config.head_dim] = 0
    attention.q_proj.weight[places] = seen_KD[: len(places)]
    attention.k_proj.weight[places] = before_KD[: len(places)]


def _write(attention: Attention, read_KD: Tensor, written_KD: Tensor) -> None:
    """Make head 0 read one part of what it looks at and write it to another."""
    head = slice(0, attention.head_dim)
    attention.v_proj.weight[head] = read_KD
    attention.o_proj.weight[:, head] = WRITE * written_KD.T
