"""Holds the way from several orders to one winner and one loser to hand-computed cases and to invariances."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.human.ranking import Aggregate, AggregateRules, aggregate, group, mid_ranks, ranked, reply_order
from trivium.records import Comparison, Prompt

PROMPT = Prompt.of("Why is the sky blue?", origin="writer", source="test")
REPLIES = ("a", "b", "c", "d")


def comparison(*ranks: int, ranker: str = "r", replies: tuple[str, ...] | None = None) -> Comparison:
    """Return one person's order over the first replies."""
    return Comparison(prompt=PROMPT, replies=replies or REPLIES[: len(ranks)], ranks=ranks, ranker=ranker)


def test_competition_and_dense_ranks_become_the_same_mid_ranks() -> None:
    ranks = mid_ranks([comparison(1, 2, 2, 4), comparison(1, 2, 2, 3), comparison(1, 1, 1, 1)])
    assert ranks.tolist() == [[1, 2.5, 2.5, 4], [1, 2.5, 2.5, 4], [2.5, 2.5, 2.5, 2.5]]


def test_the_lowest_mean_rank_wins_and_the_highest_loses() -> None:
    together = aggregate([comparison(1, 2, 3, 4), comparison(2, 1, 3, 4), comparison(1, 3, 2, 4)])
    assert together.mean_ranks == pytest.approx((4 / 3, 2, 8 / 3, 4))
    assert (together.winner, together.loser, together.contested) == (0, 3, None)
    assert together.num_rankers == 3
    # 6 pairs of replies × 3 pairs of rankers; a/b is split 2:1 and b/c is split 2:1: two of three disagree each.
    assert together.pairwise_agreement == pytest.approx(14 / 18)


def test_shuffled_replies_are_put_right_before_ranks_are_averaged() -> None:
    shuffled = comparison(4, 1, 3, 2, replies=("d", "a", "c", "b"))
    together = aggregate([comparison(1, 2, 3, 4), shuffled])
    assert together.mean_ranks == (1, 2, 3, 4)
    assert together.pairwise_agreement == 1.0
    assert reply_order(("a", "b", "a"), ("a", "a", "b")) == [0, 2, 1]
    with pytest.raises(ValueError, match="same replies"):
        aggregate([comparison(1, 2), comparison(1, 2, replies=("a", "z"))])


@pytest.mark.parametrize(
    ("comparisons", "rules", "reason"),
    [
        ([comparison(1, 2), comparison(2, 1)], AggregateRules(), "same mean rank"),
        ([comparison(1, 1, 3)], AggregateRules(), "2 replies are tied for first place"),
        ([comparison(1, 2)], AggregateRules(min_rankers=2), "1 rankers, wanted at least 2"),
        (
            [comparison(1, 2, 3), comparison(1, 3, 2), comparison(2, 1, 3)],
            AggregateRules(min_kendall_w=0.9),
            "Kendall W",
        ),
        ([comparison(1, 2, 3, replies=("a", "b", "a"))], AggregateRules(), "the same text"),
    ],
)
def test_an_unclear_order_is_contested_with_its_reason_and_gives_no_pair(
    comparisons: list[Comparison], rules: AggregateRules, reason: str
) -> None:
    together = aggregate(comparisons, rules)
    assert together.contested is not None
    assert reason in together.contested
    assert together.winner is together.loser is None


def test_a_winner_flagged_by_a_majority_is_contested_and_by_half_is_not() -> None:
    clean, flagged = comparison(1, 2), comparison(1, 2).model_copy(update={"flags": (("unsafe",), ())})
    assert aggregate([clean, flagged]).contested is None
    assert "by 2 of 3 rankers" in str(aggregate([clean, flagged, flagged]).contested)
    loser_flagged = comparison(1, 2).model_copy(update={"flags": ((), ("unsafe",))})
    assert aggregate([loser_flagged]).contested is None


def test_two_samples_of_the_same_text_in_first_place_are_one_winner() -> None:
    together = aggregate([comparison(1, 1, 3, replies=("a", "a", "b"))])
    assert (together.winner, together.loser, together.contested) == (0, 2, None)


def test_a_single_ranker_has_no_agreement_and_it_says_so() -> None:
    together = aggregate([comparison(1, 2, 3)])
    assert together.pairwise_agreement is None
    assert together.kendall_w is None


@given(st.lists(st.permutations([1, 2, 3, 4]), min_size=1, max_size=6), st.permutations([0, 1, 2, 3]))
def test_neither_the_order_of_replies_nor_that_of_rankers_changes_the_outcome(
    orders: list[list[int]], shuffle: list[int]
) -> None:
    straight = aggregate([comparison(*ranks) for ranks in orders])
    replies = tuple(REPLIES[i] for i in shuffle)
    turned = aggregate([comparison(*(ranks[i] for i in shuffle), replies=replies) for ranks in reversed(orders)])

    def outcome(one: Aggregate) -> tuple[object, ...]:
        names = [None if index is None else one.replies[index] for index in (one.winner, one.loser)]
        return (*names, one.contested, dict(zip(one.replies, one.mean_ranks, strict=True)))

    # Where last place is tied, the loser is the first in order: it may be another one.
    if straight.mean_ranks.count(max(straight.mean_ranks)) == 1:
        assert outcome(straight) == outcome(turned)
    assert sum(straight.mean_ranks) == pytest.approx(10)


def test_rankings_of_the_same_replies_meet_whatever_order_was_shown_and_nobody_votes_twice() -> None:
    first = comparison(1, 2, ranker="x")
    second = comparison(2, 1, ranker="y", replies=("b", "a"))
    again = comparison(2, 1, ranker="x")
    other = comparison(1, 2, 3, ranker="x")
    assert group([first, second, again, other]) == [[first, second], [again], [other]]
    assert np.array_equal(ranked([first, second]).ranks, [[1, 2], [1, 2]])


def test_no_comparison_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        aggregate([])
