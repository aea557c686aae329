"""Turns reply scores and the drift from the reference policy into one reward per token.

Shapes: B replies of a batch, T reply positions. `reply_mask_BT` is true where a token of the reply stands, its
end-of-turn token included.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from trivium.alignment.advantage import whiten
from trivium.alignment.kl import k1


class TokenRewards(NamedTuple):
    """What the policy is paid, and how far each reply strayed."""

    rewards_BT: Tensor
    kl_B: Tensor
    """Σ (log π − log π_ref) of each reply, in nats; unbiased, of either sign."""


def ended_scores(scores_B: Tensor, stopped_B: Tensor, missing_end_score: float) -> Tensor:
    """Return the scores, with `missing_end_score` in place of the score where a reply did not stop by itself.

    Replaced, not subtracted: a reward model was never shown replies that break off, so its score there means nothing.
    Source: Stiennon et al. 2020 code's fixed score for samples without an end; Huang et al. 2024, "EOS trick" of
    arXiv:2403.17031.
    """
    return torch.where(stopped_B, scores_B, missing_end_score)


def last_positions(reply_mask_BT: Tensor) -> Tensor:
    """Return the position of each reply's last token, B; a reply without a token is a mistake of ours."""
    assert bool(reply_mask_BT.any(dim=1).all()), "every reply needs at least one token (its end-of-turn token)"
    positions_T = torch.arange(reply_mask_BT.shape[1], device=reply_mask_BT.device)
    return torch.where(reply_mask_BT, positions_T, -1).amax(dim=1)


def token_rewards(
    scores_B: Tensor,
    logprobs_BT: Tensor,
    ref_logprobs_BT: Tensor,
    reply_mask_BT: Tensor,
    beta: float,
    whitened: bool = False,
) -> TokenRewards:
    """Return −beta · (log π − log π_ref) at every reply token, with the reply's score added at its last token.

    Log-probabilities must be of the same temperature as the rollout. `whitened` scales the rewards to unit variance
    without shifting their mean; off by default, since it shortens replies and lowered preference (Huang et al. 2024,
    arXiv:2403.17031). Source: Stiennon et al. 2020 (arXiv:2009.01325), section 3.4; Ouyang et al. 2022
    (arXiv:2203.02155), equation 2.
    """
    drift_BT = torch.where(reply_mask_BT, k1(logprobs_BT, ref_logprobs_BT), 0.0).detach()
    ends_BT = torch.nn.functional.one_hot(last_positions(reply_mask_BT), reply_mask_BT.shape[1]).to(drift_BT.dtype)
    rewards_BT = -beta * drift_BT + ends_BT * scores_B.to(drift_BT.dtype)[:, None]
    if whitened:
        rewards_BT = whiten(rewards_BT, reply_mask_BT, shift_mean=False)
    return TokenRewards(rewards_BT, drift_BT.sum(dim=1))


class ScoreScale(NamedTuple):
    """A gain and a bias that bring scores to mean 0 and standard deviation 1, so that the KL coefficient keeps its
    meaning.
    """

    gain: float
    bias: float

    @classmethod
    def fit(cls, scores_N: Tensor) -> ScoreScale:
        """Fit on scores of reference-policy samples; constant scores get gain 1. Source: Ziegler et al. 2019,
        appendix; Huang et al. 2024.
        """
        mean, deviation = float(scores_N.mean()), float(scores_N.std(correction=0))
        gain = 1.0 / deviation if deviation > 0 else 1.0
        return cls(gain, -mean * gain)

    def __call__(self, scores_N: Tensor) -> Tensor:
        """Return gain · score + bias."""
        return scores_N * self.gain + self.bias
