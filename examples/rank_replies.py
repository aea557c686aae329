"""Several people's orders of the same replies to mean ranks, a winner and a loser, and how far the people agree."""

from __future__ import annotations

from trivium.human.agreement import pairwise_agreement
from trivium.human.ranking import aggregate, group, ranked
from trivium.records import Comparison, Prompt

PROMPT = Prompt.of("What is the weather in my street?", origin="writer", source="example")
REPLIES = ("It is sunny.", "I cannot see it; a weather service can tell you.", "Why do you ask?")
ORDERS = {"ada": (3, 1, 2), "ben": (2, 1, 3), "cleo": (3, 1, 2)}
"""Ranks of the replies, 1 best; ties are allowed."""


def main() -> str:
    """Rank, and return the winner's text."""
    rows = [Comparison(prompt=PROMPT, replies=REPLIES, ranks=ranks, ranker=name) for name, ranks in ORDERS.items()]
    [together] = group(rows)
    result = aggregate(together)
    for reply, rank in zip(result.replies, result.mean_ranks, strict=True):
        print(f"{rank:.2f}  {reply}")
    agreement = pairwise_agreement([ranked(together)])
    print(f"pairs agreed on: {agreement.value:.2f} (n = {agreement.n} prompt)")
    assert result.winner is not None, result.contested
    print(f"winner: {result.replies[result.winner]}")
    return result.replies[result.winner]


if __name__ == "__main__":
    main()
