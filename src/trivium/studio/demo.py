"""An empty database to a house that a visitor can walk through: simulated people of the primer, three projects, two
milestones, two weeks of work. Everything goes through the desk, as real people's work would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from trivium.human.desk import assignment, deliveries, guards, people, projects
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.ranking import AggregateRules
from trivium.human.rubrics import RUBRICS
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import write_demonstrations
from trivium.primer.exercises import Exercise
from trivium.studio import demo_texts
from trivium.studio.demo_guard import decisions
from trivium.studio.demo_house import SEED, House, days_ago, in_turns, tell
from trivium.studio.demo_people import CAST
from trivium.studio.demo_rank import rank
from trivium.studio.demo_write import write

FIRST_DAY = 13.5
"""So many days ago the house was opened."""
TITLES = {"plain-words": "Plain words", "everyday-help": "Everyday help", "door-watch": "Door watch"}


def fill(database: Database) -> bool:
    """Fill an empty database; return False, and change nothing, where somebody is there already."""
    with database.read() as db:
        if not people.nobody_yet(db):
            return False
    house = House(exercises=_exercises())
    for step in (_open_house, write, rank, _judge, _deliver):
        database.run(lambda db, step=step: _since(db, house, step))  # type: ignore[misc]
    return True


def _since(db: Session, house: House, step: Callable[[Session, House], None]) -> None:
    """Do a part of it; what says nothing else happened on the first day."""
    with days_ago(db, FIRST_DAY):
        step(db, house)


def _exercises() -> list[Exercise]:
    """Return what simulated writers write: the primer's good demonstrations, each prompt once, shuffled by a seed."""
    found: dict[str, Exercise] = {}
    for one in write_demonstrations(PrimerConfig.small(), SEED):
        if "bad" not in one.marks and one.kind != "harmful":
            found.setdefault(one.text, one)
    return list(found.values())


def _open_house(db: Session, house: House) -> None:
    for name in CAST:
        row = Person(pseudonym=name, keeper=name == "lark-01")
        db.add(row)
        db.flush()
        house.actors[name] = people.actor_of(db, row.id)
    lead = house.actors["lark-01"]
    plan = SamplingPlan(share=0.5)
    kinds: tuple[tuple[str, Any, ProjectSettings], ...] = (
        ("plain-words", "demonstration", ProjectSettings(internal_qa=plan, client_qa=plan, seed=SEED)),
        (
            "everyday-help",
            "comparison",
            ProjectSettings(
                overlap=5,
                num_replies=4,
                internal_qa=plan,
                client_qa=plan,
                seed=SEED,
                rules=AggregateRules(min_kendall_w=0.3),
            ),
        ),
        ("door-watch", "guard_review", ProjectSettings(overlap=1, seed=SEED)),
    )
    for slug, kind, settings in kinds:
        house.projects[slug] = projects.create(db, lead, slug, TITLES[slug], kind, settings)
    for name, places in CAST.items():
        for slug, party, role in places:
            if name != "lark-01":
                projects.add_member(
                    db, lead.person_id, house.projects[slug].id, house.actors[name].person_id, party=party, role=role
                )
    general = RUBRICS["general"].model_dump(mode="json")
    tell(db, house, "plain-words", demo_texts.WRITING, {})
    tell(db, house, "everyday-help", demo_texts.RANKING_1, general)
    tell(db, house, "door-watch", demo_texts.JUDGING, {})


def _judge(db: Session, house: House) -> None:
    """Queue what a guard did, and let one person judge a part of it."""
    lead, project = house.actors["lark-01"], house.projects["door-watch"]
    queued = decisions()
    guards.enqueue(db, lead, project.id, queued)
    gull = house.actors["gull-20"]
    right = {(one.prompt.text, one.reply): verdict for one, verdict in zip(queued, _truths(queued), strict=True)}
    left = len(queued) // 3

    def act(_: str) -> bool:
        nonlocal left
        work = assignment.lease(db, gull, project.id, step="label") if left else None
        if work is not None:
            left -= 1
            verdict = right[work.messages[-1].content, work.replies[0]]
            guards.submit(db, gull, work.assignment_id, guards.Verdict(verdict, seconds=30))
        return work is not None

    in_turns(db, ["gull-20"], (5, 0.1), left, act)


def _truths(queued: Sequence[guards.GuardDecision]) -> list[guards.GuardVerdict]:
    return [
        "confirmed"
        if one.blocked == (one.prompt.kind == "harmful")
        else "false_positive"
        if one.blocked
        else "false_negative"
        for one in queued
    ]


def _deliver(db: Session, house: House) -> None:
    """Seal the pairs that are accepted, and let the client find the milestone waiting."""
    with days_ago(db, 1.5):
        deliveries.seal(db, house.actors["lark-01"], house.projects["plain-words"].id, "m1")
