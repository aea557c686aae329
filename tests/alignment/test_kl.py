"""Holds the divergence estimators to exact sums over a small vocabulary and the adaptive coefficient to a written-out case."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trivium.alignment.kl import AdaptiveKL, FixedKL, k1, k2, k3, ratio_of

LOGPROBS = st.lists(st.tuples(st.floats(-50, 0), st.floats(-50, 0)), min_size=1, max_size=8)


def test_the_estimators_of_three_tokens_are_the_hand_computed_ones() -> None:
    logprobs = torch.log(torch.tensor([[0.5, 0.2, 0.4]]))
    reference = torch.log(torch.tensor([[0.25, 0.4, 0.4]]))
    # r = π_ref/π = 1/2, 2, 1; log r = −ln 2, ln 2, 0.
    ln2 = math.log(2)
    torch.testing.assert_close(k1(logprobs, reference), torch.tensor([[ln2, -ln2, 0.0]]))
    torch.testing.assert_close(k2(logprobs, reference), torch.tensor([[ln2**2 / 2, ln2**2 / 2, 0.0]]))
    torch.testing.assert_close(k3(logprobs, reference), torch.tensor([[-0.5 + ln2, 1 - ln2, 0.0]]))


def test_k1_and_k3_are_unbiased_under_the_policy() -> None:
    policy = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    reference = torch.tensor([0.2, 0.2, 0.6], dtype=torch.float64)
    exact = float((policy * (policy / reference).log()).sum())
    for estimator in (k1, k3):
        expectation = float((policy * estimator(policy.log(), reference.log())).sum())
        assert expectation == pytest.approx(exact, rel=1e-12)


@given(LOGPROBS)
def test_k2_and_k3_are_never_negative_and_always_finite(pairs: list[tuple[float, float]]) -> None:
    logprobs, reference = torch.tensor(pairs, dtype=torch.float64).unbind(dim=1)
    for estimator in (k2, k3):
        values = estimator(logprobs, reference)
        assert bool((values >= 0).all())
        assert bool(values.isfinite().all())


def test_a_ratio_of_equal_log_probabilities_is_exactly_one_and_a_freak_ratio_is_finite() -> None:
    assert ratio_of(torch.zeros(3)).tolist() == [1.0, 1.0, 1.0]
    assert float(ratio_of(torch.tensor(1000.0))) == pytest.approx(math.exp(20), rel=1e-6)
    assert float(ratio_of(torch.tensor(-1000.0))) == pytest.approx(math.exp(-20), rel=1e-6)


def test_the_adaptive_coefficient_follows_the_written_out_rule() -> None:
    control = AdaptiveKL(beta=0.15, target=6.0, horizon=10_000)
    # 12 nats is 100 % too far: clipped to 20 %; 256 replies of 10,000.
    assert control.update(12.0, 256) == pytest.approx(0.15 * (1 + 0.2 * 256 / 10_000))
    # 5.4 nats is 10 % too near: inside the clip.
    assert control.update(5.4, 500) == pytest.approx(0.15 * 1.00512 * (1 - 0.1 * 500 / 10_000))


def test_the_adaptive_coefficient_stays_at_the_target() -> None:
    control = AdaptiveKL(beta=0.1, target=6.0, horizon=100)
    assert control.update(6.0, 1_000) == 0.1


def test_the_adaptive_coefficient_never_turns_negative() -> None:
    assert AdaptiveKL(beta=0.1, target=6.0, horizon=10).update(0.0, 1_000) == 0.0


def test_a_resumed_coefficient_goes_on_where_it_was() -> None:
    first = AdaptiveKL(beta=0.1, target=6.0, horizon=1_000)
    first.update(20.0, 300)
    resumed = AdaptiveKL(beta=0.1, target=6.0, horizon=1_000)
    resumed.load_state_dict(first.state_dict())
    assert resumed.update(9.0, 300) == first.update(9.0, 300)


def test_a_fixed_coefficient_does_not_move() -> None:
    control = FixedKL(0.05)
    assert control.update(100.0, 1_000) == 0.05
    resumed = FixedKL(0.0)
    resumed.load_state_dict(control.state_dict())
    assert resumed.beta == 0.05


def test_a_coefficient_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        FixedKL(-0.1)
    with pytest.raises(ValueError, match="above 0"):
        AdaptiveKL(0.0, 6.0, 100)
