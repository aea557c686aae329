"""The chain of events to a page of what happened, and to a verdict on whether anybody changed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, keep, stand
from trivium.human.store.journal import Chain, Event
from trivium.human.store.journal_write import HOUSE, event_hash
from trivium.human.store.people import Person

PAGE = 100
AT_ONCE = 1_000
"""Events that are hashed anew out of one question."""
NOTHING = "0" * 64
"""The hash before the first event."""


@dataclass(frozen=True)
class EventRow:
    """One event as leads read it."""

    seq: int
    at: datetime
    by: str
    """A pseudonym, or `studio`."""
    action: str
    target: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Verified:
    """Whether a chain holds: every event hashed over the one before, none missing, the head as it was left."""

    whole: bool
    num_events: int
    broken_at: int | None
    why: str


def events(
    db: Session, actor: Actor, project_id: str | None, *, before: int | None = None, target: str | None = None
) -> list[EventRow]:
    """Return a page of a project's events, or of the house's, newest first; `before` is the seq to go on from."""
    if project_id is None:
        keep(actor)
    else:
        stand(db, actor, project_id, "see_audit")
    query = (
        select(Event, Person.pseudonym)
        .join(Person, Person.id == Event.actor, isouter=True)
        .where(Event.scope == (project_id or HOUSE))
        .order_by(Event.seq.desc())
        .limit(PAGE)
    )
    if before is not None:
        query = query.where(Event.seq < before)
    if target is not None:
        query = query.where(Event.target == target)
    return [EventRow(e.seq, e.created_at, name or e.actor, e.action, e.target, e.detail, e.hash) for e, name
            in db.execute(query)]  # fmt: skip


def verify(db: Session, actor: Actor, project_id: str | None) -> Verified:
    """Hash a chain anew from its first event to its head."""
    if project_id is None:
        keep(actor)
    else:
        stand(db, actor, project_id, "see_audit")
    scope = project_id or HOUSE
    longest = db.scalar(select(func.max(Event.seq)).where(Event.scope == scope)) or 0
    head = db.scalar(select(Chain).where(Chain.scope == scope).execution_options(populate_existing=True))
    length, last = (head.seq, head.hash) if head else (0, NOTHING)
    if longest > length:
        return Verified(False, length, longest, f"the chain ends at {longest}, its head says {length}")
    return check(_upto(db, scope, length), length, last)


def _upto(db: Session, scope: str, length: int) -> Iterator[Event]:
    """Yield a chain's events in order, a thousand at a time; what is added meanwhile is left out."""
    for seq in range(0, length, AT_ONCE):
        part = select(Event).where(Event.scope == scope, Event.seq > seq, Event.seq <= min(seq + AT_ONCE, length))
        yield from db.scalars(part.order_by(Event.seq))


def check(rows: Iterable[Event], length: int, last: str, start: tuple[int, str] = (0, NOTHING)) -> Verified:
    """Hash events anew in order, and compare the end with the head that was kept apart. `start`: how many events were
    checked before, and the last one's hash.
    """
    seq, previous = start
    for row in rows:
        seq += 1
        body = {"scope": row.scope, "seq": row.seq, "at": row.created_at.isoformat(timespec="microseconds"),
                "actor": row.actor, "action": row.action, "target": row.target, "detail": row.detail}  # fmt: skip
        if row.seq != seq:
            return Verified(False, seq - 1, seq, f"event {seq} is missing")
        if row.prev_hash != previous or row.hash != event_hash(previous, body):
            return Verified(False, seq - 1, seq, f"event {seq} is not what was hashed")
        previous = row.hash
    if (seq, previous) != (length, last):
        return Verified(False, seq, seq + 1, f"the chain ends at {seq}, its head says {length}")
    return Verified(True, seq, None, "")
