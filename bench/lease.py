"""The queue of the Studio under the load of a large project: how long a lease takes, and that none goes beyond overlap.

    python -m bench.lease [--people 200] [--items 20000] [--overlap 5] [--seconds 60] [--postgresql URL]

Every labeller asks for work every two seconds, ranks it at once and asks again. Each has a thread, as in a server; the
database is a file (SQLite, synchronous=FULL) or a server. Printed are the percentiles of `lease` and of `submit` as the
labeller waits for them (queueing included), and the counts that must hold.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select, text

from trivium.human.desk import assignment, batches, guidelines, pool, projects, ranking
from trivium.human.desk.actor import Actor
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.ranking import Order
from trivium.human.desk.settings import ProjectSettings
from trivium.human.rubrics import GENERAL
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare
from trivium.human.store.people import Person
from trivium.human.store.work import Assignment, Item, Judgement
from trivium.records import Prompt

PAUSE_SECONDS = 2.0
ABILITIES = ("helpful", "honest", "harmless")


@dataclass
class Times:
    """Seconds that each call took, by kind."""

    lease: list[float] = field(default_factory=list)
    submit: list[float] = field(default_factory=list)
    late: int = 0


def fill(database: Database, num_people: int, num_items: int, overlap: int) -> tuple[str, list[Actor]]:
    """Make a comparison project with so many items that wait for labellers."""
    with database.write() as db:
        keeper = _person(db, "lead", keeper=True)
        project = projects.create(db, keeper, "load", "Load", "comparison", ProjectSettings(overlap=overlap))
        drafted = guidelines.draft(db, keeper, project.id, "# Rank", rubric=GENERAL.model_dump(mode="json"))
        guidelines.publish(db, keeper, project.id, drafted.id)
        people = [_person(db, f"labeller{number}") for number in range(num_people)]
        for actor in people:
            projects.add_member(
                db, keeper.person_id, project.id, actor.person_id, party="internal", role="labeller"
            )
            guidelines.acknowledge(db, actor, project.id, drafted.id)
    with database.write() as db:
        rows = [
            NewPrompt(Prompt.of(f"Question {n}?", origin="dataset", source="load"), cluster_id=f"own {n}")
            for n in range(num_items)
        ]
        ids = pool.take_in(db, project.id, rows).ids
        batch = batches.open_batch(db, keeper, project.id)
        items = batches.add_prompts(db, keeper, batch.id, ids)
        replies = {item: [NewReply(f"{n}.{k}", model_ref="m") for k in range(4)] for n, item in enumerate(items)}
        batches.put_replies(db, batch.id, replies)
        batches.start(db, keeper, batch.id)
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    return project.id, people


def _person(db, name: str, *, keeper: bool = False) -> Actor:  # type: ignore[no-untyped-def]
    row = Person(email=f"{name}@example.org", pseudonym=f"{name}-00", keeper=keeper)
    db.add(row)
    db.flush()
    return Actor(row.id, row.pseudonym, keeper)


def labeller(database: Database, project_id: str, actor: Actor, until: float, times: Times) -> None:
    """Ask for work every two seconds until the time is over; rank what was given before the last pause ends."""
    rng = random.Random(actor.person_id)
    due = time.perf_counter() + rng.random() * PAUSE_SECONDS
    while due < until:
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        else:
            times.late += wait < -PAUSE_SECONDS
        began = time.perf_counter()
        work = database.run(lambda db: assignment.lease(db, actor, project_id))
        times.lease.append(time.perf_counter() - began)
        due += PAUSE_SECONDS
        if work is None:
            return
        time.sleep(rng.random() * 0.5)
        digits = [int(reply.rpartition(".")[2]) + 1 for reply in work.replies]
        order = Order(digits, marks={axis: [3.0] * len(digits) for axis in ABILITIES})
        began = time.perf_counter()
        database.run(lambda db, work=work, order=order: ranking.submit(db, actor, work.assignment_id, order))  # type: ignore[misc]
        times.submit.append(time.perf_counter() - began)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the maximum in milliseconds."""
    if not seconds:
        return {}
    rows = sorted(seconds)
    at = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(1000 * rows[min(len(rows) - 1, int(share * len(rows)))], 1) for name, share in at.items()}


def counts(database: Database) -> dict[str, int]:
    """Return what must hold: no item beyond its overlap, counters equal to rows, every ranking kept."""
    with database.read() as db:
        rows = db.execute(
            select(Assignment.item_id, func.count().label("n"))
            .where(Assignment.state.in_(("leased", "submitted")))
            .group_by(Assignment.item_id)
        ).all()
        taken = {row.item_id: row.n for row in rows}
        items = db.execute(select(Item.id, Item.taken, Item.wanted, Item.state)).all()
        return {
            "beyond overlap": sum(1 for item in items if item.state == "labelling" and item.taken > item.wanted),
            "counter wrong": sum(
                1 for item in items if item.state == "labelling" and taken.get(item.id, 0) != item.taken
            ),
            "judgements": db.scalar(select(func.count()).select_from(Judgement)) or 0,
            "submitted": db.scalar(select(func.count()).where(Assignment.state == "submitted")) or 0,
        }


def measure(database: Database, num_people: int, num_items: int, overlap: int, seconds: float) -> dict[str, object]:
    """Fill the database, let everybody work for a while, and return the table."""
    prepare(database)
    project_id, people = fill(database, num_people, num_items, overlap)
    everybody = [Times() for _ in people]
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=labeller, args=(database, project_id, actor, until, times))
        for actor, times in zip(people, everybody, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    leases = [one for times in everybody for one in times.lease]
    submits = [one for times in everybody for one in times.submit]
    return {
        "people": num_people, "items": num_items, "overlap": overlap, "leases": len(leases),
        "leases a second": round(len(leases) / seconds, 1), "lease ms": percentiles(leases),
        "submit ms": percentiles(submits), "asked late": sum(times.late for times in everybody), **counts(database),
    }  # fmt: skip


def main() -> None:
    """Measure SQLite, or the server whose URL is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--overlap", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--postgresql", default="", help="URL of an empty database; without it SQLite is measured")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(given.postgresql or str(Path(folder) / "load.db"))
        table = measure(database, given.people, given.items, given.overlap, given.seconds)
        print(json.dumps({"database": "PostgreSQL" if given.postgresql else "SQLite", **table}, indent=1))
        database.close()


if __name__ == "__main__":
    main()
