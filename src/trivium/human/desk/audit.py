"""The chain of events to a page of the log, and to a verdict on whether anything in it was changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.store.journal import Chain, Event
from trivium.human.store.journal_write import event_hash
from trivium.human.store.people import Person

PAGE = 100


@dataclass(frozen=True)
class Entry:
    """One event as leads see it."""

    seq: int
    at: datetime
    who: str
    action: str
    target: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Checked:
    """What reading the whole chain again found: how many events, and the first that does not fit, if any."""

    num_events: int
    broken_at: int | None
    head: str


def entries(db: Session, actor: Actor, project_id: str, *, before: int | None = None) -> list[Entry]:
    """Return a hundred events, newest first, from before a number."""
    stand(db, actor, project_id, "see_audit")
    query = (
        select(Event, Person.pseudonym)
        .join(Person, Person.id == Event.actor, isouter=True)
        .where(Event.scope == project_id)
        .order_by(Event.seq.desc())
        .limit(PAGE)
    )
    if before is not None:
        query = query.where(Event.seq < before)
    return [
        Entry(row.seq, row.created_at, name or "studio", row.action, row.target, dict(row.detail), row.hash)
        for row, name in db.execute(query)
    ]


def check(db: Session, actor: Actor, project_id: str) -> Checked:
    """Compute every hash of the project's chain again, and compare."""
    stand(db, actor, project_id, "see_audit")
    return check_scope(db, project_id)


def check_scope(db: Session, scope: str) -> Checked:
    """Compute every hash of a chain again; an event that was changed, left out or put in breaks it."""
    previous, seq = "0" * 64, 0
    for row in db.scalars(select(Event).where(Event.scope == scope).order_by(Event.seq)).yield_per(1_000):
        body = {"scope": scope, "seq": row.seq, "at": row.created_at.isoformat(timespec="microseconds"),
                "actor": row.actor, "action": row.action, "target": row.target, "detail": row.detail}  # fmt: skip
        seq += 1
        if row.seq != seq or row.prev_hash != previous or row.hash != event_hash(previous, body):
            return Checked(seq, row.seq, previous)
        previous = row.hash
    head = db.scalar(select(Chain.hash).where(Chain.scope == scope)) or "0" * 64
    return Checked(seq, None if head == previous else seq, previous)
