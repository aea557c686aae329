"""Turns several people's independent orders over one prompt's replies into mean ranks, a winner and a loser.

Rank 1 is best. Ranks are stored as people gave them (competition ranks, ties allowed); only here do they become
mid-ranks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import stats

from trivium.human.agreement import Ranked, kendall_w, same_order_counts
from trivium.human.strengths import strengths
from trivium.records import Comparison, Prompt, Record


class AggregateRules(BaseModel):
    """When a prompt's rankings are too uncertain to learn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rankers: int = Field(default=1, ge=1)
    min_kendall_w: float | None = Field(default=None, ge=0, le=1)
    """Contest a prompt whose Kendall W is below this; not applied where W is undefined (one ranker, two replies)."""
    contesting_flags: tuple[str, ...] = ("unsafe",)
    """A winner that more than half of the rankers gave one of these flags is contested."""


class Aggregate(Record):
    """What a prompt's rankers say together. `winner` and `loser` are indices of `replies`, None where contested."""

    prompt: Prompt
    replies: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    winner: int | None
    loser: int | None
    contested: str | None
    num_rankers: int
    pairwise_agreement: float | None
    """Share of (pair of rankers, pair of replies) with the same relation; None for a single ranker."""
    kendall_w: float | None


def group(comparisons: Iterable[Comparison]) -> list[list[Comparison]]:
    """Return the comparisons of the same prompt and the same replies together, in order of first appearance.

    The order in which the replies were shown does not matter: labelling tools shuffle it. Nobody votes twice in one
    group: a person's second ranking of the same replies goes into a second group.
    """
    groups: dict[tuple[str, tuple[str, ...], int], list[Comparison]] = {}
    times: Counter[tuple[str, tuple[str, ...], str]] = Counter()
    for comparison in comparisons:
        replies = tuple(sorted(comparison.replies))
        occasion = times[comparison.prompt.id, replies, comparison.ranker]
        times[comparison.prompt.id, replies, comparison.ranker] += 1
        groups.setdefault((comparison.prompt.id, replies, occasion), []).append(comparison)
    return list(groups.values())


