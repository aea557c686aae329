"""A crowd of labellers for the measurements of the Studio: their project, when each of them asks, what must hold after.

Arrivals are an open loop: every labeller has moments fixed before the start, one every two seconds, and the time of an
answer counts from its moment, not from when the question could at last be asked. A server that is slow for a second is
charged with everybody who waited behind that second.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from trivium.human.desk import batches, guidelines, pool, projects
from trivium.human.desk.actor import Actor
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.settings import ProjectSettings
from trivium.human.rubrics import GENERAL
from trivium.human.store.columns import Table
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Assignment, Item, Judgement
from trivium.records import Prompt

SLUG = "load"
PAUSE_SECONDS = 2.0
MAX_THINK_SECONDS = 0.5
NUM_REPLIES = 4
ABILITIES = ("helpful", "honest", "harmless")
BATCH_OF_ITEMS = 2_000


@dataclass
class Times:
    """What the calls of one labeller took, in seconds from the moment each was due."""

    asked: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    """Holds whose ranking was said to be kept."""
    errors: list[str] = field(default_factory=list)


def fill(database: Database, num_people: int, num_items: int, overlap: int) -> tuple[str, list[Actor]]:
    """Make a comparison project with so many items that wait for labellers; return its id and them.

    Tables that have rows are counted for the planner, as PostgreSQL does by itself within a minute. Those that are
    still empty are not: it counts none of them, and takes them for larger than they are.
    """
    with database.write() as db:
        keeper = _person(db, "lead", keeper=True)
        project = projects.create(db, keeper, SLUG, "Load", "comparison", ProjectSettings(overlap=overlap))
        drafted = guidelines.draft(db, keeper, project.id, "# Rank", rubric=GENERAL.model_dump(mode="json"))
        guidelines.publish(db, keeper, project.id, drafted.id)
        people = [_person(db, f"labeller{number}") for number in range(num_people)]
        for actor in people:
            projects.add_member(
                db, keeper.person_id, project.id, actor.person_id, party="internal", role="labeller"
            )
            guidelines.acknowledge(db, actor, project.id, drafted.id)
    for first in range(0, num_items, BATCH_OF_ITEMS):
        _add_batch(database, keeper, project.id, range(first, min(first + BATCH_OF_ITEMS, num_items)))
    with database.engine.connect() as connection:
        for table in Table.metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is not None:
                connection.execute(text(f'ANALYZE "{table.name}"'))
        connection.commit()
    return project.id, people


def _add_batch(database: Database, keeper: Actor, project_id: str, numbers: range) -> None:
    with database.write() as db:
        rows = [
            NewPrompt(Prompt.of(f"Question {n}?", origin="dataset", source="load"), cluster_id=f"own {n}")
            for n in numbers
        ]
        ids = pool.take_in(db, project_id, rows).ids
        batch = batches.open_batch(db, keeper, project_id)
        items = batches.add_prompts(db, keeper, batch.id, ids)
        replies = {
            item: [NewReply(f"{n}.{k}", model_ref="m") for k in range(NUM_REPLIES)]
            for n, item in zip(numbers, items, strict=True)
        }
        batches.put_replies(db, batch.id, replies)
        batches.start(db, keeper, batch.id)


def _person(db: Session, name: str, *, keeper: bool = False) -> Actor:
    row = Person(email=f"{name}@example.org", pseudonym=f"{name}-00", keeper=keeper)
    db.add(row)
    db.flush()
    return Actor(row.id, row.pseudonym, keeper)


def moments(number: int, seconds: float) -> list[float]:
    """Return when a labeller asks, in seconds from the start: every two seconds from a moment of their own."""
    first = random.Random(number).random() * PAUSE_SECONDS
    return [first + PAUSE_SECONDS * turn for turn in range(int((seconds - first) / PAUSE_SECONDS) + 1)]


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return n, and p50, p95, p99 and the maximum in milliseconds."""
    if not seconds:
        return {"n": 0}
    rows = sorted(seconds)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    found = {name: round(1000 * rows[min(len(rows) - 1, int(share * len(rows)))], 1) for name, share in at.items()}
    return {"n": len(rows), **found}


def summary(crowd: Sequence[Times], seconds: float) -> dict[str, object]:
    """Return what everybody's calls took together."""
    asked = [one for times in crowd for one in times.asked]
    sent = [one for times in crowd for one in times.sent]
    errors = [one for times in crowd for one in times.errors]
    offered = sum(len(moments(number, seconds)) for number in range(len(crowd)))
    return {
        "due": offered, "asked a second": round(len(asked) / seconds, 1), "ask ms": percentiles(asked),
        "send ms": percentiles(sent), "errors": len(errors), "first errors": sorted(set(errors))[:3],
    }  # fmt: skip


def counts(database: Database, crowd: Sequence[Times]) -> dict[str, int]:
    """Return what must be zero (items beyond their overlap, wrong counters, lost rankings), and how many were kept."""
    with database.read() as db:
        holds = select(Assignment.item_id, func.count().label("n")).where(Assignment.state.in_(("leased", "submitted")))
        taken = {row.item_id: row.n for row in db.execute(holds.group_by(Assignment.item_id))}
        items = db.execute(select(Item.id, Item.taken, Item.wanted).where(Item.state == "labelling")).all()
        overlaps = {row[0]: row[1] for row in db.execute(select(Item.id, Item.wanted))}
        kept = set(db.scalars(select(Judgement.assignment_id)))
    most = max(overlaps.values(), default=0)
    return {
        "beyond overlap": sum(number > most for number in taken.values()),
        "counter wrong": sum(taken.get(item.id, 0) != item.taken for item in items),
        "lost": len({hold for times in crowd for hold in times.acknowledged} - kept),
        "kept": len(kept),
    }
