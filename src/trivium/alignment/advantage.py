"""Turns per-token rewards and values into advantages and returns, and whitens numbers over the tokens that count.

Shapes: B replies of a batch, T reply positions. `reply_mask_BT` is true where a token of the reply stands. What stands
at masked positions is never read, NaN included, and every result is 0 there.
"""

from __future__ import annotations

import torch
from torch import Tensor

WHITEN_EPSILON = 1e-8
"""Added to the variance before the root, so that a constant batch whitens to its mean and not to NaN."""


def masked_mean(values_BT: Tensor, reply_mask_BT: Tensor) -> Tensor:
    """Return the mean over masked-in positions, a scalar; 0 where the mask is empty."""
    return torch.where(reply_mask_BT, values_BT, 0.0).sum() / reply_mask_BT.sum().clamp(min=1)


def masked_variance(values_BT: Tensor, reply_mask_BT: Tensor) -> Tensor:
    """Return the variance over masked-in positions, dividing by n (not n − 1), a scalar; 0 where the mask is empty.

    Dividing by n is what `tf.nn.moments` did in the first RLHF code (Huang et al. 2024, "The N Implementation Details
    of RLHF with PPO").
    """
    return masked_mean((values_BT - masked_mean(values_BT, reply_mask_BT)) ** 2, reply_mask_BT)


def whiten(values_BT: Tensor, reply_mask_BT: Tensor, shift_mean: bool = True) -> Tensor:
    """Return (x − mean) / √(variance + 1e-8) over masked-in positions, plus the mean again where `shift_mean` is false.

    Advantages are whitened with the shift, rewards without it: shifting rewards would pay or punish length. Whiten the
    whole batch before it is cut into minibatches. Source: Ziegler et al. 2019 code; Huang et al. 2024.
    """
    mean = masked_mean(values_BT, reply_mask_BT)
    scale = torch.rsqrt(masked_variance(values_BT, reply_mask_BT) + WHITEN_EPSILON)
    whitened_BT = (values_BT - mean) * scale + (0.0 if shift_mean else mean)
    return torch.where(reply_mask_BT, whitened_BT, 0.0)


def gae(
    rewards_BT: Tensor, values_BT: Tensor, reply_mask_BT: Tensor, gamma: float = 1.0, lam: float = 0.95
) -> tuple[Tensor, Tensor]:
    """Return generalised advantages and returns (advantage + value), each BT.

    δ_t = r_t + γ V_{t+1} − V_t,  A_t = δ_t + γ λ A_{t+1}, both from the last token back; after a reply's last token
    the episode is over: value 0, advantage 0. Padding is stepped over, so its side does not matter. Known limits: λ =
    0 gives δ; λ = 1, γ = 1 gives (sum of the rewards still to come) − V. Source: Schulman et al. 2015
    (arXiv:1506.02438), section 3, equation 16.

    >>> mask = torch.tensor([[True, True, True]])
    >>> gae(torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[0.5, 0.5, 0.5]]), mask, gamma=1.0, lam=1.0)[0].tolist()
    [[0.5, 0.5, 0.5]]
    """
    rewards_BT = torch.where(reply_mask_BT, rewards_BT, 0.0)
    values_BT = torch.where(reply_mask_BT, values_BT, 0.0)
    next_value_B = torch.zeros_like(values_BT[:, 0])
    next_advantage_B = torch.zeros_like(next_value_B)
    advantages: list[Tensor] = []
    for position in reversed(range(rewards_BT.shape[1])):
        inside_B = reply_mask_BT[:, position]
        delta_B = rewards_BT[:, position] + gamma * next_value_B - values_BT[:, position]
        advantage_B = delta_B + gamma * lam * next_advantage_B
        advantages.append(torch.where(inside_B, advantage_B, 0.0))
        next_advantage_B = torch.where(inside_B, advantage_B, next_advantage_B)
        next_value_B = torch.where(inside_B, values_BT[:, position], next_value_B)
    advantages_BT = torch.stack(advantages[::-1], dim=1)
    return advantages_BT, advantages_BT + values_BT


def explained_variance(values_BT: Tensor, returns_BT: Tensor, reply_mask_BT: Tensor) -> float:
    """Return 1 − Var(return − value) / Var(return): 1 perfect, 0 as good as a constant, below 0 worse than that.

    NaN where the returns are constant: the share of nothing is undefined. A value network that stays below 0 is not
    learning.
    """
    spread = masked_variance(returns_BT, reply_mask_BT)
    if float(spread) == 0.0:
        return float("nan")
    return 1.0 - float(masked_variance(returns_BT - values_BT, reply_mask_BT) / spread)
