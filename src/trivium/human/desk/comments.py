"""A remark on an item to a thread that its reviewers and leads see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.errors import Invalid, NotAllowed, Unknown
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Person
from trivium.human.store.work import Comment, Item

MOST_CHARACTERS = 4_000


@dataclass(frozen=True)
class Remark:
    """One comment as it is shown."""

    who: str
    body: str
    at: datetime


def _item(db: Session, actor: Actor, item_id: str) -> Item:
    item = db.get(Item, item_id)
    if item is None:
        raise Unknown("there is no such item")
    standing = stand(db, actor, item.project_id)
    if not any(standing.can(one) for one in ("manage", "review_internal", "review_client", "see_quality")):  # type: ignore[arg-type]
        raise NotAllowed("only reviewers and leads talk about an item")
    return item


def add(db: Session, actor: Actor, item_id: str, body: str) -> None:
    """Say something about an item."""
    item = _item(db, actor, item_id)
    if not body.strip() or len(body) > MOST_CHARACTERS:
        raise Invalid({"body": f"write something, at most {MOST_CHARACTERS:,} characters"})
    db.add(Comment(item_id=item.id, person_id=actor.person_id, body=body.strip()))
    db.flush()
    note_in(db, item.project_id, actor.person_id, "item.commented", f"item:{item.id}")


def of_item(db: Session, actor: Actor, item_id: str) -> list[Remark]:
    """Return what was said about an item, oldest first."""
    item = _item(db, actor, item_id)
    rows = db.execute(
        select(Comment, Person.pseudonym)
        .join(Person, Person.id == Comment.person_id)
        .where(Comment.item_id == item.id)
        .order_by(Comment.created_at)
    )
    return [Remark(name, row.body, row.created_at) for row, name in rows]
