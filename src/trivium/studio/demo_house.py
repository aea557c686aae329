"""The demo's house while it is filled: who is there, what there is to write and to rank, and when it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from trivium.human.desk import assignment, guidelines, review
from trivium.human.desk.actor import Actor
from trivium.human.states import Step
from trivium.human.store.columns import ago
from trivium.human.store.journal_write import append_pending
from trivium.human.store.projects import Project
from trivium.primer.exercises import Exercise
from trivium.studio.demo_people import CAST

SEED = 1
WRITERS = ("tern-04", "wren-19", "dunlin-30")


@dataclass
class House:
    """The demo while it is filled: its people, projects, and what there is to write and to rank."""

    actors: dict[str, Actor] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    exercises: list[Exercise] = field(default_factory=list)
    golds: dict[tuple[str, str], float] = field(default_factory=dict)
    """(prompt, reply) → how good it is, in [-1, 1]."""


@contextmanager
def days_ago(db: Session, days: float) -> Iterator[None]:
    """Let what is done within have been done so many days ago, in the log too."""
    with ago(timedelta(days=days)):
        yield
        append_pending(db)


def in_turns(
    db: Session, names: Sequence[str], days: tuple[float, float], num_turns: int, act: Callable[[str], bool]
) -> None:
    """Let people act one after the other until nobody has anything left to do, about so many times in all, and so that
    it happened between so many days ago and so many.
    """
    turn = idle = 0
    first, last = days
    while idle < len(names):
        with days_ago(db, first + (last - first) * min(1.0, turn / max(1, num_turns))):
            idle = 0 if act(names[turn % len(names)]) else idle + 1
        turn += 1


def tell(db: Session, house: House, slug: str, text: str, rubric: dict[str, Any], changed: str = "") -> None:
    """Publish a guideline, and let everybody in the project read it."""
    lead, project = house.actors["lark-01"], house.projects[slug]
    row = guidelines.draft(db, lead, project.id, text, rubric=rubric, changelog=changed)
    guidelines.publish(db, lead, project.id, row.id)
    for name, places in CAST.items():
        if any(place[0] == slug for place in places):
            guidelines.acknowledge(db, house.actors[name], project.id, row.id)


def review_all(db: Session, house: House, slug: str, step: Step, *, returns: int = 0, most: int = 10_000) -> None:
    """Let a reviewer go through the sample; so many of the last writer's texts are returned."""
    actor = house.actors["owl-31" if step == "qa_internal" else "stork-09"]
    for _ in range(most):
        work = assignment.lease(db, actor, house.projects[slug].id, step=step)
        if work is None:
            return
        verdict = review.Review("accept", seconds=45)
        if returns and review.dossier(db, actor, work.item_id).past[0].by == WRITERS[-1]:
            returns -= 1
            note = "True and clear. One thing is missing: what should a person do who is not sure?"
            verdict = review.Review("reject", ["too_vague"], note, seconds=90)
        review.submit(db, actor, work.assignment_id, verdict)
