"""Learning-rate shares at golden points and at their limits."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.training.schedule import ScheduleConfig, learning_rate_share


def share(shape: str, step: int, num_steps: int = 100, **more: float) -> float:
    return learning_rate_share(ScheduleConfig(shape=shape, **more), step, num_steps)


def test_warm_up_climbs_in_equal_steps_and_never_starts_at_zero():
    climbs = [share("constant", step, warmup_share=0.04) for step in range(6)]
    assert climbs == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])


def test_cosine_passes_through_its_quarter_points():
    points = [share("cosine", step, warmup_share=0.0, final_share=0.1) for step in (0, 25, 50, 75)]
    quarter = 0.5 * (1 + math.cos(math.pi / 4))
    assert points == pytest.approx([1.0, 0.1 + 0.9 * quarter, 0.55, 0.1 + 0.9 * (1 - quarter)])


def test_linear_falls_to_the_final_share():
    points = [share("linear", step, warmup_share=0.0, final_share=0.2) for step in (0, 50, 99)]
    assert points == pytest.approx([1.0, 0.6, 0.208])


def test_wsd_stays_at_the_peak_until_its_last_share():
    points = [share("wsd", s, warmup_share=0.0, decay_share=0.2, final_share=0.0) for s in (0, 79, 80, 90, 99)]
    assert points == pytest.approx([1.0, 1.0, 1.0, 0.5, 0.05])


def test_without_warm_up_the_first_step_has_the_peak_rate():
    assert {share(shape, 0, warmup_share=0.0) for shape in ("constant", "linear", "cosine", "wsd")} == {1.0}


def test_a_run_of_one_step_trains():
    assert 0 < share("cosine", 0, num_steps=1) <= 1


@given(
    shape=st.sampled_from(["constant", "linear", "cosine", "wsd"]),
    num_steps=st.integers(1, 300),
    warmup=st.floats(0, 1),
    decay=st.floats(0, 1),
    final=st.floats(0, 1),
)
def test_every_share_is_above_zero_at_most_one_and_only_falls_after_warm_up(shape, num_steps, warmup, decay, final):
    config = ScheduleConfig(shape=shape, warmup_share=warmup, decay_share=decay, final_share=final)
    shares = [learning_rate_share(config, step, num_steps) for step in range(num_steps)]
    assert all(0 < value <= 1 for value in shares)
    peak = shares.index(max(shares))
    assert shares[: peak + 1] == sorted(shares[: peak + 1])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)
    after_warmup = shares[round(warmup * num_steps) + 1 :]
    assert all(value >= final - 1e-9 for value in after_warmup)


@given(num_steps=st.integers(20, 400), warmup=st.floats(0, 1), decay=st.floats(0.2, 1))
def test_wsd_never_jumps_down(num_steps, warmup, decay):
    config = ScheduleConfig(shape="wsd", warmup_share=warmup, decay_share=decay, final_share=0.1)
    shares = [learning_rate_share(config, step, num_steps) for step in range(num_steps)]
    falls = [before - after for before, after in itertools.pairwise(shares)]
    left = num_steps - max(round(warmup * num_steps), num_steps * (1 - decay)) - 1  # a warm-up has a step at least
    assert max(falls, default=0.0) <= 0.9 / max(1.0, left) + 1e-9
