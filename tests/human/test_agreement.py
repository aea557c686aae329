"""Holds agreement measures to hand-computed cases, to nltk's alpha, and to a simulation whose noise is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import interval_distance
from scipy import stats

from trivium.human.agreement import (
    Ranked,
    concordance,
    kendall_w,
    krippendorff_alpha,
    pairwise_agreement,
    same_order_counts,
)


def prompt_of(*rows: list[float]) -> Ranked:
    """Return one prompt's rankings over distinct replies."""
    return Ranked(np.asarray(rows, dtype=float), tuple(f"reply {i}" for i in range(len(rows[0]))))


def simulated(num_prompts: int, noise: float, num_rankers: int = 5, num_replies: int = 4) -> list[Ranked]:
    """Rank replies of normal quality by quality plus normal noise of each ranker."""
    rng = np.random.default_rng(0)
    quality = rng.normal(size=(num_prompts, 1, num_replies))
    seen = quality + noise * rng.normal(size=(num_prompts, num_rankers, num_replies))
    return [prompt_of(*stats.rankdata(-one, axis=1).tolist()) for one in seen]


def test_pairs_of_rankers_are_counted_as_by_hand() -> None:
    # Rankers 1 and 2 differ on b/c only; ranker 3 ties a and b: differs from both there, and agrees on a/c and b/c with 1.
    ranks = np.array([[1, 2, 3], [1, 3, 2], [1.5, 1.5, 3]])
    # a/b: +,+,0 → 1 of 3.  a/c: all the same → 3 of 3.  b/c: −,+,− → 1 of 3.
    assert same_order_counts(ranks) == (5, 9)


def test_pairs_of_identical_texts_are_left_out() -> None:
    ranks = np.array([[1, 2, 3], [2, 1, 3]])
    assert same_order_counts(ranks, ["same", "same", "other"]) == (2, 2)
    assert same_order_counts(ranks[:1]) == (0, 0)


def test_agreement_over_prompts_pools_pairs_and_resamples_prompts() -> None:
    measure = pairwise_agreement([prompt_of([1, 2], [1, 2]), prompt_of([1, 2], [2, 1]), prompt_of([1, 2])])
    assert measure.value == 0.5
    assert measure.n == 2
    assert (measure.low, measure.high) == (0.0, 1.0)


def test_agreement_is_near_what_the_rankers_noise_implies() -> None:
    # Two rankers see difference d = √2·q plus √2·0.5·noise; they agree with probability 1 − 2·P(opposite signs),
    # correlation ρ = 1/(1 + 0.25) of two bivariate normals: P(agree) = 1/2 + asin(ρ)/π.
    expected = 0.5 + math.asin(1 / 1.25) / math.pi
    measure = pairwise_agreement(simulated(1_000, noise=0.5))
    assert measure.value == pytest.approx(expected, abs=0.015)
    assert measure.low is not None
    assert measure.high is not None
    assert measure.low < expected < measure.high
    assert measure.high - measure.low < 0.03


def test_w_is_one_for_the_same_order_and_zero_for_opposite_balance() -> None:
    assert kendall_w(np.array([[1.0, 2, 3]] * 4)).value == pytest.approx(1.0)
    assert kendall_w(np.array([[1.0, 2, 3], [3.0, 2, 1]])).value == pytest.approx(0.0)


def test_w_with_ties_agrees_with_the_textbook_formula() -> None:
    ranks = np.array([[1, 2.5, 2.5, 4], [1, 2, 3, 4], [2, 1, 3.5, 3.5]])
    m, k = ranks.shape
    sums = ranks.sum(axis=0)
    spread = ((sums - sums.mean()) ** 2).sum()
    ties = 2 * (2**3 - 2)  # two pairs of tied replies
    assert kendall_w(ranks).value == pytest.approx(12 * spread / (m * m * (k**3 - k) - m * ties))


@pytest.mark.parametrize(
    ("ranks", "reason"),
    [
        ([[1.0, 2, 3]], "two rankers"),
        ([[1.0, 2], [1.0, 2]], "three replies"),
        ([[2.0, 2, 2], [2.0, 2, 2]], "tied all replies"),
    ],
)
def test_w_says_why_it_is_undefined(ranks: list[list[float]], reason: str) -> None:
    measure = kendall_w(np.array(ranks))
    assert measure.value is None
    assert reason in str(measure.undefined)
    overall = concordance([prompt_of(*ranks)])
    assert overall.value is None
    assert reason in str(overall.undefined)


def test_concordance_is_the_mean_w_over_prompts_where_it_is_defined() -> None:
    measure = concordance([prompt_of([1, 2, 3], [1, 2, 3]), prompt_of([1, 2, 3], [3, 2, 1]), prompt_of([1, 2])])
    assert measure.value == pytest.approx(0.5)
    assert measure.n == 2


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_alpha_agrees_with_nltk(noise: float) -> None:
    groups = simulated(20, noise)
    marks = [
        (f"ranker {i}", f"{p}/{j}", float(one.ranks[i, j]))
        for p, one in enumerate(groups)
        for i in range(one.ranks.shape[0])
        for j in range(one.ranks.shape[1])
    ]
    expected = AnnotationTask(data=marks, distance=interval_distance).alpha()
    measure = krippendorff_alpha(groups)
    assert measure.value == pytest.approx(expected, abs=1e-9)
    assert measure.low is not None
    assert measure.high is not None
    assert measure.low <= expected <= measure.high


def test_alpha_is_one_for_full_agreement_and_mixed_numbers_of_replies_share_a_scale() -> None:
    groups = [prompt_of([1, 2], [1, 2]), prompt_of([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4])]
    assert krippendorff_alpha(groups).value == pytest.approx(1.0)


def test_alpha_says_why_it_is_undefined() -> None:
    assert krippendorff_alpha([prompt_of([1, 2])]).undefined == "no prompt has two rankers"
    constant = krippendorff_alpha([prompt_of([1.5, 1.5], [1.5, 1.5])])
    assert constant.value is None
    assert "equal" in str(constant.undefined)
    assert pairwise_agreement([]).value is None


def test_the_same_seed_gives_the_same_interval() -> None:
    groups = simulated(30, 1.0)
    for measure in (pairwise_agreement, concordance, krippendorff_alpha):
        assert measure(groups, seed=1) == measure(groups, seed=1)
        assert measure(groups, seed=1) != measure(groups, seed=2)
