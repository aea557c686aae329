"""Decided aggregates to pairs of a better and a worse reply, as reward models and preference files take them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Literal

from trivium.human.ranking import Aggregate
from trivium.records import Comparison

PairMode = Literal["best_worst", "all_pairs"]
RANKER = "mean-rank"
MARGIN = "margin"


def pairs(aggregates: Iterable[Aggregate], mode: PairMode = "best_worst") -> Iterator[Comparison]:
    """Yield comparisons of two replies, the better first; a contested prompt gives none.

    `best_worst` is the winner against the loser. `all_pairs` is every pair whose mean ranks differ: all pairs of a
    prompt share its id, by which a trainer keeps them in one batch (InstructGPT, arXiv:2203.02155, section 3.5). The
    score `margin` is the difference of the mean ranks, above 0 for the better reply.
    """
    for one in aggregates:
        if one.contested is not None or one.winner is None or one.loser is None:
            continue
        if mode == "best_worst":
            yield _pair(one, one.winner, one.loser)
            continue
        places = range(len(one.replies))
        for better in places:
            for worse in places:
                if one.mean_ranks[better] < one.mean_ranks[worse] and one.replies[better] != one.replies[worse]:
                    yield _pair(one, better, worse)


def _pair(one: Aggregate, better: int, worse: int) -> Comparison:
    margin = one.mean_ranks[worse] - one.mean_ranks[better]
    return Comparison(
        prompt=one.prompt,
        replies=(one.replies[better], one.replies[worse]),
        ranks=(1, 2),
        ranker=RANKER,
        scores={MARGIN: (margin, -margin)},
    )


def columned(pair: Comparison) -> Comparison:
    """Return a pair whose row, in a format of rows, has the columns `margin`, as trainers of reward models take it, and
    `group_id`, the prompt's id, by which all pairs of a prompt can be kept in one batch.
    """
    columns = {"+margin": json.dumps(pair.scores[MARGIN][0]), "+group_id": json.dumps(pair.prompt.id)}
    prompt = pair.prompt.model_copy(update={"attrs": pair.prompt.attrs | columns})
    return pair.model_copy(update={"prompt": prompt, "scores": {}})
