"""Submissions to how noisy each labeller is: the estimated chance to order a pair of replies rightly, without gold.

The model has one number a person (Dawid and Skene 1979 with one error rate a person): each pair of replies has a hidden
right order, and a person states it with chance p, whatever the pair. Estimated by expectation and maximisation. Ties
say nothing and are left out. Pairs near in quality make everybody look noisier: p compares people on the same work, no
more.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trivium.core.seed import stream
from trivium.human.quality.items import by_item
from trivium.human.submission import Submission
from trivium.records import Measure

NUM_ROUNDS, NUM_RESAMPLES = 50, 100
LOWEST, HIGHEST = 0.02, 0.98
"""Bounds of p, which keep one person from deciding everything alone."""
MIN_PEOPLE = 3


class _Votes(NamedTuple):
    """All votes: which person, on which pair, of which item, and +1 where the first reply is the better."""

    person: NDArray[np.int64]
    pair: NDArray[np.int64]
    sign: NDArray[np.float64]
    item_of_pair: NDArray[np.int64]


def labeller_noise(submissions: Sequence[Submission], seed: int = 0) -> dict[str, Measure]:
    """Return person → chance to order a pair rightly (0.5 is a coin, 1 never wrong), with an interval over items.

    n is pairs voted on by that person and somebody else. Undefined where fewer than three people overlap: with two, one
    cannot tell who is wrong.
    """
    everybody = sorted({one.person for one in submissions})
    votes = _votes(by_item(submissions), {person: place for place, person in enumerate(everybody)})
    num_votes = np.bincount(votes.person, minlength=len(everybody))
    if (num_votes > 0).sum() < MIN_PEOPLE:
        reason = (
            f"{int((num_votes > 0).sum())} people ranked the same pairs; from {MIN_PEOPLE} on one can tell who errs"
        )
        return {person: Measure(value=None, n=0, undefined=reason) for person in everybody}
    value = _fitted(votes, np.ones(len(votes.item_of_pair)), len(everybody))
    num_items = int(votes.item_of_pair.max()) + 1
    rng = stream(seed, "labeller noise")
    resampled = np.stack([
        _fitted(votes, np.bincount(rng.integers(0, num_items, num_items), minlength=num_items)[votes.item_of_pair],
                len(everybody))
        for _ in range(NUM_RESAMPLES)
    ])  # fmt: skip
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    found = {}
    for place, person in enumerate(everybody):
        n = int(num_votes[place])
        found[person] = (
            Measure(value=float(value[place]), n=n, low=float(low[place]), high=float(high[place]))
            if n
            else Measure(value=None, n=0, undefined="ranked no pair that somebody else ranked")
        )
    return found


def _votes(items: Sequence[Sequence[Submission]], place: dict[str, int]) -> _Votes:
    person: list[int] = []
    pair: list[int] = []
    sign: list[float] = []
    item_of_pair: list[int] = []
    num_items = 0
    for answers in items:
        before = len(item_of_pair)
        replies = answers[0].replies
        for a, b in combinations(range(len(replies)), 2):
            said = [(place[one.person], one.ranks[b] - one.ranks[a]) for one in answers if one.ranks is not None]
            said = [vote for vote in said if vote[1] != 0]
            if len(said) < 2 or replies[a] == replies[b]:
                continue
            for who, gap in said:
                person.append(who)
                pair.append(len(item_of_pair))
                sign.append(float(np.sign(gap)))
            item_of_pair.append(num_items)
        num_items += len(item_of_pair) > before
    return _Votes(np.asarray(person, int), np.asarray(pair, int), np.asarray(sign), np.asarray(item_of_pair, int))


def _fitted(votes: _Votes, weights: NDArray[np.float64] | NDArray[np.int64], num_people: int) -> NDArray[np.float64]:
    """Return each person's p. Starts from the majority, so the solution is the one where most people are right."""
    rightness = np.full(num_people, 0.7)
    vote_weights = weights[votes.pair].astype(float)
    total = np.bincount(votes.person, vote_weights, minlength=num_people)
    for _ in range(NUM_ROUNDS):
        evidence = votes.sign * np.log(rightness / (1 - rightness))[votes.person]
        chance = 1 / (
            1 + np.exp(-np.bincount(votes.pair, evidence, minlength=len(weights)))
        )  # that the first is better
        agreed = np.where(votes.sign > 0, chance[votes.pair], 1 - chance[votes.pair]) * vote_weights
        # One right and one wrong vote more than were seen: nobody is judged on nothing.
        now = np.clip((np.bincount(votes.person, agreed, minlength=num_people) + 1) / (total + 2), LOWEST, HIGHEST)
        if np.abs(now - rightness).max() < 1e-6:
            return now
        rightness = now
    return rightness
