"""Turns several people's rankings of the same replies into agreement measures, each with n, interval, or why it is
undefined.

Intervals are percentile bootstraps over prompts, never over single marks: the marks of one prompt go together.
A ranking matrix has one row of mid-ranks per ranker and one column per reply; `replies` are the texts of the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trivium.core.seed import stream
from trivium.records import Measure

Ranks = NDArray[np.float64]
NUM_RESAMPLES = 1_000


class Ranked(NamedTuple):
    """One prompt's rankings: mid-ranks (rankers × replies) and the reply texts."""

    ranks: Ranks
    replies: tuple[str, ...]


def same_order_counts(ranks: Ranks, replies: Sequence[str] | None = None) -> tuple[int, int]:
    """Return (agreements, comparisons) over all pairs of rankers × pairs of replies.

    Two rankers agree on two replies when both put the same one first or both tie them. Pairs of identical texts are
    left out: there is nothing to agree on.

    >>> same_order_counts(np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]]))
    (2, 3)
    """
    num_rankers, num_replies = ranks.shape
    pairs = [(a, b) for a, b in combinations(range(num_replies), 2) if replies is None or replies[a] != replies[b]]
    if num_rankers < 2 or not pairs:
        return 0, 0
    first, second = np.asarray(pairs).T
    signs = np.sign(ranks[:, first] - ranks[:, second])
    # Of r rankers, c of whom say the same, c(c − 1)/2 pairs of rankers agree.
    counts = np.stack([(signs == sign).sum(axis=0) for sign in (-1, 0, 1)])
    return int((counts * (counts - 1) // 2).sum()), len(pairs) * num_rankers * (num_rankers - 1) // 2


def pairwise_agreement(groups: Sequence[Ranked], seed: int = 0) -> Measure:
    """Return the share of (pair of rankers, pair of replies) on which both say the same; n = prompts with two rankers
    or more.

    In [0, 1]. Not corrected for chance: two coin-tossers agree on half of the pairs. InstructGPT reports 0.726 ± 0.015
    for its training labelers (arXiv:2203.02155, section 3.4).
    """
    counts = np.asarray([same_order_counts(*one) for one in groups], dtype=np.float64).reshape(-1, 2)
    counts = counts[counts[:, 1] > 0]
    if not len(counts):
        return Measure(value=None, n=0, undefined="no prompt has two rankers over different replies")
    return over_prompts(counts, lambda sums: sums[..., 0] / sums[..., 1], stream(seed, "pairwise agreement"))


def kendall_w(ranks: Ranks) -> Measure:
    """Return Kendall's coefficient of concordance of one prompt's rankers, tie-corrected; n = rankers, no interval.

    W = Σ_j (R_j − mean R)² / (m Σ_i Σ_j (r_ij − (K + 1)/2)²) with mid-ranks r_ij, their sums R_j over m rankers, and K
    replies: the spread of the sums over the widest it can be, ties taken account of; 0 no concordance, 1 the same order
    by all. It is Friedman's χ² / (m (K − 1)). Undefined for one ranker, for two replies (there it is no more than
    pairwise agreement), and where everyone ties everything. Source: Kendall and Babington Smith 1939.
    """
    num_rankers, num_replies = ranks.shape
    if num_rankers < 2:
        return Measure(value=None, n=num_rankers, undefined="Kendall W needs at least two rankers")
    if num_replies < 3:
        return Measure(value=None, n=num_rankers, undefined="Kendall W needs at least three replies")
    apart = ranks - (num_replies + 1) / 2
    widest = num_rankers * float((apart**2).sum())
    if not widest:
        return Measure(value=None, n=num_rankers, undefined="every ranker tied all replies")
    return Measure(value=float((apart.sum(axis=0) ** 2).sum()) / widest, n=num_rankers)


def concordance(groups: Sequence[Ranked], seed: int = 0) -> Measure:
    """Return the mean over prompts of Kendall's W, with its bootstrap interval; n = prompts where W is defined."""
    measures = [kendall_w(one.ranks) for one in groups]
    values = np.asarray([measure.value for measure in measures if measure.value is not None])
    if not len(values):
        reasons = sorted({measure.undefined for measure in measures if measure.undefined})
        return Measure(value=None, n=0, undefined="; ".join(reasons) or "no rankings")
    table = np.stack([values, np.ones_like(values)], axis=1)
    return over_prompts(table, lambda sums: sums[..., 0] / sums[..., 1], stream(seed, "concordance"))


def krippendorff_alpha(groups: Sequence[Ranked], seed: int = 0) -> Measure:
    """Return Krippendorff's alpha with interval distance over ranks scaled to (rank − 1)/(K − 1); n = prompts with two
    rankers or more.

    alpha = 1 − D_o / D_e: 1 perfect, 0 what chance gives, below 0 systematic disagreement. A unit is one reply of one
    prompt. Undefined where all marks are equal.
    """
    return marks_alpha([(one.ranks - 1) / (one.ranks.shape[1] - 1) for one in groups if one.ranks.shape[1] >= 2], seed)


def marks_alpha(matrices: Sequence[Ranks], seed: int = 0) -> Measure:
    """Return Krippendorff's alpha with interval distance over marks: one matrix a prompt, people × replies, NaN where a
    mark is missing; n = prompts where two people marked the same reply.

    For yes-and-no marks (0, 1) interval and nominal distance are the same. For interval distance both disagreements are
    sums of squares (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", part D), so each prompt adds four
    numbers, and resampling prompts costs no second pass.
    """
    rows = [_alpha_sums(marks) for marks in matrices if marks.size and (np.isfinite(marks).sum(axis=0) >= 2).any()]
    if not rows:
        return Measure(value=None, n=0, undefined="no prompt has two rankers")
    table = np.asarray(rows)
    if not np.isfinite(_alpha(table.sum(axis=0))):
        return Measure(
            value=None, n=len(rows), undefined="all marks are equal, so chance cannot be told from agreement"
        )
    return over_prompts(table, _alpha, stream(seed, "krippendorff alpha"))


def _alpha_sums(marks: Ranks) -> list[float]:
    """Return Σ_units Σ_{i≠j}(x_i − x_j)²/(m − 1), number of marks, Σx and Σx² of one prompt. A reply that only one
    person marked says nothing about agreement and is left out.
    """
    given = np.isfinite(marks)
    marks, given = marks[:, given.sum(axis=0) >= 2], given[:, given.sum(axis=0) >= 2]
    number = given.sum(axis=0)
    values = np.where(given, marks, 0.0)
    squares, sums = (values**2).sum(axis=0), values.sum(axis=0)
    observed = 2 * (number * squares - sums**2) / (number - 1)
    return [float(observed.sum()), float(given.sum()), float(sums.sum()), float(squares.sum())]


def _alpha(sums: Ranks) -> Ranks:
    """Return 1 − D_o / D_e from summed prompts (last axis: observed, n, Σx, Σx²); NaN where D_e is 0."""
    observed, n, total, squares = np.moveaxis(np.asarray(sums), -1, 0)
    expected = 2 * (n * squares - total**2) / (n - 1)
    unequal = expected > 1e-9 * np.maximum(n, 1)
    return np.where(unequal, 1 - observed / np.where(unequal, expected, 1.0), np.nan)


def over_prompts(table: Ranks, statistic: Callable[[Ranks], Ranks], rng: np.random.Generator) -> Measure:
    """Return the statistic of the summed rows with a percentile interval over resampled rows (one row per prompt)."""
    n = len(table)
    value = float(statistic(table.sum(axis=0)))
    if n == 1:
        return Measure(value=value, n=1)
    sums = np.stack([table[rng.integers(0, n, n)].sum(axis=0) for _ in range(NUM_RESAMPLES)])
    low, high = np.nanquantile(statistic(sums), [0.025, 0.975])
    return Measure(value=value, n=n, low=float(low), high=float(high))
