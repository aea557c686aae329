"""Holds per-token rewards to a hand-computed case and to what a sum over a reply must be."""

from __future__ import annotations

import math

import pytest
import torch

from trivium.alignment.advantage import masked_mean, masked_variance
from trivium.alignment.rollout_reward import ScoreScale, ended_scores, last_positions, token_rewards

MASK = torch.tensor([[True, True, True], [True, True, False]])


def test_the_rewards_of_three_tokens_are_the_hand_computed_ones() -> None:
    logprobs = torch.tensor([[-1.0, -2.0, -0.5], [-1.0, -1.0, math.nan]])
    reference = torch.tensor([[-1.5, -1.0, -0.5], [-1.0, -3.0, 0.0]])
    # Drift: 0.5, −1, 0 and 0, 2. Penalty 0.1 each nat; the score at the last token.
    rewards, kl = token_rewards(torch.tensor([1.0, -2.0]), logprobs, reference, MASK, beta=0.1)
    torch.testing.assert_close(rewards, torch.tensor([[-0.05, 0.1, 1.0], [0.0, -2.2, 0.0]]))
    torch.testing.assert_close(kl, torch.tensor([-0.5, 2.0]))


def test_without_drift_the_score_stands_alone_at_the_end_of_turn() -> None:
    same = torch.full((2, 3), -1.0)
    rewards, kl = token_rewards(torch.tensor([3.0, 4.0]), same, same, MASK, beta=5.0)
    assert rewards.tolist() == [[0.0, 0.0, 3.0], [0.0, 4.0, 0.0]]
    assert kl.tolist() == [0.0, 0.0]


def test_a_replys_rewards_sum_to_its_score_minus_beta_times_its_divergence() -> None:
    generator = torch.Generator().manual_seed(0)
    logprobs, reference = torch.randn(2, 2, 3, generator=generator, dtype=torch.float64)
    scores = torch.tensor([1.5, -0.5], dtype=torch.float64)
    rewards, kl = token_rewards(scores, logprobs, reference, MASK, beta=0.3)
    torch.testing.assert_close(rewards.sum(dim=1), scores - 0.3 * kl)


def test_no_gradient_flows_through_the_penalty() -> None:
    logprobs = torch.zeros(2, 3, requires_grad=True)
    assert not token_rewards(torch.zeros(2), logprobs, torch.ones(2, 3), MASK, beta=0.1).rewards_BT.requires_grad


def test_whitened_rewards_keep_their_mean() -> None:
    generator = torch.Generator().manual_seed(1)
    logprobs, reference = torch.randn(2, 2, 3, generator=generator)
    scores = torch.tensor([4.0, -1.0])
    plain = token_rewards(scores, logprobs, reference, MASK, 0.5).rewards_BT
    scaled = token_rewards(scores, logprobs, reference, MASK, 0.5, whitened=True).rewards_BT
    assert float(masked_mean(scaled, MASK)) == pytest.approx(float(masked_mean(plain, MASK)), rel=1e-5)
    assert float(masked_variance(scaled, MASK)) == pytest.approx(1.0, rel=1e-5)
    assert float(scaled[1, 2]) == 0.0


def test_the_last_position_is_found_on_either_padding_side() -> None:
    assert last_positions(MASK).tolist() == [2, 1]
    assert last_positions(MASK.flip(1)).tolist() == [2, 2]


def test_a_reply_without_a_token_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="at least one token"):
        last_positions(torch.zeros(1, 3, dtype=torch.bool))


def test_a_missing_end_replaces_the_score_however_good_it_was() -> None:
    scores = ended_scores(torch.tensor([9.0, 9.0]), torch.tensor([True, False]), missing_end_score=-4.0)
    assert scores.tolist() == [9.0, -4.0]


def test_a_score_scale_brings_its_samples_to_mean_zero_and_deviation_one() -> None:
    samples = torch.tensor([2.0, 4.0, 6.0, 8.0])
    scaled = ScoreScale.fit(samples)(samples)
    assert float(scaled.mean()) == pytest.approx(0.0, abs=1e-6)
    assert float(scaled.std(correction=0)) == pytest.approx(1.0)
    assert ScoreScale.fit(torch.tensor([3.0, 3.0]))(torch.tensor([3.0])).tolist() == [0.0]
