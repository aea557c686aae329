"""Turns raw-text losses into the pre-training part of a reinforcement step, and says how strong its gradient is.

Shapes: B rows of raw text, T positions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


def pretraining_mix_loss(
    token_losses_BT: Tensor, target_mask_BT: Tensor, coefficient: float, num_tokens: int
) -> Tensor:
    """Return coefficient · Σ −log π(x_t) / num_tokens: the coefficient is on the MEAN loss per raw-text token of the
    whole step.

    `token_losses_BT` are cross-entropies in nats, `num_tokens` the step's count of raw-text targets over all
    micro-batches and ranks. Call `backward()` on it beside the policy loss, into the same gradient buffers.
    InstructGPT's 27.8 (arXiv:2203.02155, equation 2) belongs to its own reduction, which the paper does not state; a
    number is only comparable when the reduction is fixed, as it is here.
    """
    return coefficient * torch.where(target_mask_BT, token_losses_BT, 0.0).sum() / num_tokens


def copy_gradients(parameters: Iterable[Tensor]) -> list[Tensor | None]:
    """Return a copy of each parameter's gradient as it stands (None where there is none), to be compared with later
    ones.
    """
    return [None if parameter.grad is None else parameter.grad.detach().clone() for parameter in parameters]


def gradient_norm_ratio(parameters: Sequence[Tensor], before: Sequence[Tensor | None]) -> float:
    """Return ‖added gradient‖ / ‖gradient before‖, the L2 norms over all parameters; infinite where the first gradient
    was 0.

    Call `copy_gradients` after the policy loss's backward and this after the mix's: the norm of what was added is the
    mix's own gradient. NaN where both are 0. It costs one copy of the gradients, so measure it on logged steps only.
    """
    added_squared = before_squared = 0.0
    for parameter, old in zip(parameters, before, strict=True):
        old_norm = 0.0 if old is None else float(old.norm())
        before_squared += old_norm**2
        if parameter.grad is not None:
            added = parameter.grad if old is None else parameter.grad - old
            added_squared += float(added.norm()) ** 2
    if before_squared == 0.0:
        return math.nan if added_squared == 0.0 else math.inf
    return math.sqrt(added_squared / before_squared)
