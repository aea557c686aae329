"""Turns two policies' log-probabilities into Kullback-Leibler estimates, and a divergence into the next coefficient.

Shapes: B replies of a batch, T reply positions. All log-probabilities are in nats, of the token that was sampled.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

LOG_RATIO_LIMIT = 20.0
"""Log-ratios are clamped to ± this before `exp`, so that one freak token cannot overflow a batch (e**20 is about
4.9e8).
"""

ADAPTIVE_STEP_LIMIT = 0.2
"""The adaptive rule's error kl/target − 1 is clipped to ± this (Ziegler et al. 2019, arXiv:1909.08593, section 2.2)."""


def ratio_of(log_ratio: Tensor) -> Tensor:
    """Return exp(log_ratio) with the log-ratio clamped to ±20 first; any shape, exactly 1 where the log-ratio is 0."""
    return torch.exp(log_ratio.clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT))


def k1(logprobs_BT: Tensor, ref_logprobs_BT: Tensor) -> Tensor:
    """Return log π − log π_ref per token: unbiased for KL(π ‖ π_ref) under samples of π, of either sign.

    The estimator that belongs into the reward. Source: Schulman 2020, "Approximating KL divergence", k1.
    """
    return logprobs_BT - ref_logprobs_BT


def k2(logprobs_BT: Tensor, ref_logprobs_BT: Tensor) -> Tensor:
    """Return ½ (log π − log π_ref)² per token: never negative, biased, low variance. Source: Schulman 2020, k2."""
    return 0.5 * (logprobs_BT - ref_logprobs_BT) ** 2


def k3(logprobs_BT: Tensor, ref_logprobs_BT: Tensor) -> Tensor:
    """Return (r − 1) − log r with r = π_ref / π per token: unbiased under samples of π and never negative.

    The estimator for logs and for losses. Only the exponential is clamped. Source: Schulman 2020, k3.
    """
    log_r_BT = ref_logprobs_BT - logprobs_BT
    return torch.expm1(log_r_BT.clamp(-LOG_RATIO_LIMIT, LOG_RATIO_LIMIT)) - log_r_BT


class FixedKL:
    """A penalty coefficient that stays what it is (InstructGPT: 0.02 nats of reward per nat, arXiv:2203.02155 appendix
    C.4).
    """

    def __init__(self, beta: float) -> None:
        """Keep beta, which must not be negative: a negative one would pay the policy for leaving the reference."""
        if beta < 0:
            raise ValueError(f"beta must be at least 0, found {beta}")
        self.beta = beta

    def update(self, kl: float, num_replies: int) -> float:
        """Return the coefficient of the next batch, which is the same one."""
        return self.beta

    def state_dict(self) -> dict[str, float]:
        """Return what a resumed run needs."""
        return {"beta": self.beta}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Go on from a saved state."""
        self.beta = float(state["beta"])


class AdaptiveKL:
    """A penalty coefficient that is steered towards a divergence of `target` nats per reply.

    beta ← beta · (1 + clip(kl / target − 1, −0.2, 0.2) · n / horizon), n the replies since the last update. Source:
    Ziegler et al. 2019 (arXiv:1909.08593), section 2.2; their values: beta 0.15, target 6 nats, horizon 10,000
    replies.

    >>> control = AdaptiveKL(beta=0.1, target=6.0, horizon=10_000)
    >>> round(control.update(kl=12.0, num_replies=1_000), 6)
    0.102
    """

    def __init__(self, beta: float, target: float, horizon: int) -> None:
        """Start at beta > 0 (from 0 no factor ever leads away); target in nats per reply, horizon in replies."""
        if beta <= 0 or target <= 0 or horizon <= 0:
            raise ValueError(f"beta, target and horizon must be above 0, found {beta}, {target}, {horizon}")
        self.beta = beta
        self.target = target
        self.horizon = horizon

    def update(self, kl: float, num_replies: int) -> float:
        """Take the mean divergence (nats per reply) of a batch of `num_replies` and return the next batch's
        coefficient.
        """
        error = min(max(kl / self.target - 1.0, -ADAPTIVE_STEP_LIMIT), ADAPTIVE_STEP_LIMIT)
        # More than five horizons in one batch at the lower clip would turn beta negative.
        self.beta *= max(1.0 + error * num_replies / self.horizon, 0.0)
        return self.beta

    def state_dict(self) -> dict[str, float]:
        """Return what a resumed run needs; without it a resumed run silently starts at the first beta again."""
        return {"beta": self.beta}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Go on from a saved state."""
        self.beta = float(state["beta"])
