"""A hold and what its holder sends in to an item that is one answer further: the checks before it, the marks after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, Seat, stand
from trivium.human.desk.assignment import steps_of
from trivium.human.desk.errors import Conflict, NotAllowed, Unknown
from trivium.human.desk.guidelines import must_be_read
from trivium.human.desk.offer import hand_at
from trivium.human.desk.settings import ProjectSettings
from trivium.human.desk.work import newest, reply_ids_at
from trivium.human.states import ASSIGNMENT, Kind, Step, transition
from trivium.human.store.at_once import AtOnce
from trivium.human.store.columns import UtcTime, core, now
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Membership
from trivium.human.store.projects import Ack, Project
from trivium.human.store.work import Assignment, Batch, Item

_HOLDS, _ITEMS, _PROJECTS, _BATCHES = core(Assignment), core(Item), core(Project), core(Batch)
_MEMBERS, _ACKS = core(Membership), core(Ack)


@dataclass(frozen=True)
class Sending:
    """A hold that may be sent in, locked with its item, and all that the answer is judged by."""

    seat: Seat
    hold_id: str
    item_id: str
    project_id: str
    step: Step
    round: int
    order: list[int]
    """Slots in the order they were shown."""
    replies: dict[int, str]
    """Slot → id of the newest reply."""
    active_seconds: float
    kind: Kind
    settings: ProjectSettings
    guideline_id: str
    is_last: bool
    """Whether everybody who was wanted will have answered."""


_LOCKED = (
    select(
        _HOLDS.c.id.label("hold_id"), _HOLDS.c.item_id, _HOLDS.c.project_id, _HOLDS.c.step, _HOLDS.c.round,
        _HOLDS.c.state, _HOLDS.c.order, _HOLDS.c.active_seconds,
        _ITEMS.c.step.label("item_step"), _ITEMS.c.round.label("item_round"), _ITEMS.c.taken, _ITEMS.c.wanted,
        _ITEMS.c.done, _PROJECTS.c.kind, _PROJECTS.c.settings, _BATCHES.c.guideline_id,
        _MEMBERS.c.party, _MEMBERS.c.role, _ACKS.c.at.label("accepted_on"),
        reply_ids_at(_HOLDS.c.item_id).label("replies"),
    )
    .join_from(_HOLDS, _ITEMS, _ITEMS.c.id == _HOLDS.c.item_id)
    .join(_PROJECTS, _PROJECTS.c.id == _HOLDS.c.project_id)
    .join(_BATCHES, _BATCHES.c.id == _ITEMS.c.batch_id)
    .join(_MEMBERS, and_(_MEMBERS.c.project_id == _HOLDS.c.project_id, _MEMBERS.c.person_id == _HOLDS.c.person_id,
                         _MEMBERS.c.ended_at.is_(None)), isouter=True)
    .join(_ACKS, and_(_ACKS.c.person_id == _HOLDS.c.person_id, _ACKS.c.guideline_id == _BATCHES.c.guideline_id),
          isouter=True)
    .where(_HOLDS.c.id == bindparam("assignment"), _HOLDS.c.person_id == bindparam("me"))
    .with_for_update(of=(_HOLDS, _ITEMS), key_share=True)
)  # fmt: skip


def locked(db: Session, actor: Actor, assignment_id: str) -> Any:
    """Return an assignment of the actor's and its item, both locked, with all that decides whether it may be sent in;
    of anybody else's nothing is said.
    """
    db.flush()
    given = {"assignment": assignment_id, "me": actor.person_id}
    row: Any = db.connection().execute(_LOCKED, given).one_or_none()
    if row is None or actor.only_project not in (None, row.project_id):
        raise Unknown("there is no such work of yours")
    return row


def admitted(db: Session, actor: Actor, row: Any, step: Step) -> Sending:
    """Check that what is `locked` may be sent in: still held (or free again), right step, guideline read (I4).

    A hold that ran out is taken up again where the item still waits for somebody; else it is a Conflict, and the draft
    stays.
    """
    if row.step != step:
        raise Conflict(f"this is work to {row.step.replace('_', ' ')}", do="open it on its own page")
    if row.role is None:
        stand(db, actor, row.project_id)  # which says what is to be said to who left
    settings = ProjectSettings.model_validate(row.settings)
    seat = Seat(actor, row.party, row.role, settings.qa_party)
    if step not in steps_of(seat):
        raise NotAllowed(f"you may not {step.replace('_', ' ')} here any more")
    waits = row.item_step == step and row.item_round == row.round
    if row.state in ("expired", "released"):
        if not waits or row.taken >= row.wanted:
            raise Conflict(
                "your hold ran out and enough others have it now", do="take the next one; your draft is kept"
            )
        again = transition(ASSIGNMENT, row.state, "lease", hand_at(step))
        db.execute(update(Assignment).where(Assignment.id == row.hold_id).values(state=again))
        db.execute(update(Item).where(Item.id == row.item_id).values(taken=Item.taken + 1))
    elif row.state != "leased" or not waits:
        raise Conflict(f"this work is {row.state} already", do="open the next one")
    if step != "adjudicate" and row.accepted_on is None:
        must_be_read(db, actor, row.guideline_id)
    return Sending(
        seat, row.hold_id, row.item_id, row.project_id, step, row.round, row.order, newest(row.replies),
        row.active_seconds, row.kind, settings, row.guideline_id, row.done + 1 == row.wanted,
    )  # fmt: skip


SENT_IN = (
    "UPDATE assignment SET state = :state, finished_at = :at, draft = '{}', active_seconds = :active_seconds "
    "WHERE id = :hold_id"
)
ONE_MORE = "UPDATE item SET done = done + 1 WHERE id = :item_id"
_SENT = AtOnce(SENT_IN, ONE_MORE, types={"at": UtcTime()})


def sent(sending: Sending, seconds: float) -> dict[str, Any]:
    """Return the values of `SENT_IN` and `ONE_MORE`."""
    return {
        "hold_id": sending.hold_id, "item_id": sending.item_id, "at": now(),
        "state": transition(ASSIGNMENT, "leased", "submit", hand_at(sending.step)),
        "active_seconds": max(sending.active_seconds, min(max(seconds, 0.0), 24 * 3600.0)),
    }  # fmt: skip


def told(db: Session, sending: Sending) -> None:
    """Note that it was sent in. What the session knows of the two rows from before is forgotten."""
    for key in (db.identity_key(Assignment, sending.hold_id), db.identity_key(Item, sending.item_id)):
        known = db.identity_map.get(key)
        if known is not None:
            db.expire(known)
    note_in(db, sending.project_id, sending.seat.actor.person_id, f"{sending.step}.submitted",
            f"item:{sending.item_id}", assignment=sending.hold_id, round=sending.round)  # fmt: skip


def begin_submit(db: Session, actor: Actor, assignment_id: str, step: Step) -> tuple[Sending, Item]:
    """Lock a hold and its item for sending in, and check that it may be sent; the item comes as a row to change."""
    sending = admitted(db, actor, locked(db, actor, assignment_id), step)
    return sending, db.get_one(Item, sending.item_id, populate_existing=True)


def end_submit(db: Session, sending: Sending, item: Item, seconds: float) -> None:
    """Mark the hold as sent in; `item` stays as it is in the session, one answer further."""
    db.flush()
    _SENT.run(db.connection(), sent(sending, seconds))
    told(db, sending)
    db.refresh(item)
