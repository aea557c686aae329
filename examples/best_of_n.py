"""A rule of your own to a scorer, and the best of n replies by it: the same joint that rewards, metrics and guards use.

    python examples/best_of_n.py MODEL_FOLDER "How do you ride a horse?"
"""

from __future__ import annotations

import sys
from pathlib import Path

from trivium import use
from trivium.inference.sampling import Sampling
from trivium.records import Prompt
from trivium.scoring.scorer import RuleScorer


def brief(prompt: Prompt, reply: str) -> tuple[float, str]:
    """Prefer replies near eight words: a number and its reason, higher is better."""
    num_words = len(reply.split())
    return -abs(num_words - 8), f"{num_words} words"


def main(folder: Path, question: str, n: int = 8) -> str:
    """Sample n replies, score each, print them best first, and return the best."""
    scorer = RuleScorer("brief", brief)
    drawn = use.generate(folder, [question], Sampling(max_new_tokens=48, seed=3), chat=True, n=n)
    replies = [str(row["text"]) for row in drawn]
    prompt = Prompt.of(question, origin="user", source="example")
    scores = scorer.score([prompt] * n, replies)
    for score, reply in sorted(zip(scores, replies, strict=True), key=lambda pair: -pair[0].value):
        print(f"{score.value:5.0f}  {score.reason:>9}  {reply!r}")
    return max(zip(scores, replies, strict=True), key=lambda pair: pair[0].value)[1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
