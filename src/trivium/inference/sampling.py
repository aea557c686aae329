"""Next-token logits to drawn tokens and their log-probabilities: temperature, top-k, top-p, one uniform a draw.

Shapes: B sequences, V vocabulary.
"""

from __future__ import annotations

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from trivium.core.seed import stream


class Sampling(BaseModel):
    """How replies are drawn. A temperature of 0 is greedy; `top_k` 0 and `top_p` 1 filter nothing.

    Log-probabilities reported with a reply are those of the distribution at this temperature over the whole vocabulary,
    BEFORE top-k and top-p (of the temperature 1 when greedy): what a trainer computes as log_softmax(logits /
    temperature). Roll out for a policy gradient with both filters off, or its ratios are biased.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_new_tokens: int = Field(default=128, ge=1)
    temperature: float = Field(default=1.0, ge=0.0)
    top_k: int = Field(default=0, ge=0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    seed: int = 0
    stop_ids: tuple[int, ...] = ()


def uniforms(seed: int, key: str, sample: int, count: int) -> Tensor:
    """Return the `count` numbers in [0, 1) that steer one sequence, from the stream named by its prompt and sample.

    They depend on nothing else, so that what a sequence draws is the same whatever runs beside it; a longer limit
    only adds numbers at the end. They are float32 multiples of 2^-24, hence at most 1 - 2^-24, which `invert` needs.
    """
    return torch.from_numpy(stream(seed, key, sample).random(count, dtype=np.float32))


def keep_top_k(probabilities_BV: Tensor, top_k: int) -> Tensor:
    """Zero all but the `top_k` largest of each row; those that tie with the last one kept are kept too.

    >>> keep_top_k(torch.tensor([[0.5, 0.2, 0.3]]), 2).tolist()
    [[0.5, 0.0, 0.30000001192092896]]
    """
    if top_k <= 0 or top_k >= probabilities_BV.shape[-1]:
        return probabilities_BV
    least_B1 = probabilities_BV.topk(top_k, dim=-1).values[:, -1:]
    return probabilities_BV.masked_fill(probabilities_BV < least_B1, 0.0)


def keep_top_p(probabilities_BV: Tensor, top_p: float) -> Tensor:
    """Zero all but the smallest set of most likely tokens whose share of the row reaches `top_p`.

    The nucleus of Holtzman et al. 2020, eq. 2-3. The most likely token stays always, ties with the last one kept too.

    >>> keep_top_p(torch.tensor([[0.5, 0.125, 0.375]]), 0.6).tolist()
    [[0.5, 0.0, 0.375]]
    """
    if top_p >= 1.0:
        return probabilities_BV
    sorted_BV = probabilities_BV.sort(dim=-1, descending=True).values
    shares_BV = sorted_BV.cumsum(dim=-1)
    before_BV = shares_BV - sorted_BV
    kept_B1 = (before_BV < top_p * shares_BV[:, -1:]).sum(dim=-1, keepdim=True).clamp_(min=1)
    return probabilities_BV.masked_fill(probabilities_BV < sorted_BV.gather(-1, kept_B1 - 1), 0.0)


def invert(weights_BV: Tensor, uniforms_B: Tensor) -> Tensor:
    """Return, for each row, the first token whose cumulative weight exceeds uniform · total: inverse-CDF sampling.

    Float32; a token of weight 0 is never returned.

    >>> invert(torch.tensor([[0.25, 0.0, 0.75]]), torch.tensor([0.25])).tolist()
    [2]
    """
    cumulative_BV = weights_BV.cumsum(dim=-1)
    # (1 - 2^-24) · total rounds to a float32 below the total, so the search ends at a token of some weight.
    wanted_B1 = uniforms_B[:, None] * cumulative_BV[:, -1:]
    return torch.searchsorted(cumulative_BV, wanted_B1, right=True)[:, 0]


def draw(logits_BV: Tensor, uniforms_B: Tensor, sampling: Sampling) -> tuple[Tensor, Tensor]:
    """Return the drawn tokens [B] and their log-probabilities [B] (of which distribution, `Sampling` says)."""
    if sampling.temperature == 0.0:
        chosen = logits_BV.max(dim=-1)
        return chosen.indices, chosen.values - logits_BV.logsumexp(dim=-1)
    scaled_BV = logits_BV if sampling.temperature == 1.0 else logits_BV / sampling.temperature
    probabilities_BV = scaled_BV.softmax(dim=-1)
    kept_BV = keep_top_p(keep_top_k(probabilities_BV, sampling.top_k), sampling.top_p)
    # Logits that are not numbers find no token; the last one stands in until the engine says so.
    ids_B = invert(kept_BV, uniforms_B).clamp_(max=logits_BV.shape[-1] - 1)
    return ids_B, probabilities_BV.gather(-1, ids_B[:, None])[:, 0].log()
