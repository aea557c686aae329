"""People's answers on an item to what a page says of each reply: place, mean rank, mean scores, flags with counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trivium.human.rubrics import Rubric
from trivium.human.submission import Submission
from trivium.studio.words import Words


class Said(NamedTuple):
    """What people said of one reply."""

    place: str
    """In words, where it won or lost; else empty."""
    wins: bool
    mean_rank: float | None
    strength: float | None
    """Of the method that chose the winner, where it is not the mean rank."""
    ranks: list[int]
    """As each person gave them, in the order of their answers."""
    scores: list[tuple[str, float, int]]
    """Axis, mean over those who marked it, the highest it can be."""
    flags: list[tuple[str, int, int]]
    """Flag, how many set it, how many answered."""


def of_replies(
    answers: Sequence[Submission], aggregate: Mapping[str, Any] | None, rubric: Rubric | None, words: Words
) -> list[Said]:
    """Return what was said of each reply, by slot; empty before anybody answered."""
    if not answers:
        return []
    found = aggregate or {}
    ranks, strengths = found.get("mean_ranks") or [], found.get("strengths") or []
    places = {found.get("winner"): words.say("Winner"), found.get("loser"): words.say("Last")}
    axes = {axis.key: axis for axis in rubric.axes} if rubric else {}
    said = []
    for slot in range(len(answers[0].replies)):
        scores, flags = [], []
        for key in dict.fromkeys(key for one in answers for key in one.scores):
            marks = [one.scores[key][slot] for one in answers if key in one.scores]
            given = [mark for mark in marks if mark is not None]
            if given and key in axes:
                scores.append((axes[key].label, sum(given) / len(given), int(axes[key].high)))
        for key in dict.fromkeys(key for one in answers for key in one.flags):
            count = sum(one.flags[key][slot] for one in answers if key in one.flags)
            if count:
                flags.append((axes[key].label if key in axes else key, count, len(answers)))
        said.append(Said(
            places.get(slot, ""), slot == found.get("winner"), ranks[slot] if slot < len(ranks) else None,
            strengths[slot] if slot < len(strengths) else None, [one.ranks[slot] for one in answers if one.ranks],
            scores, flags,
        ))  # fmt: skip
    return said


def why_contested(aggregate: Mapping[str, Any] | None, rubric: Rubric | None, words: Words) -> str:
    """Return why no pair can be made, with flags by their labels; empty where one can."""
    why = words.told(str((aggregate or {}).get("contested") or ""))
    for axis in rubric.axes if rubric else ():
        if axis.kind == "flag":
            why = re.sub(rf"(?<=[(، ]){re.escape(axis.key)}(?=[),،])", f"“{axis.label}”", why)
    return why
