"""Replies with known gold to the ranks that simulated people give: stated noise, stated biases, ties where nothing
is felt to differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from trivium.core.seed import stream


@dataclass(frozen=True)
class Ranker:
    """A simulated person: feels gold + noise·N(0, 1) + length_bias·(words / 40) − position_bias·position, and orders
    by it.

    `noise` is in units of gold (which spans 2). Two replies felt closer than `tie_threshold` to the one before get
    the same rank; identical replies always do.
    """

    name: str
    noise: float
    length_bias: float = 0.0
    position_bias: float = 0.0
    tie_threshold: float = 0.02

    def rank(self, prompt_id: str, replies: Sequence[str], golds: Sequence[float], seed: int) -> tuple[int, ...]:
        """Return the rank of each reply, 1 best; ties share the better rank and the next rank is skipped.

        >>> Ranker("exact", 0.0).rank("p", ["a", "b", "b", "c"], [0.0, 1.0, 1.0, -1.0], seed=1)
        (3, 1, 1, 4)
        """
        rng = stream(seed, "primer", "ranker", self.name, prompt_id)
        felt: dict[str, float] = {}
        for position, (reply, gold) in enumerate(zip(replies, golds, strict=True)):
            noise = float(rng.standard_normal()) * self.noise
            if reply not in felt:
                felt[reply] = gold + noise + self.length_bias * len(reply.split()) / 40 - self.position_bias * position
        order = sorted(felt.values(), reverse=True)
        leaders = order[:1]
        for value in order[1:]:
            if leaders[-1] - value >= self.tie_threshold:
                leaders.append(value)
        level = [sum(1 for leader in leaders if leader >= felt[reply]) for reply in replies]
        return tuple(1 + sum(1 for other in level if other < own) for own in level)


PANEL: tuple[Ranker, ...] = (
    Ranker("ada", 0.30),
    Ranker("bruno", 0.35, length_bias=0.05),
    Ranker("chen", 0.40, position_bias=0.02),
    Ranker("dalia", 0.45, length_bias=-0.05),
    Ranker("emeka", 0.50, length_bias=0.05, position_bias=0.02),
)
"""The default panel: five people who are mostly right, none of them always."""


def implied_agreement(gold_gaps: Sequence[float], noise: float) -> float:
    """Return the share of pairs that two rankers of that noise, without bias or ties, are expected to order alike.

    Each ranker orders a pair with gold gap g rightly with p = Φ(g / (σ√2)) (Thurstone, "A law of comparative judgment",
    1927, case V: the difference of two equally noisy feelings is normal with standard deviation σ√2); two independent
    rankers agree with p² + (1 − p)². The result is the mean over the gaps. Leave out pairs of identical replies.

    >>> round(implied_agreement([0.0], 0.4), 3), round(implied_agreement([2.0], 0.1), 3)
    (0.5, 1.0)
    """
    return implied_panel_agreement(gold_gaps, (Ranker("one", noise), Ranker("two", noise)))


def implied_panel_agreement(gold_gaps: Sequence[float], panel: Sequence[Ranker]) -> float:
    """Return the expected pairwise agreement of a panel: p·q + (1 − p)(1 − q), mean over pairs of rankers and gaps.

    p and q are the two rankers' chances to order the pair rightly, as in `implied_agreement`; biases and ties are
    left out.
    """
    if not gold_gaps or len(panel) < 2:
        num_pairs, num_rankers = len(gold_gaps), len(panel)
        raise ValueError(f"wanted at least one pair of replies and two rankers, found {num_pairs} and {num_rankers}")
    agreements = []
    for gap in gold_gaps:
        chances = [_right_chance(gap, ranker.noise) for ranker in panel]
        agreements += [p * q + (1 - p) * (1 - q) for p, q in combinations(chances, 2)]
    return math.fsum(agreements) / len(agreements)


def _right_chance(gap: float, noise: float) -> float:
    """Return Φ(|gap| / (noise·√2)); without noise a ranker is right wherever there is a gap."""
    return float(gap != 0) if noise == 0 else 0.5 * (1 + math.erf(abs(gap) / (2 * noise)))
