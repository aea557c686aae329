"""A labeller's order, scores and flags, in the order the replies were shown, to marks on the item's replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.aggregates import close_item
from trivium.human.desk.errors import Invalid
from trivium.human.desk.guidelines import terms_of
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.sending import ONE_MORE, SENT_IN, Sending, admitted, locked, sent, told
from trivium.human.rubrics import Rubric, competition_ranks, problems
from trivium.human.store.at_once import AtOnce, Rows
from trivium.human.store.columns import Json, UtcTime, new_id
from trivium.human.store.work import Item

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


def submit(
    db: Session, actor: Actor, assignment_id: str, order: Order | Callable[[Rubric, int], Order]
) -> Receipt:
    """Keep the order and marks (I6: every reply once). Sent twice, it counts once and gives the same receipt.

    A page that must know the rubric and the number of replies before it can read what was sent gives a function.
    """
    row = locked(db, actor, assignment_id)
    before = receipt_of(db, actor, assignment_id) if row.state in ("submitted", "returned") else None
    if before is not None:
        return before
    sending = admitted(db, actor, row, "label")
    rubric = terms_of(db, sending.guideline_id).rubric
    if rubric is None:
        raise Invalid({"rubric": "the guideline of this batch has no rubric, so nothing can be ranked under it"})
    if not isinstance(order, Order):
        order = order(rubric, len(sending.order))
    ranks = None if order.digits is None else competition_ranks(order.digits)
    wrong = problems(rubric, len(sending.order), ranks, order.marks, order.words)
    if wrong:
        raise Invalid({f"answer.{number}": sentence for number, sentence in enumerate(wrong)})
    receipt = _write(db, sending, rubric, order)
    told(db, sending)
    if sending.is_last:
        close_item(db, db.get_one(Item, sending.item_id), sending.kind, sending.settings)
    return receipt


_COLUMNS = ("id", "created_at", "project_id", "assignment_id", "item_id", "person_id", "step", "round", "guideline_id",
            "reasons", "note", "none_acceptable", "body", "seconds")  # fmt: skip
_VALUES = {"created_at": "at", "assignment_id": "hold_id"}
_JUDGED = (
    f"INSERT INTO judgement ({', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(':' + _VALUES.get(name, name) for name in _COLUMNS)})"
)
_TYPES = {"at": UtcTime(), "reasons": Json, "body": Json, "none_acceptable": Boolean()}


_MARKS = Rows(
    "mark", {"id": "varchar", "response_id": "varchar", "axis": "varchar", "value": "float"}, {"judgement_id": "id"}
)
_KEEP = AtOnce(_JUDGED, _MARKS, SENT_IN, ONE_MORE, types=_TYPES)


def _write(db: Session, sending: Sending, rubric: Rubric, order: Order) -> Receipt:
    """Append the judgement and its marks, and mark the hold as sent in."""
    rows = list(_marks([sending.replies[slot] for slot in sending.order], order, rubric))
    given = {
        **sent(sending, order.seconds), "id": new_id(), "project_id": sending.project_id, "step": sending.step,
        "person_id": sending.seat.actor.person_id, "round": sending.round, "guideline_id": sending.guideline_id,
        "reasons": [], "note": order.note.strip()[:10_000], "none_acceptable": order.none_acceptable,
        "seconds": max(order.seconds, sending.active_seconds),
        "body": {"words": {key: text for key, text in order.words.items() if text.strip()}} if order.words else {},
        **{_MARKS.name(column): [row[column] for row in rows] for column in _MARKS.columns},
    }  # fmt: skip
    _KEEP.run(db.connection(), given)
    return Receipt(given["id"], sending.item_id, given["at"])


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
