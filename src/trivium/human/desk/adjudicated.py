"""A lead's order on a contested item to one more ranking of its replies, which breaks the tie that people left."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.work import latest_replies
from trivium.human.rubrics import competition_ranks
from trivium.human.store.people import Person
from trivium.human.store.work import Item, Judgement
from trivium.human.submission import Submission

CHUNK = 500


def orders_of(db: Session, item_ids: Sequence[str]) -> dict[str, Submission]:
    """Return item id → the lead's order of its present round, for the items that have one."""
    found: dict[str, Submission] = {}
    for start in range(0, len(item_ids), CHUNK):
        rows = db.execute(
            select(Judgement, Person.pseudonym)
            .join(Person, Person.id == Judgement.person_id)
            .join(Item, Item.id == Judgement.item_id)
            .where(Judgement.item_id.in_(item_ids[start : start + CHUNK]), Judgement.step == "adjudicate")
            .where(Judgement.round == Item.round)
            .order_by(Judgement.created_at)
        )
        for row, name in rows:
            if "order" in row.body:
                found[row.item_id] = order_as_submission(db, row.item_id, name, row.body["order"])
    return found


def order_as_submission(db: Session, item_id: str, pseudonym: str, order: Sequence[int]) -> Submission:
    """Return an order over slots as a submission."""
    replies = tuple(reply.content for reply in latest_replies(db, item_id))
    return Submission(item=item_id, person=pseudonym, replies=replies, ranks=competition_ranks(order))
