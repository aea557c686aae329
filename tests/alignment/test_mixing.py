"""Holds the pre-training mix to its stated normaliser and the gradient ratio to separately computed gradients."""

from __future__ import annotations

import math

import pytest
import torch

from trivium.alignment.mixing import copy_gradients, gradient_norm_ratio, pretraining_mix_loss


def test_the_mix_is_the_coefficient_times_the_mean_loss_per_token() -> None:
    losses = torch.tensor([[1.0, 2.0, math.nan], [3.0, 6.0, 0.0]])
    mask = torch.tensor([[True, True, False], [True, True, False]])
    assert float(pretraining_mix_loss(losses, mask, coefficient=0.5, num_tokens=4)) == pytest.approx(0.5 * 3.0)


def test_micro_batches_of_the_mix_add_up_to_the_whole() -> None:
    losses = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    mask = torch.tensor([[True, True], [True, False]])
    whole = pretraining_mix_loss(losses, mask, 2.0, 3)
    parts = [pretraining_mix_loss(losses[i : i + 1], mask[i : i + 1], 2.0, 3) for i in range(2)]
    torch.testing.assert_close(sum(parts), whole)


def test_the_gradient_of_both_losses_is_the_sum_and_the_ratio_is_that_of_their_norms() -> None:
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    idle = torch.tensor([1.0], requires_grad=True)
    (weight * torch.tensor([3.0, 4.0])).sum().backward()  # norm 5
    before = copy_gradients([weight, idle])
    (weight * torch.tensor([0.0, 10.0])).sum().backward()  # norm 10
    assert gradient_norm_ratio([weight, idle], before) == pytest.approx(2.0)
    assert weight.grad is not None
    assert weight.grad.tolist() == [3.0, 14.0]


def test_a_gradient_that_first_appears_with_the_mix_counts_and_an_empty_start_is_infinite() -> None:
    weight = torch.tensor([1.0], requires_grad=True)
    before = copy_gradients([weight])
    assert math.isnan(gradient_norm_ratio([weight], before))
    (2 * weight).sum().backward()
    assert gradient_norm_ratio([weight], before) == math.inf
