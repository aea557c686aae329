"""Tests of trivium.primer.rankers: order, ties, biases, and agreement near the value that the noise implies."""

from __future__ import annotations

import numpy as np
import pytest

from trivium.primer.rankers import PANEL, Ranker, implied_agreement, implied_panel_agreement


def test_without_noise_ranks_follow_gold():
    assert Ranker("exact", 0.0).rank("p", ["a", "b", "c"], [0.1, 0.9, -0.5], seed=0) == (2, 1, 3)


def test_identical_replies_always_tie():
    for seed in range(50):
        ranks = PANEL[4].rank("p", ["same", "other", "same"], [0.2, 0.3, 0.2], seed)
        assert ranks[0] == ranks[2]


def test_replies_felt_alike_tie_and_the_next_rank_is_skipped():
    assert Ranker("exact", 0.0).rank("p", ["a", "b", "c"], [0.50, 0.51, 0.0], seed=0) == (1, 1, 3)


def test_ranks_are_the_same_for_the_same_seed_and_differ_between_people():
    replies, golds = ["a", "b", "c", "d"], [0.0, 0.1, 0.2, 0.3]
    assert PANEL[0].rank("p", replies, golds, 1) == PANEL[0].rank("p", replies, golds, 1)
    assert len({r.rank(str(i), replies, golds, 1) for r in PANEL for i in range(5)}) > 3


def test_a_length_bias_prefers_the_longer_of_two_equals():
    assert Ranker("long", 0.0, length_bias=0.5).rank("p", ["one", "one two three four"], [0.0, 0.0], seed=0) == (2, 1)


def test_a_position_bias_prefers_the_first_of_two_equals():
    assert Ranker("first", 0.0, position_bias=0.1).rank("p", ["x", "y"], [0.0, 0.0], seed=0) == (1, 2)


@pytest.mark.parametrize("noise", [0.2, 0.4, 0.8])
def test_measured_agreement_is_near_the_implied_one(noise: float):
    golds = np.random.Generator(np.random.PCG64(3)).uniform(-1, 1, size=(3000, 2))
    one, two = Ranker("one", noise, tie_threshold=0.0), Ranker("two", noise, tie_threshold=0.0)
    same = 0
    for i, (a, b) in enumerate(golds):
        first, second = one.rank(str(i), ["a", "b"], [a, b], 0), two.rank(str(i), ["a", "b"], [a, b], 0)
        same += (first[0] < first[1]) == (second[0] < second[1])
    implied = implied_agreement([float(abs(a - b)) for a, b in golds], noise)
    assert same / len(golds) == pytest.approx(implied, abs=0.03)


def test_no_pairs_imply_no_agreement():
    with pytest.raises(ValueError, match="at least one pair of replies"):
        implied_agreement([], 0.4)


def test_the_panels_agreement_is_near_the_implied_one():
    golds = np.random.Generator(np.random.PCG64(4)).uniform(-1, 1, size=(1500, 2))
    orders = [[r.rank(str(i), ["x y", "a b"], [a, b], 0) for i, (a, b) in enumerate(golds)] for r in PANEL]
    agreed = [
        one == two
        for i, first in enumerate(orders)
        for second in orders[:i]
        for one, two in zip(first, second, strict=True)
    ]
    implied = implied_panel_agreement([float(abs(a - b)) for a, b in golds], PANEL)
    assert np.mean(agreed) == pytest.approx(implied, abs=0.04)