def reply_order(replies: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return, for each of `replies`, its place in `other`, which holds the same texts in another order."""
    if sorted(replies) != sorted(other):
        raise ValueError("wanted rankings of the same replies, found different ones; group the comparisons first")
    places: dict[str, list[int]] = {}
    for place, text in enumerate(other):
        places.setdefault(text, []).append(place)
    return [places[text].pop(0) for text in replies]


def mid_ranks(comparisons: Sequence[Comparison]) -> NDArray[np.float64]:
    """Return one row of mid-ranks per ranker, columns in the order of the first comparison's replies.

    Tied replies share the mean of the places they take up: competition ranks 1, 2, 2, 4 become 1, 2.5, 2.5, 4, and so
    do dense ranks 1, 2, 2, 3. Each row sums to K(K + 1)/2 whatever its ties.
    """
    replies = comparisons[0].replies
    rows = [[one.ranks[place] for place in reply_order(replies, one.replies)] for one in comparisons]
    return np.asarray(stats.rankdata(np.asarray(rows), method="average", axis=1), dtype=np.float64)


def ranked(comparisons: Sequence[Comparison]) -> Ranked:
    """Return one prompt's rankings as the agreement measures take them."""
    return Ranked(mid_ranks(comparisons), comparisons[0].replies)


def aggregate(comparisons: Sequence[Comparison], rules: AggregateRules | None = None) -> Aggregate:
    """Return the mean rank of each reply over all rankings of one prompt; the lowest wins, the highest loses.

    Contested, with the reason, and then without winner and loser: too few rankers, all replies equal, first place
    tied, winner flagged by a majority, or Kendall W below the rules' bound. Where last place is tied the first of the
    tied replies is the loser.
    """
    if not comparisons:
        raise ValueError("wanted at least one comparison, found none")
    ranks = mid_ranks(comparisons)
    # Mid-ranks are halves, so sums are exact and ties are found with ==.
    return _decided(comparisons, ranks, ranks.sum(axis=0), rules or AggregateRules())


Method = Literal["mean_rank", "bradley_terry", "plackett_luce"]


class Consensus(Record):
    """An aggregate with the method that chose winner and loser; `strengths` is None for the mean rank."""

    method: Method
    aggregate: Aggregate
    strengths: tuple[float, ...] | None = None


def aggregate_by(method: Method, comparisons: Sequence[Comparison], rules: AggregateRules | None = None) -> Consensus:
    """Return what one prompt's rankers say together by the method; the same rules contest, mean ranks are always there.

    On complete orders without ties the mean rank is Borda's count.
    """
    if method == "mean_rank":
        return Consensus(method=method, aggregate=aggregate(comparisons, rules))
    if not comparisons:
        raise ValueError("wanted at least one comparison, found none")
    ranks = mid_ranks(comparisons)
    values = strengths(method, ranks)
    # Rounded, because equal replies come out equal only up to the optimiser's last digits.
    decided = _decided(comparisons, ranks, np.round(-values, 6), rules or AggregateRules())
    return Consensus(method=method, aggregate=decided, strengths=tuple(values.tolist()))


def _decided(
    comparisons: Sequence[Comparison], ranks: NDArray[np.float64], totals: NDArray[np.float64], rules: AggregateRules
) -> Aggregate:
    """Return the aggregate whose winner has the lowest total and whose loser the highest."""
    winner, loser = int(totals.argmin()), int(totals.argmax())
    num_same, num_pairs = same_order_counts(ranks, comparisons[0].replies)
    concordance = kendall_w(ranks)
    contested = _contest(comparisons, totals, concordance.value, rules)
    return Aggregate(
        prompt=comparisons[0].prompt,
        replies=comparisons[0].replies,
        mean_ranks=tuple((ranks.sum(axis=0) / len(comparisons)).tolist()),
        winner=None if contested else winner,
        loser=None if contested else loser,
        contested=contested,
        num_rankers=len(comparisons),
        pairwise_agreement=num_same / num_pairs if num_pairs else None,
        kendall_w=concordance.value,
    )


def _contest(
    comparisons: Sequence[Comparison], totals: NDArray[np.float64], concordance: float | None, rules: AggregateRules
) -> str | None:
    """Return why no pair may be made of these rankings, or None."""
    if len(comparisons) < rules.min_rankers:
        return f"{len(comparisons)} rankers, wanted at least {rules.min_rankers}"
    if totals.min() == totals.max():
        return "all replies have the same mean rank"
    replies = comparisons[0].replies
    winner = replies[int(totals.argmin())]
    # Two samples of the same text in first place are one winner.
    first = {reply for reply, total in zip(replies, totals, strict=True) if total == totals.min()}
    if len(first) > 1:
        return f"{len(first)} replies are tied for first place"
    if winner == replies[int(totals.argmax())]:
        return "the winner and the loser are the same text"
    flagging = [found for one in comparisons if (found := _flags_on(one, winner, rules.contesting_flags))]
    if 2 * len(flagging) > len(comparisons):
        flags = ", ".join(flag for flag in rules.contesting_flags if any(flag in found for found in flagging))
        return f"the winner was flagged ({flags}) by {len(flagging)} of {len(comparisons)} rankers"
    if rules.min_kendall_w is not None and concordance is not None and concordance < rules.min_kendall_w:
        return f"Kendall W is {concordance:.2f}, wanted at least {rules.min_kendall_w:.2f}"
    return None


def _flags_on(comparison: Comparison, reply: str, contesting: Sequence[str]) -> set[str]:
    """Return which of the flags this ranker gave that reply."""
    if not comparison.flags:
        return set()
    return set(contesting).intersection(comparison.flags[comparison.replies.index(reply)])
