"""A submission that may come twice to one receipt: a lost answer is asked for again, and nothing counts double."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.store.work import Assignment, Judgement


@dataclass(frozen=True)
class Receipt:
    """That a submission is kept: its id, the item and when."""

    judgement_id: str
    item_id: str
    at: datetime


_SENT = (
    select(Judgement.id, Judgement.item_id, Judgement.created_at)
    .join(Assignment, Assignment.id == Judgement.assignment_id)
    .where(Judgement.assignment_id == bindparam("assignment"), Assignment.person_id == bindparam("me"))
    .where(Assignment.state.in_(("submitted", "returned")))
    .order_by(Judgement.created_at.desc())
    .limit(1)
)


def receipt_of(db: Session, actor: Actor, assignment_id: str) -> Receipt | None:
    """Return the receipt of what the actor sent in on this assignment before, or None."""
    row = db.execute(_SENT, {"assignment": assignment_id, "me": actor.person_id}).one_or_none()
    return Receipt(row.id, row.item_id, row.created_at) if row else None
