"""A step and who is free for it to the first item that waits for somebody like them, and to a hold on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, String, and_, bindparam, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from trivium.core.seed import derive, stream
from trivium.human.desk.actor import Seat
from trivium.human.desk.guidelines import must_be_read
from trivium.human.desk.settings import ProjectSettings
from trivium.human.desk.work import Hold, Seen, Work, newest, shown, texts_at, work_of
from trivium.human.states import ASSIGNMENT, Hand, Kind, Step, transition
from trivium.human.store.at_once import AtOnce
from trivium.human.store.columns import Json, UtcTime, new_id, now, spelled
from trivium.human.store.projects import Ack, PoolPrompt
from trivium.human.store.work import Assignment, Batch, Item, Reply

_COUNTED = ("leased", "submitted", "returned")


@dataclass(frozen=True)
class Free:
    """Somebody who is free for work in a project."""

    seat: Seat
    project_id: str
    kind: Kind
    settings: ProjectSettings

    @property
    def person_id(self) -> str:
        """Who."""
        return self.seat.actor.person_id


def fitting(
    me: str | BindParameter[str], step: Step | ColumnElement[Any], *, writes: bool
) -> list[ColumnElement[bool]]:
    """Return what makes an item one for this person at this step. `writes`: the step is to write."""
    own = aliased(Assignment)
    counted = or_(*(own.state == spelled(state) for state in _COUNTED))
    same = and_(own.step == step, own.round == Item.round, or_(counted, own.state == spelled("skipped")))
    other = and_(own.step != step, counted)
    fits: list[ColumnElement[bool]] = [
        or_(Item.reserved_for.is_(None), Item.reserved_for == me),
        ~exists().where(own.item_id == Item.id, own.person_id == me, or_(same, other)),
    ]
    if not writes:
        fits.append(or_(Item.author_id.is_(None), Item.author_id != me))
        fits.append(~exists().where(Reply.item_id == Item.id, Reply.author_id == me))
    return fits


@cache
def _next_item(step: Step, by_cell: bool, *, waiting: bool) -> Select[Any]:
    """Return the statement that finds and locks the first item for somebody, and brings along all that they will see.
    PostgreSQL passes over items that others have their hands on at this moment, or waits for them where `waiting`.

    Built once: to build it takes longer than to run it.
    """
    me, at = bindparam("me", type_=String), spelled(step)
    waits = (
        select(Item.id, Item.round, Item.state, Item.cell, Item.attrs, Item.batch_id, Item.prompt_id)
        .where(Item.project_id == bindparam("project"), Item.step == at, Item.taken < Item.wanted)
        .where(*fitting(me, at, writes=step == "write"))
        .order_by(Item.priority, Item.draw)
        .limit(spelled(1))
        .with_for_update(of=Item, skip_locked=not waiting, key_share=True)
    )
    if by_cell:
        waits = waits.where(Item.cell == bindparam("cell"))
    item, old = waits.subquery("first"), aliased(Assignment)
    return (
        select(
            item.c.id, item.c.round, item.c.state, item.c.cell, item.c.attrs, Batch.guideline_id, Batch.ordinal,
            Ack.at.label("accepted_on"), PoolPrompt.messages, PoolPrompt.language, old.id.label("old_id"),
            texts_at(item.c.id).label("texts"),
        )
        .join(Batch, Batch.id == item.c.batch_id)
        .join(PoolPrompt, PoolPrompt.id == item.c.prompt_id, isouter=True)
        .join(Ack, and_(Ack.guideline_id == Batch.guideline_id, Ack.person_id == me), isouter=True)
        .join(old, and_(old.item_id == item.c.id, old.person_id == me, old.step == at, old.round == item.c.round),
              isouter=True)
    )  # fmt: skip


_COLUMNS = ("id", "created_at", "project_id", "item_id", "person_id", "step", "round", "state", "lease_until", "order",
            "order_seed", "draft", "draft_rev", "active_seconds")  # fmt: skip
_MORE = "UPDATE item SET taken = taken + 1 WHERE id = :item_id"
_HOLD = (
    f"INSERT INTO assignment ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
).replace(" order,", ' "order",')
_TYPES = {"created_at": UtcTime(), "lease_until": UtcTime(), "order": Json, "draft": Json}
_TAKE, _TAKE_AGAIN = AtOnce(_MORE, _HOLD, types=_TYPES), AtOnce(_MORE, types={})


def take(db: Session, free: Free, step: Step, cell: str | None) -> Work | None:
    """Take the first item that waits for somebody like them."""
    given = {"me": free.person_id, "project": free.project_id, "cell": cell}
    if cell is None:
        del given["cell"]
    found = _found(db, step, given)
    if found is None:
        return None
    if step != "adjudicate" and found.accepted_on is None:
        must_be_read(db, free.seat.actor, found.guideline_id)
    if found.state == "rework":
        db.execute(update(Item).where(Item.id == found.id).values(state="writing"))
    if found.old_id is None:
        return _fresh(db, free, step, found)
    _TAKE_AGAIN.run(db.connection(), {"item_id": found.id})
    return work_of(db, _take_up(db, free.settings, found.old_id))


def _found(db: Session, step: Step, given: dict[str, Any]) -> Row[Any] | None:
    """Return the first item. One that is passed over, because another takes it now, may want this person too: nothing
    is left only where waiting finds nothing either. SQLite has one writer at a time and passes over none.
    """
    connection = db.connection()
    row = connection.execute(_next_item(step, "cell" in given, waiting=False), given).one_or_none()
    if row is None and connection.dialect.name == "postgresql":
        row = connection.execute(_next_item(step, "cell" in given, waiting=True), given).one_or_none()
    return row


def _fresh(db: Session, free: Free, step: Step, found: Row[Any]) -> Work:
    """Write a new hold on the item that was found, and return what its holder sees."""
    settings, texts = free.settings, newest(found.texts)
    seed = derive(settings.seed, "order", found.id, free.person_id, found.round) % 2**31
    order = list(texts)
    if step == "label":
        order = [order[int(place)] for place in stream(seed, "order").permutation(len(order))]
    at = now()
    hold = Hold(new_id(), step, found.round, at + timedelta(minutes=settings.lease_minutes), order)
    _TAKE.run(db.connection(), {
        "id": hold.id, "created_at": at, "project_id": free.project_id, "item_id": found.id,
        "person_id": free.person_id, "step": step, "round": hold.round, "state": hold.state,
        "lease_until": hold.lease_until, "order": order, "order_seed": seed, "draft": {}, "draft_rev": 0,
        "active_seconds": 0.0,
    })  # fmt: skip
    return shown(db, hold, Seen(
        texts, found.id, free.project_id, free.kind, found.ordinal, found.guideline_id, found.messages,
        found.language, found.cell, found.attrs, found.accepted_on,
    ))  # fmt: skip


def _take_up(db: Session, settings: ProjectSettings, assignment_id: str) -> Assignment:
    """Lease again what ran out or was set aside, with its draft unless that is too old."""
    old = db.get_one(Assignment, assignment_id, populate_existing=True)
    old.state = transition(ASSIGNMENT, old.state, "lease", hand_at(old.step))  # type: ignore[assignment]
    old.lease_until = now() + timedelta(minutes=settings.lease_minutes)
    if old.draft_at is None or old.draft_at < now() - timedelta(days=settings.draft_days):
        old.draft = {}
    db.flush()
    return old


def hand_at(step: Step) -> Hand:
    """Return the hand that works at a step."""
    hands: dict[Step, Hand] = {"write": "writer", "label": "labeller", "qa_internal": "internal_reviewer",
                               "qa_client": "client_reviewer", "adjudicate": "lead"}  # fmt: skip
    return hands[step]
