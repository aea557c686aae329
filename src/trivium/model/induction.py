"""Random weights to a start from which a small model copies early: three heads look one, two and three tokens back, and
one finds what followed the same three tokens before.

A language model learns late to copy from its context, by a pair of heads (Olsson et al. 2022, "In-context learning
and induction heads"): one writes to each place what came before it, a later one looks for places whose "before" is
the token at hand and copies what stands there. A small model on a small budget may stop short of it, and then
whatever rests on copying, answers from a text and judgements of them alike, stays a guess. Here the first two layers
start near such a circuit, and one that tells "Tom has a" from "Anna has a"; everything stays trainable. The idea of
starting attention near patterns that training ends in is Trockman & Kolter 2023, "Mimetic initialization of
self-attention layers".

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


MATCH_SHARES = (8 / 18, 5 / 18, 5 / 18)
"""How the slow rotations are shared between matching the token at hand, the one before it and the one before that."""


def check_induction(config: ModelConfig) -> None:
    """Refuse a shape that has no place for the heads."""
    heads = config.num_key_value_heads
    fits = config.head_dim >= 16 and config.hidden_size >= 4 * config.head_dim and config.num_hidden_layers >= 2
    if not (fits and config.qk_norm and heads >= 3):
        raise RecipeError(
            "an induction start needs qk_norm, two layers, three key/value heads of 16 or wider and a hidden size of "
            f"four heads or more; found qk_norm = {str(config.qk_norm).lower()}, {config.num_hidden_layers} layers, "
            f"{heads} key/value heads of {config.head_dim} and a hidden size of {config.hidden_size}",
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
    for attention in (first, second):
        attention.q_norm.weight.fill_(SHARPNESS)
        attention.k_norm.weight.fill_(SHARPNESS)
    constant_1D = _constant_direction(model, generator)
    half = config.head_dim // 2
    slow = range(math.ceil(FIRST_SLOW * half), half)
    slots = [*slow, *(place + half for place in slow)]
    sizes = [round(share * len(slots)) for share in MATCH_SHARES[1:]]
    a, b, c = len(slots) - sum(sizes), *sizes
    seen = _orthonormal(a + b + c, constant_1D, generator)
    written = _orthonormal(a + 2 * b + 2 * c, torch.cat((constant_1D, seen)), generator)
    now_a, now_b, now_c = torch.split(seen, [a, b, c])
    one_a, one_b, two_b, two_c, three_c = torch.split(written, [a, b, b, c, c])
    _look_back(first, config, constant_1D, torch.cat((now_a, now_b)), torch.cat((one_a, one_b)), 1)
    _look_back(first, config, constant_1D, torch.cat((now_b, now_c)), torch.cat((two_b, two_c)), 2)
    _look_back(first, config, constant_1D, now_c, three_c, 3)
    asked, offered = torch.cat((now_a, one_b, two_c)), torch.cat((one_a, two_b, three_c))
    head = slice(0, config.head_dim)
    for weight_KD, rows in ((second.q_proj.weight, asked), (second.k_proj.weight, offered)):
        weight_KD[head] = 0
        weight_KD[slots] = rows
    copied = _orthonormal(config.head_dim, constant_1D, generator)
    second.v_proj.weight[head] = copied
    second.o_proj.weight[:, head] = WRITE * copied.T


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
    rest_RD: Tensor = basis[:, avoided:].T.contiguous()
    return rest_RD


def _look_back(
    attention: Attention, config: ModelConfig, constant_1D: Tensor, read: Tensor, written: Tensor, back: int
) -> None:
    """Make head `back` - 1 look `back` places back, read a part of what stands there and write it down elsewhere.

    Its query is its key turned by `back` positions against time, so their product is highest there.
    """
    half, width = config.head_dim // 2, config.head_dim
    head = slice((back - 1) * width, back * width)
    size_F = torch.zeros(half)
    size_F[: len(BACK_SHARES)] = torch.tensor(BACK_SHARES).sqrt()
    angle_F = -back * rotary_frequencies(config, torch.device("cpu"))
    key_K = torch.cat((size_F, torch.zeros(half)))
    query_K = torch.cat((size_F * angle_F.cos(), size_F * angle_F.sin()))
    attention.k_proj.weight[head] = 2 * key_K[:, None] * constant_1D
    attention.q_proj.weight[head] = 2 * query_K[:, None] * constant_1D
    values_KD, outputs_DK = torch.zeros(width, config.hidden_size), torch.zeros(config.hidden_size, width)
    values_KD[: len(read)] = read
    outputs_DK[:, : len(read)] = WRITE * written.T
    attention.v_proj.weight[head] = values_KD
    attention.o_proj.weight[:, head] = outputs_DK
