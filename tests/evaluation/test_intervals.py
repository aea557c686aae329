"""Holds intervals to the closed formula, to their coverage and to the edges where there is nothing to measure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.evaluation.intervals import apart, clustered_share, mean, paired_difference, share
from trivium.records import Measure


def wilson(successes: int, n: int) -> tuple[float, float]:
    """Return the interval as Wilson's formula writes it."""
    z, p = 1.959963984540054, successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return centre - half, centre + half


@given(st.integers(1, 500), st.data())
def test_a_share_has_wilsons_interval(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    measure = share(successes, n)
    assert measure.value == successes / n
    assert (measure.low, measure.high) == pytest.approx(wilson(successes, n), abs=1e-9)


def test_a_share_of_nothing_is_undefined_and_says_why() -> None:
    assert share(0, 0) == Measure(value=None, n=0, undefined="no outcomes")
    assert mean([]) == Measure(value=None, n=0, undefined="no values")


def test_a_mean_lies_in_its_interval_and_the_same_seed_gives_the_same_one() -> None:
    values = np.random.default_rng(0).normal(2.0, 1.0, 100).tolist()
    measure = mean(values, seed=3)
    assert measure == mean(values, seed=3)
    assert measure != mean(values, seed=4)
    assert measure.value == pytest.approx(np.mean(values))
    # The normal interval is ± 1.96 s/√n; the percentile bootstrap must come near it at n = 100.
    half = 1.96 * np.std(values) / 10
    assert measure.low == pytest.approx(np.mean(values) - half, abs=0.03)
    assert measure.high == pytest.approx(np.mean(values) + half, abs=0.03)


def test_the_interval_of_a_mean_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for trial in range(100):
        measure = mean(rng.exponential(1.0, 60).tolist(), seed=trial)
        assert measure.low is not None
        assert measure.high is not None
        covered += measure.low <= 1.0 <= measure.high
    assert 85 <= covered <= 99


def test_one_value_has_a_mean_and_no_interval_and_equal_values_have_a_point() -> None:
    assert mean([4.0]) == Measure(value=4.0, n=1)
    assert mean([4.0, 4.0, 4.0]) == Measure(value=4.0, n=3, low=4.0, high=4.0)


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        mean([1.0, math.nan])


def test_pairing_finds_a_difference_that_the_items_would_hide() -> None:
    rng = np.random.default_rng(2)
    items = rng.normal(0, 10, 50)
    first, second = items + 1 + rng.normal(0, 0.1, 50), items
    assert not apart(mean(first.tolist()), mean(second.tolist()))
    difference = paired_difference(first.tolist(), second.tolist())
    assert difference.value == pytest.approx(1.0, abs=0.1)
    assert difference.low is not None
    assert difference.low > 0
    with pytest.raises(ValueError, match="two values per item"):
        paired_difference([1.0], [1.0, 2.0])


def test_clusters_that_agree_within_widen_the_interval() -> None:
    # 40 prompts of 10 pairs each, all right or all wrong: 40 independent facts, not 400.
    clustered = clustered_share([10.0] * 30 + [0.0] * 10, [10.0] * 40)
    naive = share(300, 400)
    assert clustered.value == naive.value == 0.75
    assert clustered.n == 40
    assert clustered.high is not None
    assert clustered.low is not None
    assert naive.high is not None
    assert naive.low is not None
    assert clustered.high - clustered.low > 2 * (naive.high - naive.low)


def test_clusters_without_outcomes_are_left_out_and_lengths_must_agree() -> None:
    assert clustered_share([1.0, 0.0], [2.0, 0.0]) == Measure(value=0.5, n=1)
    with pytest.raises(ValueError, match="one total per cluster"):
        clustered_share([1.0], [1.0, 2.0])


def test_intervals_are_apart_only_where_they_do_not_touch() -> None:
    low = Measure(value=0.1, n=9, low=0.0, high=0.2)
    touching = Measure(value=0.3, n=9, low=0.2, high=0.4)
    high = Measure(value=0.6, n=9, low=0.5, high=0.7)
    assert apart(low, high)
    assert apart(high, low)
    assert not apart(low, touching)
    assert not apart(low, Measure(value=0.9, n=1))
