"""A labeller's order, scores and flags, in the order the replies were shown, to marks on the item's replies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, insert, text
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.aggregates import close_item
from trivium.human.desk.assignment import begin_sending, end_submit, own
from trivium.human.desk.errors import Invalid
from trivium.human.desk.guidelines import terms_of
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.settings import settings_of
from trivium.human.desk.work import newest_replies
from trivium.human.rubrics import Rubric, competition_ranks, problems
from trivium.human.store.columns import core, new_id, now
from trivium.human.store.work import Assignment, Judgement

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
    held = own(db, actor, assignment_id)
    sent = receipt_of(db, actor, assignment_id) if held.state in ("submitted", "returned") else None
    if sent is not None:
        return sent
    hold, item, standing, guideline_id = begin_sending(db, actor, held, "label")
    rubric = terms_of(db, guideline_id).rubric
    if rubric is None:
        raise Invalid({"rubric": "the guideline of this batch has no rubric, so nothing can be ranked under it"})
    ranks = None if order.digits is None else competition_ranks(order.digits)
    wrong = problems(rubric, len(hold.order), ranks, order.marks, order.words)
    if wrong:
        raise Invalid({f"answer.{number}": sentence for number, sentence in enumerate(wrong)})
    receipt = _write(db, hold, guideline_id, rubric, order)
    end_submit(db, hold, item, standing, order.seconds)
    if item.done == item.wanted:
        close_item(db, item, settings_of(standing.project))
    return receipt


_JUDGED = insert(core(Judgement))


def _write(db: Session, hold: Assignment, guideline_id: str, rubric: Rubric, order: Order) -> Receipt:
    """Append the judgement and its marks."""
    replies = newest_replies(db, hold.item_id)
    receipt = Receipt(new_id(), hold.item_id, now())
    connection = db.connection()
    connection.execute(_JUDGED, {
        "id": receipt.judgement_id, "created_at": receipt.at, "project_id": hold.project_id, "assignment_id": hold.id,
        "item_id": hold.item_id, "person_id": hold.person_id, "step": hold.step, "round": hold.round,
        "guideline_id": guideline_id, "reasons": [], "note": order.note.strip()[:10_000],
        "none_acceptable": order.none_acceptable, "seconds": max(order.seconds, hold.active_seconds),
        "body": {"words": {key: text for key, text in order.words.items() if text.strip()}} if order.words else {},
    })  # fmt: skip
    rows = list(_marks([replies[slot] for slot in hold.order], order, rubric))
    if rows:
        values = {f"{name}{place}": value for place, row in enumerate(rows) for name, value in row.items()}
        connection.execute(_insert_marks(len(rows)), {**values, "judgement": receipt.judgement_id})
    return receipt


@lru_cache(maxsize=256)
def _insert_marks(number: int) -> TextClause:
    """Return the statement that adds so many marks of one judgement at once: a list of statements takes much longer."""
    rows = ", ".join(f"(:id{n}, :judgement, :response_id{n}, :axis{n}, :value{n})" for n in range(number))
    return text(f"INSERT INTO mark (id, judgement_id, response_id, axis, value) VALUES {rows}")


def _marks(shown: Sequence[str], order: Order, rubric: Rubric) -> list[dict[str, Any]]:
    rows: list[tuple[str | None, str, float]] = []
    if order.digits is not None:
        ranks = competition_ranks(order.digits)
        rows += [(reply, RANK, float(rank)) for reply, rank in zip(shown, ranks, strict=True)]
    for key, values in order.marks.items():
        axis = rubric.axis(key)
        name = FLAG + key if axis.kind == "flag" else key
        about: Sequence[str | None] = shown if axis.subject == "reply" else [None]
        for reply_id, value in zip(about, values, strict=True):
            if value is not None and not (axis.kind == "flag" and value == 0):
                rows.append((reply_id, name, float(value)))
    return [
        {"id": new_id(), "response_id": reply_id, "axis": axis_name, "value": value}
        for reply_id, axis_name, value in rows
    ]
