"""Submissions to one row a person: agreement with the others, gold items, pace, ties, and what to talk about.

A remark is a reason to talk, with its numbers, never a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy import stats

from trivium.core.seed import stream
from trivium.human.agreement import over_prompts
from trivium.human.quality.items import by_item, mark_matrix
from trivium.human.submission import Submission
from trivium.records import Measure, Record

MIN_ITEMS = 30
"""Below so many shared items a person's agreement says little, and is not shown."""
FAST_SHARE, TIES_FACTOR, TIES_AT_LEAST = 0.5, 2.0, 0.2


class PersonQuality(Record):
    """What one person's answers look like beside the others'."""

    person: str
    num_items: int
    agreement: Measure
    """Share of (other person, pair of replies) on which both say the same, or of (other person, mark) where no order
    was asked; n is items shared with somebody.
    """
    gold: Measure
    """Share of gold items whose known order this person nowhere turns around; n is gold items."""
    median_seconds: float | None
    tie_share: float | None
    """Share of pairs of replies that this person tied."""
    num_skipped: int
    remarks: tuple[str, ...] = ()


def people(submissions: Sequence[Submission], min_items: int = MIN_ITEMS, seed: int = 0) -> list[PersonQuality]:
    """Return one row a person, who agrees most with the others first; undefined agreement comes last."""
    items = by_item(submissions)
    gold = [one for item in by_item(submissions, gold=True) for one in item]
    everybody = sorted({one.person for one in submissions})
    counts: dict[str, list[tuple[int, int]]] = {person: [] for person in everybody}
    for answers in items:
        for person, same, total in _with_the_rest(answers):
            counts[person].append((same, total))
    rows = []
    for person in everybody:
        own = [one for one in submissions if one.person == person]
        answered = [one for one in own if not one.skipped]
        rows.append(
            PersonQuality(
                person=person,
                num_items=len({one.item for one in answered}),
                agreement=_agreement(counts[person], min_items, person, seed),
                gold=_gold([one for one in gold if one.person == person]),
                median_seconds=_median([one.seconds for one in answered if one.seconds is not None]),
                tie_share=_tie_share(answered),
                num_skipped=sum(one.skipped for one in own),
            )
        )
    rows = [row.model_copy(update={"remarks": _remarks(row, rows)}) for row in rows]
    return sorted(rows, key=lambda row: (row.agreement.value is None, -(row.agreement.value or 0), row.person))


def _with_the_rest(answers: Sequence[Submission]) -> list[tuple[str, int, int]]:
    """Return (person, same, compared) over pairs of different replies and the other people of one item."""
    ranked = [one for one in answers if one.ranks is not None]
    if not ranked:
        return _same_marks(answers)
    if len(ranked) < 2:
        return []
    replies = ranked[0].replies
    pairs = [(a, b) for a, b in combinations(range(len(replies)), 2) if replies[a] != replies[b]]
    if not pairs:
        return []
    ranks = np.asarray([one.ranks for one in ranked])
    first, second = np.asarray(pairs).T
    signs = np.sign(ranks[:, first] - ranks[:, second])
    same = (signs[:, None, :] == signs[None, :, :]).sum(axis=(1, 2)) - len(pairs)  # everybody agrees with themselves
    total = len(pairs) * (len(ranked) - 1)
    return [(one.person, int(count), total) for one, count in zip(ranked, same, strict=True)]


def _same_marks(answers: Sequence[Submission]) -> list[tuple[str, int, int]]:
    """Return the same of marks where nobody gave an order: a thumb, a verdict."""
    marks = mark_matrix(answers)
    given = np.isfinite(marks)
    same = (marks[:, None] == marks[None]).sum(axis=(1, 2)) - given.sum(axis=1)
    total = (given[:, None] & given[None]).sum(axis=(1, 2)) - given.sum(axis=1)
    rows = zip(answers, same, total, strict=True)
    return [(one.person, int(count), int(compared)) for one, count, compared in rows if compared]


def _agreement(counts: Sequence[tuple[int, int]], min_items: int, person: str, seed: int) -> Measure:
    if len(counts) < min_items:
        reason = f"too few items: {len(counts)} shared with others, wanted {min_items}"
        return Measure(value=None, n=len(counts), undefined=reason)
    table = np.asarray(counts, dtype=np.float64)
    return over_prompts(table, lambda sums: sums[..., 0] / sums[..., 1], stream(seed, "person", person))


def _gold(answers: Sequence[Submission]) -> Measure:
    marked = [one for one in answers if one.ranks is not None and one.gold_ranks is not None]
    if not marked:
        return Measure(value=None, n=0, undefined="no gold item answered")
    right = sum(_nothing_turned(one.ranks or (), one.gold_ranks or ()) for one in marked)
    interval = stats.binomtest(right, len(marked)).proportion_ci(method="wilson")
    return Measure(value=right / len(marked), n=len(marked), low=float(interval.low), high=float(interval.high))


def _nothing_turned(ranks: Sequence[int], gold: Sequence[int]) -> bool:
    """Say whether no pair that gold tells apart stands the other way round; a tie is not a turn."""
    places = range(len(gold))
    return not any(gold[a] < gold[b] and ranks[a] > ranks[b] for a in places for b in places)


def _median(seconds: Sequence[float]) -> float | None:
    return float(np.median(seconds)) if seconds else None


def _tie_share(answers: Sequence[Submission]) -> float | None:
    tied = total = 0
    for one in answers:
        for a, b in combinations(range(len(one.replies)), 2):
            if one.ranks is not None and one.replies[a] != one.replies[b]:
                tied += one.ranks[a] == one.ranks[b]
                total += 1
    return tied / total if total else None


def _remarks(row: PersonQuality, rows: Sequence[PersonQuality]) -> tuple[str, ...]:
    """Return what sets a person apart from the others, each with its numbers."""
    others = [one for one in rows if one.person != row.person]
    found = []
    agreed = [one.agreement.value for one in others if one.agreement.value is not None]
    if row.agreement.high is not None and agreed and row.agreement.high < float(np.mean(agreed)):
        found.append(f"agrees less than the others: {row.agreement.value:.1%} against {np.mean(agreed):.1%}")
    golden = [one.gold for one in others if one.gold.value is not None]
    if row.gold.high is not None and golden:
        mean = sum((one.value or 0) * one.n for one in golden) / sum(one.n for one in golden)
        if row.gold.high < mean:
            found.append(f"more gold items wrong than the others: {row.gold.value:.0%} right against {mean:.0%}")
    paces = [one.median_seconds for one in others if one.median_seconds is not None]
    if row.median_seconds is not None and paces and row.median_seconds < FAST_SHARE * float(np.median(paces)):
        found.append(f"fast: {row.median_seconds:.0f} s an item against {np.median(paces):.0f} s")
    ties = [one.tie_share for one in others if one.tie_share is not None]
    bound = max(TIES_AT_LEAST, TIES_FACTOR * float(np.median(ties))) if ties else 1.0
    if row.tie_share is not None and row.tie_share > bound:
        found.append(f"many ties: {row.tie_share:.0%} of pairs against {np.median(ties):.0%}")
    return tuple(found)
