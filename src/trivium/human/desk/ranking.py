"""A labeller's order, scores and flags, in the order the replies were shown, to marks on the item's replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.aggregates import close_item
from trivium.human.desk.assignment import begin_submit, end_submit
from trivium.human.desk.errors import Invalid
from trivium.human.desk.guidelines import rubric_of
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.settings import settings_of
from trivium.human.desk.work import latest_replies
from trivium.human.rubrics import Rubric, competition_ranks, problems
from trivium.human.store.columns import new_id
from trivium.human.store.projects import Guideline
from trivium.human.store.work import Assignment, Batch, Item, Judgement, Mark, Reply

RANK = "rank"
FLAG = "flag:"


@dataclass(frozen=True)
class Order:
    """What a labeller sends in; every sequence runs over the replies as shown to them."""

    digits: Sequence[int] | None
    """As pressed: the smallest is best, equal ones tie. None where the rubric asks no order."""
    marks: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    """Axis → one number a reply, or one in all where the axis is about the item; flags are 0 or 1."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Axis → text."""
    none_acceptable: bool = False
    note: str = ""
    seconds: float = 0.0


def submit(db: Session, actor: Actor, assignment_id: str, order: Order) -> Receipt:
    """Keep the order and marks (I6: every reply once). Sent twice, it counts once and gives the same receipt."""
    sent = receipt_of(db, actor, assignment_id)
    if sent is not None:
        return sent
    hold, item, standing = begin_submit(db, actor, assignment_id, "label")
    batch = db.get_one(Batch, item.batch_id)
    rubric = rubric_of(db.get_one(Guideline, batch.guideline_id))
    if rubric is None:
        raise Invalid({"rubric": "the guideline of this batch has no rubric, so nothing can be ranked under it"})
    ranks = None if order.digits is None else competition_ranks(order.digits)
    wrong = problems(rubric, len(hold.order), ranks, order.marks, order.words)
    if wrong:
        raise Invalid({f"answer.{number}": sentence for number, sentence in enumerate(wrong)})
    judgement = write_marks(db, hold, item, batch, order)
    end_submit(db, hold, item, standing, order.seconds)
    if item.done == item.wanted:
        close_item(db, item, settings_of(standing.project))
    return Receipt(judgement.id, item.id, judgement.created_at)


def write_marks(db: Session, hold: Assignment, item: Item, batch: Batch, order: Order) -> Judgement:
    """Append the judgement and its marks."""
    rubric = rubric_of(db.get_one(Guideline, batch.guideline_id))
    assert rubric is not None
    replies = {row.slot: row for row in latest_replies(db, item.id)}
    judgement = Judgement(
        id=new_id(), project_id=item.project_id, assignment_id=hold.id, item_id=item.id, person_id=hold.person_id,
        step=hold.step, round=hold.round, guideline_id=batch.guideline_id, note=order.note.strip()[:10_000],
        none_acceptable=order.none_acceptable, seconds=max(order.seconds, hold.active_seconds),
        body={"words": {key: text for key, text in order.words.items() if text.strip()}} if order.words else {},
    )  # fmt: skip
    db.add(judgement)
    db.flush()
    shown = [replies[slot] for slot in hold.order]
    rows = list(_marks(judgement.id, shown, order, rubric))
    if rows:
        db.execute(insert(Mark), rows)
    return judgement


def _marks(judgement_id: str, shown: Sequence[Reply], order: Order, rubric: Rubric) -> list[dict[str, Any]]:
    rows: list[tuple[str | None, str, float]] = []
    if order.digits is not None:
        ranks = competition_ranks(order.digits)
        rows += [(reply.id, RANK, float(rank)) for reply, rank in zip(shown, ranks, strict=True)]
    for key, values in order.marks.items():
        axis = rubric.axis(key)
        name = FLAG + key if axis.kind == "flag" else key
        about: Sequence[str | None] = [reply.id for reply in shown] if axis.subject == "reply" else [None]
        for reply_id, value in zip(about, values, strict=True):
            if value is not None and not (axis.kind == "flag" and value == 0):
                rows.append((reply_id, name, float(value)))
    return [
        {"id": new_id(), "judgement_id": judgement_id, "response_id": reply_id, "axis": axis_name, "value": value}
        for reply_id, axis_name, value in rows
    ]
