"""Shows which pairs decided prompts give, in both modes and by each method."""

from __future__ import annotations

import pytest

from trivium.human.pairs import pairs
from trivium.human.ranking import AggregateRules, Consensus, aggregate_by
from trivium.records import Comparison, Prompt

PROMPT = Prompt.of("Hi", origin="dataset", source="x")


def decided(method: str, *ranks: tuple[int, ...], flags: tuple[tuple[str, ...], ...] = ()) -> Consensus:
    """What these people's orders over A, B, C say."""
    rows = [
        Comparison(prompt=PROMPT, replies=("A", "B", "C"), ranks=one, ranker=f"p{at}", flags=flags)
        for at, one in enumerate(ranks)
    ]
    return aggregate_by(method, rows)  # type: ignore[arg-type]


def test_best_and_worst_are_one_pair_and_all_pairs_leave_out_what_is_equal() -> None:
    one = decided("mean_rank", (1, 2, 3), (1, 3, 2)).aggregate
    [best] = pairs([one])
    assert (best.replies, best.ranks) == (("A", "B"), (1, 2))  # B and C are tied for last: the first of them loses
    every = list(pairs([one], "all_pairs"))
    assert [row.replies for row in every] == [("A", "B"), ("A", "C")]
    assert every[0].scores == {"margin": (1.5, -1.5)}
    assert {row.prompt.id for row in every} == {PROMPT.id}


def test_a_contested_prompt_gives_no_pair() -> None:
    tied = decided("mean_rank", (1, 2, 3), (2, 1, 3)).aggregate
    assert tied.contested is not None
    assert list(pairs([tied])) == list(pairs([tied], "all_pairs")) == []


@pytest.mark.parametrize("method", ["bradley_terry", "plackett_luce"])
def test_strengths_choose_winner_and_loser_and_the_same_rules_contest(method: str) -> None:
    one = decided(method, (1, 2, 3), (1, 3, 2), (2, 1, 3))
    assert (one.method, one.aggregate.winner, one.aggregate.loser) == (method, 0, 2)
    assert one.strengths is not None
    assert one.strengths[0] > one.strengths[1] > one.strengths[2]
    assert one.aggregate.mean_ranks == pytest.approx((4 / 3, 2, 8 / 3))
    assert decided(method, (1, 2, 3), (2, 1, 3)).aggregate.contested == "2 replies are tied for first place"
    assert "flagged" in str(decided(method, (1, 2, 3), flags=(("unsafe",), (), ())).aggregate.contested)
    assert decided(method, (1, 1, 1)).aggregate.contested is not None


def test_methods_can_differ_where_a_favourite_of_many_is_the_last_of_some() -> None:
    # A is first for three of five and last for two; B is second for all. Mean ranks: A 1.8, B 2.
    ranks = [(1, 2, 3)] * 3 + [(3, 2, 1)] * 2
    assert decided("mean_rank", *ranks).aggregate.winner == 0
    assert decided("plackett_luce", *ranks).aggregate.winner == 1


def test_rules_hold_for_every_method() -> None:
    rules = AggregateRules(min_rankers=2)
    row = Comparison(prompt=PROMPT, replies=("A", "B"), ranks=(1, 2), ranker="p")
    for method in ("mean_rank", "bradley_terry", "plackett_luce"):
        one = aggregate_by(method, [row], rules)  # type: ignore[arg-type]
        assert one.aggregate.contested == "1 rankers, wanted at least 2"
