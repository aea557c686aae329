"""Submissions to agreement on each axis, for each guideline version and for each week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from trivium.core.seed import stream
from trivium.human.agreement import (
    Ranked,
    concordance,
    krippendorff_alpha,
    marks_alpha,
    over_prompts,
    pairwise_agreement,
)
from trivium.human.quality.items import (
    ORDER,
    Marks,
    by_item,
    flag_matrix,
    mark_matrix,
    names,
    ranked_items,
    score_matrix,
)
from trivium.human.submission import Submission
from trivium.records import Measure, Record

NO_ORDER = "not an order"


class AxisAgreement(Record):
    """How far people agree on one axis. Higher is better in all three; each is undefined for a reason it says."""

    axis: str
    scale: str
    """`order`, `score` or `flag`."""
    num_submissions: int
    pairs_agreed: Measure
    """Order and scores: share of (pair of people, pair of replies) with the same relation, better, worse or equal.
    Flags, marks of a whole item, and scores of a single reply: share of (pair of people, reply) with the same mark. n
    is prompts.
    """
    alpha: Measure
    kendall_w: Measure


def axis_agreement(submissions: Sequence[Submission], seed: int = 0) -> list[AxisAgreement]:
    """Return agreement on the order, then on each score, then on each flag. Gold items are left out."""
    items = by_item(submissions)
    answers = [one for item in items for one in item]
    axes, flags = names(answers)
    found = []
    if any(one.ranks is not None for one in answers):
        ranked = ranked_items(items)
        found.append(
            AxisAgreement(
                axis=ORDER,
                scale=ORDER,
                num_submissions=sum(one.ranks is not None for one in answers),
                pairs_agreed=pairwise_agreement(ranked, seed),
                alpha=krippendorff_alpha(ranked, seed),
                kendall_w=concordance(ranked, seed),
            )
        )
    found += [_scored(items, axis, seed) for axis in axes]
    found += [_whole(items, axis, seed) for axis in sorted({name for one in answers for name in one.whole})]
    return found + [_flagged(items, flag, seed) for flag in flags]


def _scored(items: Sequence[Sequence[Submission]], axis: str, seed: int) -> AxisAgreement:
    matrices = [(score_matrix(answers, axis), answers[0].replies) for answers in items]
    if all(len(replies) < 2 for _, replies in matrices):  # a thumb has nothing beside it to be better than
        pairs_agreed = same_mark([marks for marks, _ in matrices], seed)
    else:
        pairs_agreed = pairwise_agreement([_as_ranks(*one) for one in matrices if one[0].size], seed)
    return AxisAgreement(
        axis=axis,
        scale="score",
        num_submissions=sum(len(marks) for marks, _ in matrices),
        pairs_agreed=pairs_agreed,
        alpha=marks_alpha([marks for marks, _ in matrices], seed),
        kendall_w=Measure(value=None, n=0, undefined=NO_ORDER),
    )


def _whole(items: Sequence[Sequence[Submission]], axis: str, seed: int) -> AxisAgreement:
    matrices = [np.asarray([[one.whole[axis]] for one in answers if axis in one.whole]) for answers in items]
    matrices = [marks for marks in matrices if marks.size]
    return AxisAgreement(
        axis=axis,
        scale="score",
        num_submissions=sum(map(len, matrices)),
        pairs_agreed=same_mark(matrices, seed),
        alpha=marks_alpha(matrices, seed),
        kendall_w=Measure(value=None, n=0, undefined=NO_ORDER),
    )


def _as_ranks(marks: Marks, replies: tuple[str, ...]) -> Ranked:
    """Return scores as an order, higher first, of the people who marked every reply."""
    return Ranked(-marks[np.isfinite(marks).all(axis=1)], replies)


def _flagged(items: Sequence[Sequence[Submission]], flag: str, seed: int) -> AxisAgreement:
    matrices = [marks for marks in (flag_matrix(answers, flag) for answers in items) if marks.size]
    alpha = marks_alpha(matrices, seed)
    if alpha.value is None and alpha.n:
        never = not any(marks.any() for marks in matrices)
        reason = f"{'nobody' if never else 'everybody always'} set this flag, so chance cannot be taken out"
        alpha = alpha.model_copy(update={"undefined": reason})
    return AxisAgreement(
        axis=flag,
        scale="flag",
        num_submissions=sum(map(len, matrices)),
        pairs_agreed=same_mark(matrices, seed),
        alpha=alpha,
        kendall_w=Measure(value=None, n=0, undefined=NO_ORDER),
    )


def same_mark(matrices: Sequence[Marks], seed: int = 0) -> Measure:
    """Return the share of (pair of people, reply) with the same mark; n = prompts with two people or more. A mark that
    is missing (NaN) is no mark.
    """
    rows = []
    for marks in matrices:
        given = np.isfinite(marks).sum(axis=0)
        total = float((given * (given - 1) / 2).sum()) if marks.size else 0.0
        if total:
            same = (marks[:, None] == marks[None]).sum(axis=(0, 1)) - given  # each pair twice, nobody with themselves
            rows.append([float(same.sum()) / 2, total])
    if not rows:
        return Measure(value=None, n=0, undefined="no prompt has two people's marks")
    return over_prompts(np.asarray(rows), lambda sums: sums[..., 0] / sums[..., 1], stream(seed, "same mark"))


class Slice(Record):
    """Agreement within a part of the work, answers of one guideline version or of one week: on the order, or on the
    marks where no order was asked.
    """

    label: str
    num_submissions: int
    num_people: int
    pairs_agreed: Measure
    alpha: Measure


def by_guideline(submissions: Sequence[Submission], seed: int = 0) -> list[Slice]:
    """Return agreement for each guideline version, among answers made under it: did the edit help?"""
    return _sliced(submissions, lambda one: one.guideline, seed)


def by_week(submissions: Sequence[Submission], seed: int = 0) -> list[Slice]:
    """Return agreement for each ISO week, among answers made in it. Answers without a time are left out."""
    return _sliced([one for one in submissions if one.at is not None], _week, seed)


def _week(one: Submission) -> str:
    assert one.at is not None
    year, week, _ = one.at.isocalendar()
    return f"{year}-W{week:02d}"


def _sliced(submissions: Sequence[Submission], label: Callable[[Submission], str], seed: int) -> list[Slice]:
    slices = []
    for name, group in groupby(sorted(submissions, key=lambda one: _natural(label(one))), key=label):
        items = by_item(group)
        ranked = ranked_items(items)
        answers = [one for item in items for one in item]
        marks = [] if ranked else [mark_matrix(item) for item in items]
        slices.append(
            Slice(
                label=name,
                num_submissions=len(answers),
                num_people=len({one.person for one in answers}),
                pairs_agreed=same_mark(marks, seed) if any(map(np.size, marks)) else pairwise_agreement(ranked, seed),
                alpha=marks_alpha(marks, seed) if any(map(np.size, marks)) else krippendorff_alpha(ranked, seed),
            )
        )
    return slices


def _natural(label: str) -> tuple[int, int, str]:
    """Sort key: versions by number where they are numbers, so that 10 comes after 9."""
    return (0, int(label), "") if label.isdecimal() else (1, 0, label)
