"""Holds the PPO losses to hand-computed tokens, to the first pass's exact limits and to invariance under every split."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from trivium.alignment.policy import PolicyStats, entropy, ppo_policy_loss, ppo_value_loss


def batch() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return new and old log-probabilities, advantages and a ragged mask of 4 replies × 6 tokens."""
    generator = torch.Generator().manual_seed(0)
    new, noise, advantages = (torch.randn(4, 6, generator=generator, dtype=torch.float64) for _ in range(3))
    mask = torch.arange(6) < torch.tensor([[6], [2], [5], [1]])
    return new - 2, new - 2 + 0.3 * noise, advantages, mask


def test_the_policy_loss_of_three_tokens_is_the_hand_computed_one() -> None:
    old = torch.zeros(1, 4)
    new = torch.log(torch.tensor([[1.5, 0.5, 0.5, 7.0]]))
    advantages = torch.tensor([[1.0, 1.0, -1.0, 9.0]])
    mask = torch.tensor([[True, True, True, False]])
    # ρ = 1.5, A = +1: min(1.5, 1.2) = 1.2, clipped.  ρ = 0.5, A = +1: min(0.5, 0.8) = 0.5, not clipped.
    # ρ = 0.5, A = −1: min(−0.5, −0.8) = −0.8, clipped.  Loss = −(1.2 + 0.5 − 0.8)/3 = −0.3.
    loss, stats = ppo_policy_loss(new, old, advantages, mask, clip=0.2, num_tokens=3)
    assert float(loss) == pytest.approx(-0.3)
    assert float(stats.clip_share) == pytest.approx(2 / 3)
    assert float(stats.ratio_mean) == pytest.approx(2.5 / 3)
    assert float(stats.ratio_max_deviation) == pytest.approx(0.5)
    # k3 = ρ − 1 − ln ρ
    expected_kl = (0.5 - math.log(1.5) + 2 * (-0.5 - math.log(0.5))) / 3
    assert float(stats.approx_kl) == pytest.approx(expected_kl)


def test_on_the_first_pass_the_ratio_is_exactly_one_and_the_loss_is_minus_the_mean_advantage() -> None:
    new, _, advantages, mask = batch()
    loss, stats = ppo_policy_loss(new, new.clone(), advantages, mask, 0.2, int(mask.sum()))
    assert float(loss) == pytest.approx(-float(advantages[mask].mean()), rel=1e-12)
    assert float(stats.ratio_max_deviation) == 0.0
    assert float(stats.clip_share) == 0.0
    assert float(stats.approx_kl) == 0.0
    assert float(stats.ratio_mean) == pytest.approx(1.0, rel=1e-12)


def test_on_the_first_pass_the_gradient_is_the_policy_gradient() -> None:
    new, _, advantages, mask = batch()
    new.requires_grad_()
    loss, _ = ppo_policy_loss(new, new.detach(), advantages, mask, 0.2, int(mask.sum()))
    loss.backward()
    torch.testing.assert_close(new.grad, torch.where(mask, -advantages, 0.0) / mask.sum())


def test_clipped_tokens_get_no_gradient_and_padding_gets_none_even_from_nan() -> None:
    new = torch.tensor([[1.0, -1.0, math.nan]], requires_grad=True)
    mask = torch.tensor([[True, True, False]])
    advantages = torch.tensor([[1.0, -1.0, math.nan]])
    loss, _ = ppo_policy_loss(new, torch.zeros(1, 3), advantages, mask, 0.2, 2)
    loss.backward()
    assert new.grad is not None
    assert new.grad.tolist() == [[0.0, 0.0, 0.0]]
    assert bool(loss.isfinite())


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_micro_batch_split_changes_neither_loss_nor_gradient_nor_stats(cut: int) -> None:
    new, old, advantages, mask = batch()
    num_tokens = int(mask.sum())
    whole_new = new.clone().requires_grad_()
    whole, whole_stats = ppo_policy_loss(whole_new, old, advantages, mask, 0.2, num_tokens)
    whole.backward()
    split_new = new.clone().requires_grad_()
    total, merged = 0.0, None
    for part in (slice(0, cut), slice(cut, 4)):
        loss, stats = ppo_policy_loss(split_new[part], old[part], advantages[part], mask[part], 0.2, num_tokens)
        loss.backward()
        total += float(loss.detach())
        merged = stats if merged is None else merged.merge(stats)
    assert total == pytest.approx(float(whole.detach()), rel=1e-12)
    torch.testing.assert_close(split_new.grad, whole_new.grad)
    assert isinstance(merged, PolicyStats)
    torch.testing.assert_close(tuple(merged), tuple(whole_stats))


