"""Turns new and old log-probabilities with advantages, and new and old values with returns, into the two PPO losses.

Shapes: B replies of a batch, T reply positions, V vocabulary. Every loss is a sum over masked-in tokens divided by
`num_tokens`, the token count of the whole optimisation step over all micro-batches and ranks, so that the gradient
does not depend on how it is split.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from trivium.alignment.kl import k3, ratio_of


class PolicyStats(NamedTuple):
    """What one micro-batch adds to the step's diagnostics. Detached scalars; all but the maximum are sums /
    num_tokens, so they add up.
    """

    ratio_mean: Tensor
    """π / π_old; about 1, and exactly 1 on the first pass."""
    ratio_max_deviation: Tensor
    """max |ratio − 1|; exactly 0 on the first pass."""
    approx_kl: Tensor
    """k3 estimate of KL(π_old ‖ π) in nats per token."""
    clip_share: Tensor
    """Share of tokens whose loss is the clipped branch (their gradient is 0); exactly 0 on the first pass."""

    def merge(self, other: PolicyStats) -> PolicyStats:
        """Return the diagnostics of both micro-batches together."""
        return PolicyStats(
            self.ratio_mean + other.ratio_mean,
            torch.maximum(self.ratio_max_deviation, other.ratio_max_deviation),
            self.approx_kl + other.approx_kl,
            self.clip_share + other.clip_share,
        )


def ppo_policy_loss(
    logprobs_BT: Tensor,
    old_logprobs_BT: Tensor,
    advantages_BT: Tensor,
    reply_mask_BT: Tensor,
    clip: float,
    num_tokens: int,
) -> tuple[Tensor, PolicyStats]:
    """Return Σ max(−A·ρ, −A·clip(ρ, 1 − clip, 1 + clip)) / num_tokens with ρ = exp(logp − logp_old), and its
    diagnostics.

    On the first pass ρ is 1 everywhere, the loss is −mean(A) and nothing is clipped. The log-ratio is clamped to ±20
    before `exp`. Source: Schulman et al. 2017 (arXiv:1707.06347), equation 7.
    """
    # Masked before the exponential: where() after it would still send NaN into the gradient.
    log_ratio_BT = torch.where(reply_mask_BT, logprobs_BT - old_logprobs_BT, 0.0)
    advantages_BT = torch.where(reply_mask_BT, advantages_BT, 0.0)
    ratio_BT = ratio_of(log_ratio_BT)
    unclipped_BT = -advantages_BT * ratio_BT
    clipped_BT = -advantages_BT * ratio_BT.clamp(1.0 - clip, 1.0 + clip)
    loss = torch.maximum(unclipped_BT, clipped_BT).sum() / num_tokens
    with torch.no_grad():
        zeros_BT = torch.zeros_like(log_ratio_BT)
        stats = PolicyStats(
            ratio_mean=torch.where(reply_mask_BT, ratio_BT, 0.0).sum() / num_tokens,
            ratio_max_deviation=(ratio_BT - 1.0).abs().max(),
            approx_kl=k3(zeros_BT, log_ratio_BT).sum() / num_tokens,
            clip_share=(clipped_BT > unclipped_BT).sum() / num_tokens,
        )
    return loss, stats


def ppo_value_loss(
    values_BT: Tensor,
    old_values_BT: Tensor,
    returns_BT: Tensor,
    reply_mask_BT: Tensor,
    clip: float,
    num_tokens: int,
) -> tuple[Tensor, Tensor]:
    """Return ½ Σ max((V − R)², (clip(V, V_old ± clip) − R)²) / num_tokens, and the share of tokens that are clipped.

    The clip keeps one update from throwing the value network far from where the advantages were computed.
    Source: Ziegler et al. 2019 code; Huang et al. 2024 (clip 0.2, weighted 0.1 beside the policy loss).
    """
    values_BT = torch.where(reply_mask_BT, values_BT, 0.0)
    old_values_BT = torch.where(reply_mask_BT, old_values_BT, 0.0)
    returns_BT = torch.where(reply_mask_BT, returns_BT, 0.0)
    near_BT = torch.maximum(torch.minimum(values_BT, old_values_BT + clip), old_values_BT - clip)
    free_BT = (values_BT - returns_BT) ** 2
    bound_BT = (near_BT - returns_BT) ** 2
    loss = 0.5 * torch.maximum(free_BT, bound_BT).sum() / num_tokens
    return loss, (bound_BT > free_BT).sum().detach() / num_tokens


def entropy(logits_BTV: Tensor) -> Tensor:
    """Return −Σ_v p log p in nats per position, BT, in float32: 0 for a certain next token, log V for a uniform one."""
    log_p_BTV = torch.log_softmax(logits_BTV.float(), dim=-1)
    # p log p is 0 where p is 0, but 0 · −inf is NaN, and masked vocabulary entries have logit −inf.
    finite_BTV = torch.where(log_p_BTV.isneginf(), 0.0, log_p_BTV)
    return -(log_p_BTV.exp() * finite_BTV).sum(dim=-1)
