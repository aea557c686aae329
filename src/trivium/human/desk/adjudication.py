"""A contested item and all that was said about it to a lead's decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.adjudicated import order_as_submission
from trivium.human.desk.aggregates import compute
from trivium.human.desk.assignment import own
from trivium.human.desk.errors import Conflict, Invalid
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.rounds import move, rest, settle
from trivium.human.desk.sending import begin_submit, end_submit
from trivium.human.desk.settings import ProjectSettings
from trivium.human.desk.submissions import of_items
from trivium.human.desk.work import latest_replies
from trivium.human.store.people import Person
from trivium.human.store.projects import PoolPrompt
from trivium.human.store.work import AggregateRow, Item, Judgement
from trivium.human.submission import Submission
from trivium.records import Message

Decision = Literal["winner", "no_pair"]


@dataclass(frozen=True)
class Contested:
    """A contested item as leads see it: the replies by slot, and who said what, by pseudonym."""

    item_id: str
    messages: tuple[Message, ...]
    replies: tuple[str, ...]
    submissions: tuple[Submission, ...]
    notes: Mapping[str, str]
    """Pseudonym → note."""
    aggregate: dict[str, Any]


def look(db: Session, actor: Actor, assignment_id: str) -> Contested:
    """Return what a lead who holds the item decides on."""
    hold = own(db, actor, assignment_id, lock=False)
    if hold.step != "adjudicate":
        raise Conflict("this is no work to adjudicate")
    stand(db, actor, hold.project_id, "adjudicate")
    item = db.get_one(Item, hold.item_id)
    prompt = db.get(PoolPrompt, item.prompt_id) if item.prompt_id else None
    found = db.scalar(
        select(AggregateRow.result).where(AggregateRow.item_id == item.id, AggregateRow.round == item.round)
    )
    submissions = tuple(of_items(db, [item.id]))
    people = dict(
        db.execute(
            select(Judgement.person_id, Judgement.note).where(
                Judgement.item_id == item.id, Judgement.step == "label", Judgement.round == item.round
            )
        ).all()
    )
    names = _pseudonyms(db, list(people))
    return Contested(
        item.id, tuple(Message(**one) for one in prompt.messages) if prompt else (),
        tuple(reply.content for reply in latest_replies(db, item.id)), submissions,
        {names[person]: text for person, text in people.items() if text}, found or {},
    )  # fmt: skip


def decide(
    db: Session, actor: Actor, assignment_id: str, decision: Decision, *, order: Sequence[int] | None = None,
    note: str = "",
) -> Receipt:  # fmt: skip
    """Settle a contested item: `winner` with an order of the slots (1 best), which counts as one more ranking and must
    leave one winner, or `no_pair`: the rankings are delivered, but no winner and loser.
    """
    sent = receipt_of(db, actor, assignment_id)
    if sent is not None:
        return sent
    sending, item = begin_submit(db, actor, assignment_id, "adjudicate")
    if not note.strip():
        raise Invalid({"note": "say why, for those who ranked it"})
    body: dict[str, Any] = {"decision": decision}
    if decision == "winner":
        num_replies = len(latest_replies(db, item.id))
        if order is None or len(order) != num_replies or list(order).count(min(order)) != 1:
            raise Invalid({"order": f"wanted a rank for each of {num_replies} replies with one best"})
        if min(order) == max(order):
            raise Invalid({"order": "a pair needs a better and a worse reply"})
        body["order"] = [int(rank) for rank in order]
        _must_settle(db, item, actor, sending.settings, body["order"])
    judgement = Judgement(
        project_id=item.project_id, assignment_id=sending.hold_id, item_id=item.id, person_id=actor.person_id,
        step="adjudicate", round=item.round, guideline_id=sending.guideline_id, note=note.strip()[:10_000], body=body,
    )  # fmt: skip
    db.add(judgement)
    end_submit(db, sending, item, 0.0)
    if decision == "winner":
        move(db, item, "adjudicate", "lead")
    rest(item)
    db.flush()
    settle(db, item.batch_id)
    return Receipt(judgement.id, item.id, judgement.created_at)


def _must_settle(db: Session, item: Item, actor: Actor, settings: ProjectSettings, order: Sequence[int]) -> None:
    lead = order_as_submission(db, item.id, actor.pseudonym, order)
    found = compute(db, item, settings, lead)
    if found is not None and found.contested is not None:
        raise Invalid({"order": f"with this order it is still contested: {found.contested}; choose “no pair”"})


def decision_of(db: Session, item_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return item id → the newest decision on it."""
    rows = db.execute(
        select(Judgement.item_id, Judgement.body)
        .where(Judgement.item_id.in_(item_ids), Judgement.step == "adjudicate")
        .order_by(Judgement.created_at)
    )
    return {row.item_id: row.body for row in rows}


def contested(db: Session, actor: Actor, project_id: str) -> list[tuple[str, str, str]]:
    """Return (item id, prompt, why) of what waits for a lead."""
    stand(db, actor, project_id, "adjudicate")
    rows = db.execute(
        select(Item.id, PoolPrompt.search_text, AggregateRow.result)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id)
        .join(AggregateRow, (AggregateRow.item_id == Item.id) & (AggregateRow.round == Item.round), isouter=True)
        .where(Item.project_id == project_id, Item.step == "adjudicate")
        .order_by(Item.id)
    )
    return [(row[0], row[1], (row[2] or {}).get("contested") or "") for row in rows]


def _pseudonyms(db: Session, ids: list[str]) -> dict[str, str]:
    return dict(db.execute(select(Person.id, Person.pseudonym).where(Person.id.in_(ids))).all())