def test_the_padding_side_does_not_change_the_losses() -> None:
    new, old, advantages, mask = batch()
    num_tokens = int(mask.sum())
    flipped = [table.flip(1) for table in (new, old, advantages, mask)]
    assert float(ppo_policy_loss(*flipped, 0.2, num_tokens)[0]) == pytest.approx(
        float(ppo_policy_loss(new, old, advantages, mask, 0.2, num_tokens)[0]), rel=1e-12
    )
    assert float(ppo_value_loss(*flipped, 0.2, num_tokens)[0]) == pytest.approx(
        float(ppo_value_loss(new, old, advantages, mask, 0.2, num_tokens)[0]), rel=1e-12
    )


def test_a_freak_log_ratio_gives_a_finite_loss() -> None:
    mask = torch.ones(1, 1, dtype=torch.bool)
    loss, stats = ppo_policy_loss(torch.zeros(1, 1), torch.full((1, 1), -500.0), -torch.ones(1, 1), mask, 0.2, 1)
    assert float(loss) == pytest.approx(math.exp(20), rel=1e-5)
    assert bool(stats.approx_kl.isfinite())


def test_the_value_loss_of_three_tokens_is_the_hand_computed_one() -> None:
    values = torch.tensor([[1.0, 0.1, 0.5]])
    old = torch.tensor([[0.0, 0.0, 0.5]])
    returns = torch.tensor([[1.0, 1.0, 0.0]])
    mask = torch.ones(1, 3, dtype=torch.bool)
    # V = 1: free 0, clipped to 0.2: 0.64 counts.  V = 0.1: inside the clip, 0.81.  V = 0.5 = V_old: 0.25.
    loss, clip_share = ppo_value_loss(values, old, returns, mask, 0.2, 3)
    assert float(loss) == pytest.approx(0.5 * (0.64 + 0.81 + 0.25) / 3)
    assert float(clip_share) == pytest.approx(1 / 3)


def test_on_the_first_pass_the_value_loss_is_half_the_mean_squared_error() -> None:
    values, _, returns, mask = batch()
    loss, clip_share = ppo_value_loss(values, values.clone(), returns, mask, 0.2, int(mask.sum()))
    assert float(loss) == pytest.approx(0.5 * float(((values - returns)[mask] ** 2).mean()), rel=1e-12)
    assert float(clip_share) == 0.0


def test_the_value_losses_of_micro_batches_add_up() -> None:
    values, old, returns, mask = batch()
    num_tokens = int(mask.sum())
    whole, _ = ppo_value_loss(values, old, returns, mask, 0.1, num_tokens)
    parts = [
        ppo_value_loss(values[i : i + 1], old[i : i + 1], returns[i : i + 1], mask[i : i + 1], 0.1, num_tokens)[0]
        for i in range(4)
    ]
    assert sum(float(part) for part in parts) == pytest.approx(float(whole), rel=1e-12)


def test_entropy_is_log_v_when_uniform_and_zero_when_certain() -> None:
    logits = torch.tensor(
        [[[0.0, 0.0, 0.0, 0.0], [0.0, -math.inf, -math.inf, -math.inf], [0.0, 0.0, -math.inf, -math.inf]]]
    )
    torch.testing.assert_close(entropy(logits), torch.tensor([[math.log(4), 0.0, math.log(2)]]))


def test_entropy_has_a_gradient_without_nan_where_logits_are_masked() -> None:
    logits = torch.tensor([[[0.3, -math.inf, 1.0]]], requires_grad=True)
    entropy(logits).sum().backward()
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())
