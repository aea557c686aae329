"""Turns the orders of several people over the replies to one prompt into a table and three short explanations."""

from __future__ import annotations

from trivium.evaluation.report.data import RankedReply, Ranking
from trivium.evaluation.report.words import count_word, decimal, short


def ordered(ranking: Ranking) -> list[RankedReply]:
    """Return the replies from best to worst mean rank; those nobody ranked come last."""
    return sorted(ranking.replies, key=lambda reply: (reply.mean_rank is None, reply.mean_rank or 0.0, reply.name))


def place(ranking: Ranking, reply: RankedReply, ranker: int) -> str:
    """Write one ranker's place for a reply; a shared place has an equals sign.

    >>> replies = tuple(RankedReply(name=name, text="", ranks=(1,), mean_rank=1) for name in "AB")
    >>> place(Ranking(prompt="", rankers=("heron",), replies=replies), replies[0], 0)
    '1 ='
    """
    rank = reply.ranks[ranker]
    if rank is None:
        return "–"
    tied = sum(other.ranks[ranker] == rank for other in ranking.replies) > 1
    return f"{short(rank)}{' =' if tied else ''}"


def tint(ranking: Ranking, rank: float | None) -> int:
    """Return the tint of a place, 3 for the best to 0 for the worst.

    >>> four = tuple(RankedReply(name=n, text="", ranks=(1,), mean_rank=1) for n in "ABCD")
    >>> [tint(Ranking(prompt="", rankers=("heron",), replies=four), rank) for rank in (1, 2, 3, 4)]
    [3, 2, 1, 0]
    """
    last = max(len(ranking.replies), 2)
    return 0 if rank is None else max(0, min(3, round(3 * (last - rank) / (last - 1))))


def title(ranking: Ranking) -> str:
    """Write the head of the section."""
    orders = count_word(len(ranking.rankers))
    orders += " order" if len(ranking.rankers) == 1 else " orders"
    return f"One prompt, from {orders} to {'no pair' if ranking.contested else 'a pair'}"


def explanations(ranking: Ranking) -> list[tuple[str, str]]:
    """Return heads and sentences for what stands under the table."""
    said = []
    if any(
        place(ranking, reply, index).endswith("=") for reply in ranking.replies for index in range(len(reply.ranks))
    ):
        said.append(
            (
                "Ties",
                "“=” is a shared place. It counts as the middle of the places it takes: two on place 2 count as 2.5.",
            )
        )
    else:
        said.append(
            ("Ties", "No ranker gave a shared place here. One would count as the middle of the places it takes.")
        )
    agreement = []
    if ranking.kendall_w is not None:
        agreement.append(f"Kendall W is {decimal(ranking.kendall_w, 2)}, corrected for ties.")
    if ranking.pairwise_agreement is not None:
        agreement.append(
            f"Two rankers order a pair the same way in {100 * ranking.pairwise_agreement:.0f}\u00a0% of cases."
        )
    if ranking.agreement_floor is not None:
        agreement.append(f"Under {decimal(ranking.agreement_floor, 2)} a prompt is contested and makes no pair.")
    said.append(("Agreement", " ".join(agreement) or "Undefined: it needs two people on one prompt."))
    said.append(_pairs(ranking))
    return said


def _pairs(ranking: Ranking) -> tuple[str, str]:
    """Say what the reward model gets from this prompt."""
    if ranking.contested:
        return "Contested", f"{ranking.contested} It is left out, and the ledger keeps the reason."
    count = len(ranking.replies)
    num_pairs = count * (count - 1) // 2
    best = next((reply for reply in ranking.replies if reply.outcome == "winner"), None)
    worst = next((reply for reply in ranking.replies if reply.outcome == "loser"), None)
    text = ""
    if best and worst and best.mean_rank is not None and worst.mean_rank is not None:
        margin = decimal(worst.mean_rank - best.mean_rank, 1)
        text = f"{best.name} over {worst.name} for winner and loser, {margin} places apart. "
    if num_pairs == 1:
        return "Pairs", text + "The reward model sees this one pair."
    text += (
        f"The reward model sees all {count_word(num_pairs)} pairs of the prompt in one batch element, "
        f"each weighted 1/{num_pairs}."
    )
    return "Pairs", text
