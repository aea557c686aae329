"""The comparisons to one ranking as people gave it: every order, the mean ranks, the winner and the loser."""

from __future__ import annotations

from collections.abc import Sequence

from trivium.evaluation.assemble.harm import attacking_sources
from trivium.evaluation.assemble.trail import Trail, num_rounds
from trivium.evaluation.report.data import RankedReply, Ranking
from trivium.human.ranking import Aggregate, reply_order
from trivium.primer.truth import grade
from trivium.primer.world import TruthRow
from trivium.records import Comparison

_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def ranking(trail: Trail) -> Ranking | None:
    """Return one prompt of the first round that is not contested and has a pair: of those with the most orders, the
    first in the order of the file. Where every prompt is contested the first of them is shown with its reason.
    """
    stage = "comparisons" if num_rounds(trail.graph) == 1 else "comparisons-1"
    rows = list(trail.rows(stage, "groups.jsonl", Aggregate))
    paired = [row for row in rows if row.contested is None and row.winner is not None and row.winner != row.loser]
    if not rows:
        return None
    found = max(paired or rows, key=lambda row: row.num_rankers if paired else 0)
    orders = [one for one in trail.rows(stage, "comparisons.jsonl", Comparison) if _same(one, found)]
    floor = trail.config(stage).get("rules", {}).get("min_kendall_w")
    return _ranking(found, orders, _harmful(trail, found), floor)


def _same(order: Comparison, row: Aggregate) -> bool:
    return order.prompt.id == row.prompt.id and sorted(order.replies) == sorted(row.replies)


def _harmful(trail: Trail, found: Aggregate) -> list[bool]:
    """Say of each reply whether it helps with harm, by the truth; of a source that attacks, every reply may."""
    rows = trail.rows("sources", "truths.jsonl", TruthRow)
    truth = next((row.truth for row in rows if row.prompt_id == found.prompt.id), None)
    if truth is None:
        return [found.prompt.source in attacking_sources(trail)] * len(found.replies)
    return [truth.kind == "harm" and grade(truth, reply, True).complied is True for reply in found.replies]


def _ranking(row: Aggregate, orders: Sequence[Comparison], harmful: Sequence[bool], floor: float | None) -> Ranking:
    places = [reply_order(row.replies, order.replies) for order in orders]
    replies = []
    for index, text in enumerate(row.replies):
        replies.append(
            RankedReply(
                name=_NAMES[index],
                text=text,
                ranks=tuple(float(order.ranks[place[index]]) for order, place in zip(orders, places, strict=True)),
                mean_rank=row.mean_ranks[index],
                outcome="winner" if index == row.winner else "loser" if index == row.loser else "",
                harmful=harmful[index],
            )
        )
    return Ranking(
        prompt="\n\n".join(message.content for message in row.prompt.messages),
        rankers=tuple(order.ranker for order in orders),
        replies=tuple(replies),
        kendall_w=row.kendall_w,
        pairwise_agreement=row.pairwise_agreement,
        agreement_floor=floor,
        contested=f"{row.contested[:1].upper()}{row.contested[1:]}." if row.contested else "",
    )
