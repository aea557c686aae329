"""Holds advantages to hand-computed replies, to brute-force sums and to known limits."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from trivium.alignment.advantage import explained_variance, gae, masked_mean, masked_variance, whiten


def batch(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Return rewards, values and a right-padded mask of replies of 5, 3, 1 and 4 tokens, with NaN as padding."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.arange(5) < torch.tensor([[5], [3], [1], [4]])
    rewards = torch.randn(4, 5, generator=generator, dtype=torch.float64).masked_fill(~mask, math.nan)
    values = torch.randn(4, 5, generator=generator, dtype=torch.float64).masked_fill(~mask, math.nan)
    return rewards, values, mask


def brute_force(rewards: list[float], values: list[float], gamma: float, lam: float) -> list[float]:
    """Sum (γλ)^l δ_{t+l} for every t, as the definition says."""
    after = [*values[1:], 0.0]
    deltas = [r + gamma * v_next - v for r, v, v_next in zip(rewards, values, after, strict=True)]
    return [sum((gamma * lam) ** (k - t) * deltas[k] for k in range(t, len(deltas))) for t in range(len(deltas))]


def test_the_advantages_of_three_tokens_are_the_hand_computed_ones() -> None:
    rewards = torch.tensor([[0.1, -0.2, 1.0]])
    values = torch.tensor([[0.5, 0.4, 0.3]])
    mask = torch.ones(1, 3, dtype=torch.bool)
    # gamma 0.9, lambda 0.5, so gamma·lambda = 0.45.
    # δ2 = 1.0 + 0.9·0 − 0.3 = 0.7;  δ1 = −0.2 + 0.9·0.3 − 0.4 = −0.33;  δ0 = 0.1 + 0.9·0.4 − 0.5 = −0.04
    # A2 = 0.7;  A1 = −0.33 + 0.45·0.7 = −0.015;  A0 = −0.04 + 0.45·(−0.015) = −0.04675
    advantages, returns = gae(rewards, values, mask, gamma=0.9, lam=0.5)
    torch.testing.assert_close(advantages, torch.tensor([[-0.04675, -0.015, 0.7]]))
    torch.testing.assert_close(returns, torch.tensor([[0.45325, 0.385, 1.0]]))


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.95), (0.9, 0.5), (1.0, 0.0), (0.99, 1.0)])
def test_padded_replies_agree_with_the_sum_of_the_definition(gamma: float, lam: float) -> None:
    rewards, values, mask = batch()
    advantages, returns = gae(rewards, values, mask, gamma, lam)
    for row in range(4):
        n = int(mask[row].sum())
        expected = brute_force(rewards[row, :n].tolist(), values[row, :n].tolist(), gamma, lam)
        torch.testing.assert_close(advantages[row, :n].tolist(), expected)
        torch.testing.assert_close(returns[row, :n], advantages[row, :n] + values[row, :n])
        assert advantages[row, n:].tolist() == [0.0] * (5 - n)
        assert returns[row, n:].tolist() == [0.0] * (5 - n)


def test_lambda_one_without_discount_is_reward_to_come_minus_value() -> None:
    rewards, values, mask = batch(1)
    advantages, returns = gae(rewards, values, mask, gamma=1.0, lam=1.0)
    to_come = rewards.nan_to_num(0.0).flip(1).cumsum(1).flip(1)
    torch.testing.assert_close(advantages[mask], (to_come - values)[mask])
    torch.testing.assert_close(returns[mask], to_come[mask])


def test_the_padding_side_does_not_change_an_advantage() -> None:
    rewards, values, mask = batch(2)
    right, _ = gae(rewards, values, mask, 0.97, 0.9)
    lengths = mask.sum(1).tolist()

    def to_the_left(table: Tensor) -> Tensor:
        return torch.stack([row.roll(5 - n) for row, n in zip(table, lengths, strict=True)])

    left, _ = gae(to_the_left(rewards), to_the_left(values), to_the_left(mask), 0.97, 0.9)
    torch.testing.assert_close(left, to_the_left(right))


def test_a_reply_gets_the_same_advantage_alone_as_in_a_batch() -> None:
    rewards, values, mask = batch(3)
    together, _ = gae(rewards, values, mask)
    alone, _ = gae(rewards[1:2, :3], values[1:2, :3], mask[1:2, :3])
    assert torch.equal(together[1:2, :3], alone)


def test_whitening_agrees_with_the_hand_computed_case() -> None:
    values = torch.tensor([[1.0, 3.0, 99.0], [5.0, math.nan, math.inf]])
    mask = torch.tensor([[True, True, False], [True, False, False]])
    # 1, 3, 5: mean 3, variance 8/3.
    assert float(masked_mean(values, mask)) == 3.0
    assert float(masked_variance(values, mask)) == pytest.approx(8 / 3)
    step = 2 / math.sqrt(8 / 3)
    torch.testing.assert_close(whiten(values, mask), torch.tensor([[-step, 0, 0], [step, 0, 0]]))
    torch.testing.assert_close(
        whiten(values, mask, shift_mean=False), torch.tensor([[3 - step, 3, 0], [3 + step, 0, 0]])
    )


def test_whitening_without_the_shift_keeps_the_mean_and_brings_the_variance_to_one() -> None:
    _, values, mask = batch(4)
    whitened = whiten(values * 7 + 2, mask, shift_mean=False)
    assert float(masked_mean(whitened, mask)) == pytest.approx(float(masked_mean(values * 7 + 2, mask)))
    assert float(masked_variance(whitened, mask)) == pytest.approx(1.0, abs=1e-6)


def test_constant_values_whiten_to_zero_and_not_to_nan() -> None:
    mask = torch.ones(2, 2, dtype=torch.bool)
    assert whiten(torch.full((2, 2), 4.0), mask).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_explained_variance_is_one_for_perfect_values_and_zero_for_a_constant() -> None:
    _, returns, mask = batch(5)
    assert explained_variance(returns, returns, mask) == pytest.approx(1.0)
    assert explained_variance(torch.full_like(returns, 3.0), returns, mask) == pytest.approx(0.0)
    assert explained_variance(-returns, returns, mask) == pytest.approx(-3.0)
    assert math.isnan(explained_variance(returns, torch.ones_like(returns), mask))
