"""Submissions and what people chose to say of themselves to whether groups see replies differently, and never who.

Covers: agreement within a group and with the others, and how often the group alone would choose another winner.
Does not cover: why. A group of fewer than five people is not shown, nor anything from which it could be worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np
from scipy import stats

from trivium.core.seed import stream
from trivium.human.agreement import over_prompts, pairwise_agreement
from trivium.human.quality.items import by_item, mid_ranks, ranked_items
from trivium.human.submission import Submission
from trivium.records import Measure, Record

MIN_PEOPLE = 5


class GroupRow(Record):
    """One group of people, by what they said of themselves."""

    field: str
    value: str
    num_people: int
    within: Measure
    """Pairwise agreement among its members."""
    with_others: Measure
    """Share of (member, other, pair of replies) on which both say the same."""
    winner_flips: Measure
    """Share of items whose best reply by the group's mean ranks is not the best by the others'; lower is more alike."""


class Diversity(Record):
    """What may be shown, and why there is no more."""

    num_people: int | None
    """People who chose to share a profile; None below five."""
    groups: tuple[GroupRow, ...] = ()
    suppressed: tuple[str, ...] = ()
    """Fields of which nothing, or not everything, is shown, with the reason."""
    undefined: str | None = None


def diversity(submissions: Sequence[Submission], profiles: Mapping[str, Mapping[str, str]], seed: int = 0) -> Diversity:
    """Return a row for each group of five or more people whose others are five or more too.

    `profiles` is person → field → value, only of people who consented and worked. Where a single group of a field is
    too small, the smallest other one is left out as well: its number would follow from the sum.
    """
    items = by_item(submissions)
    worked = {one.person for answers in items for one in answers}
    shared = {person: profile for person, profile in profiles.items() if person in worked and profile}
    if len(shared) < MIN_PEOPLE:
        reason = f"fewer than {MIN_PEOPLE} people chose to share a profile; from {MIN_PEOPLE} on, groups appear here"
        return Diversity(num_people=None, undefined=reason)
    groups: list[GroupRow] = []
    suppressed = []
    for field in sorted({name for profile in shared.values() for name in profile}):
        said = {person: profile[field] for person, profile in shared.items() if profile.get(field)}
        members = {
            value: {person for person, _ in pairs}
            for value, pairs in groupby(sorted(said.items(), key=lambda one: one[1]), key=lambda one: one[1])
        }
        shown = _shown(members, len(said))
        if len(shown) < len(members):
            suppressed.append(
                f"{field}: groups under {MIN_PEOPLE} people, and what would tell their number, are not shown"
            )
        groups += [_row(items, field, value, members[value], seed) for value in shown]
    return Diversity(num_people=len(shared), groups=tuple(groups), suppressed=tuple(suppressed))


def _shown(members: Mapping[str, set[str]], num_said: int) -> list[str]:
    """Return the values that may be shown: large enough, the rest large enough, and no number to be had by taking
    off.
    """
    large = [value for value, people in members.items() if len(people) >= MIN_PEOPLE]
    hidden = num_said - sum(len(members[value]) for value in large)
    if 0 < hidden < MIN_PEOPLE and large:
        large.remove(min(large, key=lambda value: (len(members[value]), value)))
    return sorted(value for value in large if num_said - len(members[value]) >= MIN_PEOPLE)


def _row(items: Sequence[Sequence[Submission]], field: str, value: str, group: set[str], seed: int) -> GroupRow:
    inside = [[one for one in answers if one.person in group] for answers in items]
    return GroupRow(
        field=field,
        value=value,
        num_people=len(group),
        within=pairwise_agreement(ranked_items([answers for answers in inside if answers]), seed),
        with_others=_with_others(items, group, seed),
        winner_flips=_winner_flips(items, group),
    )


def _with_others(items: Sequence[Sequence[Submission]], group: set[str], seed: int) -> Measure:
    rows = []
    for answers in items:
        ranked = [one for one in answers if one.ranks is not None]
        inner = np.asarray([one.ranks for one in ranked if one.person in group])
        outer = np.asarray([one.ranks for one in ranked if one.person not in group])
        if len(inner) and len(outer):
            first, second = np.triu_indices(inner.shape[1], k=1)
            own, other = (np.sign(ranks[:, first] - ranks[:, second]) for ranks in (inner, outer))
            rows.append([float((own[:, None] == other[None]).sum()), float(own.shape[0] * other.shape[0] * len(first))])
    if not rows:
        return Measure(value=None, n=0, undefined="no item was ranked by members and by others")
    return over_prompts(np.asarray(rows), lambda sums: sums[..., 0] / sums[..., 1], stream(seed, "with others"))


def _winner_flips(items: Sequence[Sequence[Submission]], group: set[str]) -> Measure:
    flips = total = 0
    for answers in items:
        bests = []
        for inside in (True, False):
            ranks = [one.ranks for one in answers if one.ranks is not None and (one.person in group) == inside]
            if ranks:
                means = mid_ranks(ranks).sum(axis=0) / len(ranks)
                bests.append({answers[0].replies[place] for place in np.flatnonzero(np.isclose(means, means.min()))})
        if len(bests) == 2:
            flips += bests[0].isdisjoint(bests[1])
            total += 1
    if not total:
        return Measure(value=None, n=0, undefined="no item was ranked by members and by others")
    interval = stats.binomtest(flips, total).proportion_ci(method="wilson")
    return Measure(value=flips / total, n=total, low=float(interval.low), high=float(interval.high))
