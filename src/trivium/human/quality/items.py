"""Submissions to matrices of marks, one an item: people × replies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trivium.human.agreement import Ranked
from trivium.human.submission import Submission

Marks = NDArray[np.float64]
ORDER = "order"


def by_item(submissions: Iterable[Submission], *, gold: bool = False) -> list[list[Submission]]:
    """Return the answers to each item together, in order of first appearance; skipped ones say nothing.

    Gold items are left out unless they alone are asked for: their replies are chosen to be easy. Nobody is counted
    twice on an item: the last answer stands.
    """
    items: dict[str, dict[str, Submission]] = {}
    for one in submissions:
        if not one.skipped and one.is_gold == gold:
            items.setdefault(one.item, {})[one.person] = one
    return [list(people.values()) for people in items.values()]


def ranked_items(items: Iterable[Sequence[Submission]]) -> list[Ranked]:
    """Return the mid-ranks of each item that somebody ranked."""
    found = []
    for answers in items:
        ranks = [one.ranks for one in answers if one.ranks is not None]
        if ranks:
            found.append(Ranked(mid_ranks(ranks), answers[0].replies))
    return found


def mid_ranks(ranks: Sequence[Sequence[int]]) -> Marks:
    """Return ranks as mid-ranks: what is tied shares the mean of the places it takes up."""
    return np.asarray(stats.rankdata(np.asarray(ranks), method="average", axis=1), dtype=np.float64)


def score_matrix(answers: Sequence[Submission], axis: str) -> Marks:
    """Return people × replies of one axis, NaN where a mark is open; people who marked nothing are left out."""
    rows = [[np.nan if mark is None else mark for mark in one.scores[axis]] for one in answers if axis in one.scores]
    return _matrix(rows)


def mark_matrix(answers: Sequence[Submission]) -> Marks:
    """Return people × all numbers they could give, to replies and to the item as a whole; NaN where one is open."""
    scored = sorted({(axis, place) for one in answers for axis in one.scores for place in range(len(one.replies))})
    whole = sorted({axis for one in answers for axis in one.whole})
    rows = [
        [one.scores[axis][place] if axis in one.scores else None for axis, place in scored]
        + [one.whole.get(axis) for axis in whole]
        for one in answers
    ]
    return np.asarray(rows, dtype=np.float64).reshape(len(answers), len(scored) + len(whole))


def flag_matrix(answers: Sequence[Submission], flag: str) -> Marks:
    """Return people × replies of one flag, 1 where it was set."""
    return _matrix([[float(mark) for mark in one.flags[flag]] for one in answers if flag in one.flags])


def _matrix(rows: list[list[float]]) -> Marks:
    return np.asarray(rows, dtype=np.float64) if rows else np.zeros((0, 0))


def names(submissions: Iterable[Submission]) -> tuple[list[str], list[str]]:
    """Return (axes that were scored, flags that were offered), in order of first appearance."""
    axes: dict[str, None] = {}
    flags: dict[str, None] = {}
    for one in submissions:
        axes.update(dict.fromkeys(one.scores))
        flags.update(dict.fromkeys(one.flags))
    return list(axes), list(flags)
