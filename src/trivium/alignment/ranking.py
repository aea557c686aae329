"""Turns scores of a prompt's K replies and people's mean ranks into the K-way ranking loss, accuracy and calibration.

Shapes: N replies of a batch, all prompts' replies one after the other; G prompts (groups); P ordered pairs of replies
of one prompt. Rank 1 is best; scores are higher for better.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


class Pairs(NamedTuple):
    """Every ordered pair of a batch of prompts, as indices into the flat scores."""

    winner_P: Tensor
    loser_P: Tensor
    group_P: Tensor
    gap_P: Tensor
    """The loser's mean rank minus the winner's; above 0."""
    num_groups: int

    def to(self, device: torch.device | str) -> Pairs:
        """Return the same pairs on another device."""
        winner_P, loser_P = self.winner_P.to(device), self.loser_P.to(device)
        return Pairs(winner_P, loser_P, self.group_P.to(device), self.gap_P.to(device), self.num_groups)


def ordered_pairs(ranks: Sequence[Sequence[float]], min_gap: float = 0.0) -> Pairs:
    """Return all pairs of replies of the same prompt whose ranks differ; `ranks[g]` are the (mean) ranks of prompt g's
    replies.

    Ties are dropped: people saw no difference, so there is none to learn. So are pairs whose ranks differ by less than
    `min_gap`: when several people's mean ranks lie so near, chance ordered them.

    >>> pairs = ordered_pairs([[1, 2], [2, 1, 2]])
    >>> list(zip(pairs.winner_P.tolist(), pairs.loser_P.tolist(), pairs.group_P.tolist()))
    [(0, 1, 0), (3, 2, 1), (3, 4, 1)]
    """
    rows: list[tuple[int, int, int]] = []
    gaps: list[float] = []
    offset = 0
    for group, group_ranks in enumerate(ranks):
        for first, second in combinations(range(len(group_ranks)), 2):
            gap = group_ranks[second] - group_ranks[first]
            if gap and abs(gap) >= min_gap:
                winner, loser = (first, second) if gap > 0 else (second, first)
                rows.append((offset + winner, offset + loser, group))
                gaps.append(abs(gap))
        offset += len(group_ranks)
    winner_P, loser_P, group_P = torch.tensor(rows, dtype=torch.long).reshape(-1, 3).unbind(dim=1)
    return Pairs(winner_P, loser_P, group_P, torch.tensor(gaps, dtype=torch.float32), len(ranks))


def ranking_loss(
    scores_N: Tensor,
    pairs: Pairs,
    group_weights_G: Tensor | None = None,
    margin: float = 0.0,
    label_smoothing: float = 0.0,
    num_groups: int | None = None,
) -> Tensor:
    """Return the mean over prompts of −(1/n_g) Σ log σ(r_winner − r_loser − margin · gap), n_g the prompt's number of
    ordered pairs.

    Without ties n_g is C(K, 2): each prompt weighs the same whatever its K. A prompt whose replies are all tied adds 0
    but still counts as a prompt. `num_groups` is the prompt count of the whole step (default: this batch's), so that
    micro-batch splits do not change the gradient. `group_weights_G` scale each prompt's part and do not change the
    divisor. `label_smoothing` ε says that a share ε of the orders is wrong: (1 − ε) · −log σ(d) + ε · −log σ(−d).
    Source: Ouyang et al. 2022 (arXiv:2203.02155), equation 1; margin: Touvron et al. 2023 (arXiv:2307.09288), equation
    2, with people's gap of mean ranks in the place of their answer scale.
    """
    difference_P = scores_N[pairs.winner_P].float() - scores_N[pairs.loser_P].float() - margin * pairs.gap_P
    loss_P = -(1.0 - label_smoothing) * logsigmoid(difference_P)
    if label_smoothing:
        loss_P = loss_P - label_smoothing * logsigmoid(-difference_P)
    num_pairs_G = torch.bincount(pairs.group_P, minlength=pairs.num_groups)
    weight_P = 1.0 / num_pairs_G[pairs.group_P]
    if group_weights_G is not None:
        weight_P = weight_P * group_weights_G[pairs.group_P]
    return (weight_P * loss_P).sum() / (pairs.num_groups if num_groups is None else num_groups)


class PairAccuracy(NamedTuple):
    """How many of `n` ordered pairs the scores order rightly; equal scores order nothing and count as wrong."""

    num_right: int
    n: int


def pair_accuracy(scores_N: Tensor, pairs: Pairs) -> PairAccuracy:
    """Return the pairs whose winner scores strictly above its loser. Pairs of one prompt are correlated: bootstrap
    over prompts for intervals.
    """
    right_P = scores_N[pairs.winner_P] > scores_N[pairs.loser_P]
    return PairAccuracy(int(right_P.sum()), right_P.numel())


class CalibrationBin(NamedTuple):
    """Pairs of similar confidence: what the scores promised and what came true."""

    confidence: float
    accuracy: float
    n: int


class Calibration(NamedTuple):
    """The expected calibration error in [0, 1], LOWER is better, and the bins of a reliability diagram (empty bins
    left out).
    """

    error: float
    bins: tuple[CalibrationBin, ...]


def calibration(scores_N: Tensor, pairs: Pairs, num_bins: int = 10) -> Calibration:
    """Return Σ_bins (n_bin / n) · |accuracy − mean confidence| over equal-width bins of confidence in [½, 1].

    The confidence of a pair is σ(|r_a − r_b|), the Bradley-Terry probability of the order the scores give it. Error is
    NaN without pairs. Source: Guo et al. 2017 (arXiv:1706.04599), equation 3.
    """
    difference_P = (scores_N[pairs.winner_P] - scores_N[pairs.loser_P]).detach().double()
    if difference_P.numel() == 0:
        return Calibration(float("nan"), ())
    confidence_P = torch.sigmoid(difference_P.abs())
    right_P = (difference_P > 0).double()
    bin_P = ((confidence_P - 0.5) * 2 * num_bins).long().clamp(max=num_bins - 1)
    bins: list[CalibrationBin] = []
    for index in range(num_bins):
        inside_P = bin_P == index
        if num_inside := int(inside_P.sum()):
            means = float(confidence_P[inside_P].mean()), float(right_P[inside_P].mean())
            bins.append(CalibrationBin(*means, num_inside))
    error = sum(abs(one.accuracy - one.confidence) * one.n for one in bins) / difference_P.numel()
    return Calibration(error, tuple(bins))
