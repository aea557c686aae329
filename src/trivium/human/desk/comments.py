"""Remarks on a passage of an item: between its reviewers, its leads and the person who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, Standing, stand
from trivium.human.desk.errors import Invalid, NotAllowed, Unknown
from trivium.human.store.columns import now
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Person
from trivium.human.store.work import Comment, Item


def add(db: Session, actor: Actor, item_id: str, body: str, anchor: Mapping[str, Any] | None = None) -> Comment:
    """Write a remark; `anchor` says on which passage (`round`, `start`, `end`)."""
    item, _ = _may(db, actor, item_id)
    if not body.strip() or len(body) > 10_000:
        raise Invalid({"body": "a remark has 1 to 10,000 characters"})
    row = Comment(item_id=item_id, person_id=actor.person_id, body=body.strip(), anchor=dict(anchor or {}))
    db.add(row)
    db.flush()
    note_in(db, item.project_id, actor.person_id, "comment.added", f"item:{item_id}", comment=row.id)
    return row


def on(db: Session, actor: Actor, item_id: str) -> list[tuple[Comment, str]]:
    """Return an item's remarks with their writers' pseudonyms, oldest first."""
    _may(db, actor, item_id)
    rows = db.execute(
        select(Comment, Person.pseudonym)
        .join(Person, Person.id == Comment.person_id)
        .where(Comment.item_id == item_id)
        .order_by(Comment.created_at)
    )
    return [(row[0], row[1]) for row in rows]


def resolve(db: Session, actor: Actor, comment_id: str) -> None:
    """Mark a remark as dealt with."""
    row = db.get(Comment, comment_id)
    if row is None:
        raise Unknown("there is no such remark")
    item, _ = _may(db, actor, row.item_id)
    row.resolved_at = now()
    note_in(db, item.project_id, actor.person_id, "comment.resolved", f"item:{item.id}", comment=row.id)


def _may(db: Session, actor: Actor, item_id: str) -> tuple[Item, Standing]:
    """Return the item if the actor reviews it, leads it, or wrote it; never to labellers, who are blind."""
    item = db.get(Item, item_id)
    if item is None:
        raise Unknown("there is no such item")
    standing = stand(db, actor, item.project_id)
    reviews = standing.can("review_internal") or standing.can("review_client") or standing.can("manage")
    if not reviews and item.author_id != actor.person_id:
        raise NotAllowed("only an item's reviewers, leads and writer remark on it")
    return item, standing
