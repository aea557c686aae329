"""An assignment to what its holder sees, and nothing more: the one place where blindness (I3) is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, func, select
from sqlalchemy.orm import Session

from trivium.human.states import AssignmentState, Kind, Step
from trivium.human.store.columns import JsonRows, core
from trivium.human.store.people import Person
from trivium.human.store.projects import Ack, PoolPrompt, Project
from trivium.human.store.work import Assignment, Batch, Item, Judgement, Reply
from trivium.records import Message

_REPLIES = core(Reply)


def texts_at(item_id: Any) -> ScalarSelect[Any]:
    """Return the column that brings an item's texts along, for `newest`."""
    return _replies_at(item_id, _REPLIES.c.content)


def reply_ids_at(item_id: Any) -> ScalarSelect[Any]:
    """Return the column that brings the ids of an item's replies along, for `newest`."""
    return _replies_at(item_id, _REPLIES.c.id)


def _replies_at(item_id: Any, what: ColumnElement[str]) -> ScalarSelect[Any]:
    rows = JsonRows(_REPLIES.c.slot, _REPLIES.c.round, _REPLIES.c.revision, what)
    return select(rows).where(_REPLIES.c.item_id == item_id).scalar_subquery()


def newest(rows: list[list[Any]] | None) -> dict[int, str]:
    """Return slot → what the newest reply there has.

    >>> newest([[1, 1, 0, "b"], [0, 2, 0, "a, better"], [0, 1, 0, "a"]])
    {0: 'a, better', 1: 'b'}
    """
    return {slot: what for slot, _, _, what in sorted(rows or ())}


@dataclass(frozen=True)
class Returned:
    """Why a reviewer sent work back: what the writer reads."""

    by: str
    reasons: tuple[str, ...]
    note: str
    round: int
    at: datetime


@dataclass(frozen=True)
class Work:
    """One piece of work as its holder sees it."""

    assignment_id: str
    item_id: str
    project_id: str
    batch: int
    """Ordinal of the batch."""
    kind: Kind
    step: Step
    round: int
    state: AssignmentState
    lease_until: datetime
    guideline_id: str
    messages: tuple[Message, ...]
    """The prompt; empty where the writer is to write it."""
    language: str
    replies: tuple[str, ...]
    """In the order shown: reply i is called `rubrics.reply_name(i)`. A writer sees the text of the round before."""
    cell: str | None
    attrs: dict[str, Any]
    """For writing and review: the annotations wanted or given."""
    draft: dict[str, Any]
    draft_rev: int
    draft_at: datetime | None
    active_seconds: float
    """Spent on it before."""
    accepted_on: datetime | None
    """When the holder said that they read the guideline."""
    returned: tuple[Returned, ...]
    """For writing: why it came back, newest first."""


@dataclass(frozen=True)
class Hold:
    """What of an assignment goes into a `Work`; an `Assignment` has the same."""

    id: str
    step: Step
    round: int
    lease_until: datetime
    order: list[int]
    state: AssignmentState = "leased"
    draft: dict[str, Any] = field(default_factory=dict)
    draft_rev: int = 0
    draft_at: datetime | None = None
    active_seconds: float = 0.0


@dataclass(frozen=True)
class Seen:
    """What of an item goes into a `Work`."""

    texts: Mapping[int, str]
    """Slot → newest text."""
    item_id: str
    project_id: str
    kind: Kind
    batch: int
    guideline_id: str
    messages: list[dict[str, Any]] | None
    language: str | None
    cell: str | None
    attrs: dict[str, Any]
    accepted_on: datetime | None


_SEEN = (
    select(Item.id, Item.project_id, Project.kind, Batch.ordinal, Batch.guideline_id, PoolPrompt.messages,
           PoolPrompt.language, Item.cell, Item.attrs, Ack.at)
    .join(Batch, Batch.id == Item.batch_id)
    .join(Project, Project.id == Item.project_id)
    .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
    .join(Ack, and_(Ack.guideline_id == Batch.guideline_id, Ack.person_id == bindparam("me")), isouter=True)
    .where(Item.id == bindparam("item"))
    .add_columns(texts_at(Item.id))
)  # fmt: skip


def work_of(db: Session, hold: Assignment) -> Work:
    """Return what the holder of this assignment sees."""
    row: Any = db.execute(_SEEN, {"item": hold.item_id, "me": hold.person_id}).one()
    *facts, texts = row
    return shown(db, hold, Seen(newest(texts), *facts))


def shown(db: Session, hold: Assignment | Hold, seen: Seen) -> Work:
    """Return what the holder sees of an item."""
    texts = seen.texts
    order = hold.order or sorted(texts)
    attrs = {} if hold.step == "label" else dict(seen.attrs)
    if seen.kind == "guard_review":
        attrs = {name: seen.attrs[name] for name in _GUARD if name in seen.attrs}
    return Work(
        assignment_id=hold.id, item_id=seen.item_id, project_id=seen.project_id, batch=seen.batch, kind=seen.kind,
        step=hold.step, round=hold.round, state=hold.state, lease_until=hold.lease_until,
        guideline_id=seen.guideline_id, messages=tuple(Message(**one) for one in seen.messages or ()),
        language=seen.language or str(seen.attrs.get("language", "en")),
        replies=tuple(texts[slot] for slot in order if slot in texts),
        cell=None if hold.step == "label" else seen.cell, attrs=attrs, draft=dict(hold.draft),
        draft_rev=hold.draft_rev, draft_at=hold.draft_at, active_seconds=hold.active_seconds,
        accepted_on=seen.accepted_on,
        returned=returns(db, seen.item_id) if hold.step == "write" and hold.round > 1 else (),
    )  # fmt: skip


_GUARD = ("guard", "blocked", "category")
_LATEST = select(Reply).where(Reply.item_id == bindparam("item")).order_by(Reply.slot, Reply.round, Reply.revision)


def latest_replies(db: Session, item_id: str) -> list[Reply]:
    """Return the newest reply of each slot of an item, by slot."""
    return list({row.slot: row for row in db.scalars(_LATEST, {"item": item_id})}.values())


def returns(db: Session, item_id: str) -> tuple[Returned, ...]:
    """Return why an item was sent back, newest first."""
    rows = db.execute(
        select(Judgement, Person.pseudonym)
        .join(Person, Person.id == Judgement.person_id)
        .where(Judgement.item_id == item_id, Judgement.verdict == "reject")
        .order_by(Judgement.created_at.desc())
    )
    return tuple(Returned(name, tuple(row.reasons), row.note, row.round, row.created_at) for row, name in rows)


def num_waiting(db: Session, project_id: str, step: Step) -> int:
    """Return how many holds are still to be given at this step."""
    total = db.scalar(
        select(func.sum(Item.wanted - Item.taken)).where(
            Item.project_id == project_id, Item.step == step, Item.taken < Item.wanted
        )
    )
    return int(total or 0)
