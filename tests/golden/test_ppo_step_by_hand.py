"""Follows one reply of three tokens through reward, advantage and both losses with plain arithmetic, tensors beside it."""

from __future__ import annotations

import math

import pytest
import torch

from trivium.alignment.advantage import gae, whiten
from trivium.alignment.policy import ppo_policy_loss, ppo_value_loss
from trivium.alignment.rollout_reward import token_rewards


def test_three_tokens_from_score_to_losses() -> None:
    mask = torch.ones(1, 3, dtype=torch.bool)
    old = torch.tensor([[-1.0, -2.0, -0.1]], dtype=torch.float64)
    reference = torch.tensor([[-1.2, -1.5, -0.1]], dtype=torch.float64)
    values = torch.tensor([[0.2, 0.4, 0.6]], dtype=torch.float64)

    # beta 0.1: −0.1·0.2, −0.1·(−0.5), 0 + score 1.
    rewards, kl = token_rewards(torch.tensor([1.0]), old, reference, mask, beta=0.1)
    torch.testing.assert_close(rewards, torch.tensor([[-0.02, 0.05, 1.0]], dtype=torch.float64))
    assert float(kl) == pytest.approx(-0.3)

    # δ = −0.02 + 0.4 − 0.2 = 0.18;  0.05 + 0.6 − 0.4 = 0.25;  1 + 0 − 0.6 = 0.4.  lambda 0.95:
    # A2 = 0.4;  A1 = 0.25 + 0.95·0.4 = 0.63;  A0 = 0.18 + 0.95·0.63 = 0.7785.
    advantages, returns = gae(rewards, values, mask, gamma=1.0, lam=0.95)
    torch.testing.assert_close(advantages, torch.tensor([[0.7785, 0.63, 0.4]], dtype=torch.float64))
    torch.testing.assert_close(returns, torch.tensor([[0.9785, 1.03, 1.0]], dtype=torch.float64))

    mean = (0.7785 + 0.63 + 0.4) / 3
    deviation = math.sqrt(((0.7785 - mean) ** 2 + (0.63 - mean) ** 2 + (0.4 - mean) ** 2) / 3)
    white = [(a - mean) / deviation for a in (0.7785, 0.63, 0.4)]
    whitened = whiten(advantages, mask)
    assert whitened[0].tolist() == pytest.approx(white, rel=1e-6)

    # The updated policy makes token 0 1.5 times as likely, token 1 as before, token 2 half as likely.
    new = old + torch.log(torch.tensor([[1.5, 1.0, 0.5]], dtype=torch.float64))
    terms = [max(-a * r, -a * min(max(r, 0.8), 1.2)) for a, r in zip(white, (1.5, 1.0, 0.5), strict=True)]
    loss, stats = ppo_policy_loss(new, old, whitened, mask, clip=0.2, num_tokens=3)
    assert float(loss) == pytest.approx(sum(terms) / 3, rel=1e-6)
    # Token 0 rose with a positive advantage and token 2 fell with a negative one: both beyond the clip.
    assert float(stats.clip_share) == pytest.approx(2 / 3)

    # Values moved to 0.5 (clipped to 0.4), 0.45 and 0.6 around returns 0.9785, 1.03, 1.
    moved = torch.tensor([[0.5, 0.45, 0.6]], dtype=torch.float64)
    value_loss, _ = ppo_value_loss(moved, values, returns, mask, clip=0.2, num_tokens=3)
    expected = 0.5 * (max(0.4785**2, 0.5785**2) + 0.58**2 + 0.4**2) / 3
    assert float(value_loss) == pytest.approx(expected)
