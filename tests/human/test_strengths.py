"""Holds strengths to choix, to a case by hand, and to the order that they were drawn from."""

from __future__ import annotations

import choix
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.human.strengths import strengths


def orders(seed: int, num_people: int = 40, num_replies: int = 4) -> np.ndarray:
    """Noisy orders of replies of falling quality, dense enough for a solution without a prior."""
    felt = np.arange(num_replies) + 2 * np.random.default_rng(seed).gumbel(size=(num_people, num_replies))
    return felt.argsort(axis=1).argsort(axis=1) + 1.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_without_a_prior_the_strengths_are_those_of_choix(seed: int) -> None:
    ranks = orders(seed)
    wins = [(a, b) for row in ranks for a in range(4) for b in range(4) if row[a] < row[b]]
    by_pairs = choix.ilsr_pairwise(4, wins, max_iter=1000, tol=1e-12)
    assert strengths("bradley_terry", ranks, prior=0) == pytest.approx(by_pairs - by_pairs.mean(), abs=1e-5)
    by_orders = choix.ilsr_rankings(4, [row.argsort().tolist() for row in ranks], max_iter=1000, tol=1e-12)
    assert strengths("plackett_luce", ranks, prior=0) == pytest.approx(by_orders - by_orders.mean(), abs=1e-5)


def test_three_wins_to_one_are_odds_of_three() -> None:
    ranks = np.array([[1, 2], [1, 2], [1, 2], [2, 1]], dtype=float)
    for method in ("bradley_terry", "plackett_luce"):
        better, worse = strengths(method, ranks, prior=0)  # type: ignore[arg-type]
        assert better - worse == pytest.approx(np.log(3), abs=1e-6)


def test_a_tie_is_half_a_win_each_way() -> None:
    tied = strengths("bradley_terry", np.array([[1, 2], [1.5, 1.5]]), prior=0)
    assert tied[0] - tied[1] == pytest.approx(np.log(1.5 / 0.5), abs=1e-6)


def test_a_reply_that_never_loses_has_a_finite_strength_and_all_ties_are_zero() -> None:
    assert np.isfinite(strengths("plackett_luce", np.array([[1.0, 2.0, 3.0]]))).all()
    for method in ("bradley_terry", "plackett_luce"):
        assert strengths(method, np.array([[2.0, 2.0, 2.0]])) == pytest.approx([0, 0, 0])  # type: ignore[arg-type]


@given(st.permutations([1.0, 2.0, 3.0, 4.0]))
def test_one_persons_order_is_the_order_of_the_strengths(row: list[float]) -> None:
    for method in ("bradley_terry", "plackett_luce"):
        values = strengths(method, np.array([row, row]))  # type: ignore[arg-type]
        assert (-values).argsort().tolist() == np.array(row).argsort().tolist()
