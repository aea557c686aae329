"""Simulated writers and reviewers to batches of pairs, one in each state that a visitor may want to see."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from trivium.core.seed import stream
from trivium.human.coverage import fits
from trivium.human.desk import assignment, batches, home, specs, writing
from trivium.human.desk.work import Work
from trivium.primer.exercises import Exercise
from trivium.records import prompt_length
from trivium.studio.demo_house import SEED, WRITERS, House, days_ago, in_turns, review_all

BATCHES = {
    "accepted": (1.0, 13, 7), "client_qa": (0.12, 5, 4), "rework": (0.12, 3, 2), "internal_qa": (0.12, 1, 0.05),
    "working": (0.25, 0.05, 0.05),
}  # fmt: skip
"""How far each batch of pairs has come → its part of each cell, and how many days ago it was begun and written."""
FILLED = (1.0, 0.25, 0.6, 0.17, 0.75, 0.4)
"""How much of a cell the first batch fills, cell after cell, so that the map has every strength to show."""
ALSO_REPLIES = {"one_word": 4, "short_phrase": 60, "single_sentence": 50, "descriptive": 20}
ALSO_MARKS = {"scene_setting": 10, "constraint": 40, "persona": 4}
"""Wanted over all cells."""


def _attrs(one: Exercise) -> dict[str, str]:
    return {
        "task_type": one.task_type,
        "prompt_type": one.prompt_type,
        "response_type": one.response_type,
        "domain": one.domain,
        "language": "en",
        "prompt_length": prompt_length(one.text),
        **{mark: "yes" if mark in one.marks else "no" for mark in ("scene_setting", "constraint", "persona")},
    }


def write(db: Session, house: House) -> None:
    """Freeze a requirement, send one batch through both reviews with one return, leave one in each state."""
    lead, project = house.actors["lark-01"], house.projects["plain-words"]
    counts = Counter((one.task_type, one.prompt_type, prompt_length(one.text)) for one in house.exercises)
    marks = ("task_type", "prompt_type", "prompt_length")
    cells = {key: min(16, count) for key, count in sorted(counts.items()) if count >= 3}
    where = {key: dict(zip(marks, key, strict=True)) for key in cells}
    body: dict[str, Any] = {
        "dimensions": {mark: sorted({named[mark] for named in where.values()}) for mark in marks},
        "cells": [{"where": where[key], "target": target} for key, target in cells.items()],
        "also": [],
    }
    body["dimensions"] |= {"response_type": list(ALSO_REPLIES), **{mark: ["yes", "no"] for mark in ALSO_MARKS}}
    body["also"] = [{"where": {"response_type": name}, "target": target} for name, target in ALSO_REPLIES.items()]
    body["also"] += [{"where": {mark: "yes"}, "target": target} for mark, target in ALSO_MARKS.items()]
    spec = specs.draft(db, lead, project.id, body)
    specs.freeze(db, lead, project.id, spec.id)
    for until, (share, first, last) in BATCHES.items():
        with days_ago(db, first):
            batch = batches.open_batch(db, lead, project.id)
            taken = batches.planned(db, project.id)
            wanted = {}
            for place, (key, target) in enumerate(cells.items()):
                left = target - taken.get(specs.cell_key(where[key]), 0)
                part = FILLED[place % len(FILLED)] if until == "accepted" else 1.0
                wanted[specs.cell_key(where[key])] = min(left, max(2, round(target * share * part)))
            batches.plan_cells(db, lead, batch.id, wanted)
            batches.start(db, lead, batch.id)
        if until != "working":
            _write_all(db, house, project.id, (first, last), sum(wanted.values()))
        with days_ago(db, last):
            _review_batch(db, house, until)


def _review_batch(db: Session, house: House, until: str) -> None:
    """Take a written batch as far as it goes."""
    slug = "plain-words"
    if until == "accepted":
        review_all(db, house, slug, "qa_internal", returns=1)
        days = BATCHES[until][2]
        _write_all(db, house, house.projects[slug].id, (days, days), 1, again=True)
        review_all(db, house, slug, "qa_internal")
        review_all(db, house, slug, "qa_client")
    elif until in ("client_qa", "rework"):
        review_all(db, house, slug, "qa_internal", returns=int(until == "rework"))
    elif until == "internal_qa":
        review_all(db, house, slug, "qa_internal", returns=1, most=2)


def _write_all(
    db: Session, house: House, project_id: str, days: tuple[float, float], num: int, *, again: bool = False
) -> None:
    """Let the writers take turns until nothing is left for them; who has something back writes only where it is to be
    written again.
    """

    def act(name: str) -> bool:
        work = assignment.lease(db, house.actors[name], project_id, step="write")
        if work is not None:
            writing.submit(db, house.actors[name], work.assignment_id, _written(house, work))
        return work is not None

    in_turns(db, [name for name in WRITERS if again or not home.returned(db, house.actors[name])], days, num, act)


def _written(house: House, work: Work) -> writing.Written:
    """Return the first exercise that fits the cell and was not written yet; returned work gets a better ending."""
    if work.returned:
        reply = work.replies[0].rstrip(".") + ". If you are not sure, ask somebody you trust."
        return writing.Written(reply, {**work.attrs}, work.messages[-1].content, seconds=240, paste_share=0.0)
    place = next(i for i, one in enumerate(house.exercises) if fits(work.attrs, _attrs(one)))
    one = house.exercises.pop(place)
    draw = stream(SEED, "demo", one.text)
    return writing.Written(
        one.reply,
        _attrs(one),
        one.text,
        seconds=float(draw.integers(120, 600)),
        paste_share=float(draw.random() < 0.1) * 0.7,
    )
