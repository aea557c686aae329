"""An assignment to what its holder sees, and nothing more: the one place where blindness (I3) is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from trivium.human.states import AssignmentState, Kind, Step
from trivium.human.store.columns import core
from trivium.human.store.people import Person
from trivium.human.store.projects import PoolPrompt, Project
from trivium.human.store.work import Assignment, Batch, Item, Judgement, Reply
from trivium.records import Message


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
    returned: tuple[Returned, ...]
    """For writing: why it came back, newest first."""


@dataclass(frozen=True)
class Seen:
    """What of an item goes into a `Work`."""

    item_id: str
    project_id: str
    kind: Kind
    batch: int
    guideline_id: str
    messages: list[dict[str, Any]] | None
    language: str | None
    cell: str | None
    attrs: dict[str, Any]


_SEEN = (
    select(Item.id, Item.project_id, Project.kind, Batch.ordinal, Batch.guideline_id, PoolPrompt.messages,
           PoolPrompt.language, Item.cell, Item.attrs)
    .join(Batch, Batch.id == Item.batch_id)
    .join(Project, Project.id == Item.project_id)
    .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
    .where(Item.id == bindparam("item"))
)  # fmt: skip


def work_of(db: Session, hold: Assignment) -> Work:
    """Return what the holder of this assignment sees."""
    return shown(db, hold, Seen(*db.execute(_SEEN, {"item": hold.item_id}).one()), texts_of(db, hold.item_id))


def shown(db: Session, hold: Assignment, seen: Seen, texts: Mapping[int, str]) -> Work:
    """Return what the holder sees of an item with these texts by slot."""
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
        draft_rev=hold.draft_rev,
        returned=returns(db, seen.item_id) if hold.step == "write" and hold.round > 1 else (),
    )  # fmt: skip


_GUARD = ("guard", "blocked", "category")
_REPLIES = core(Reply)
_TEXTS = (
    select(_REPLIES.c.slot, _REPLIES.c.content)
    .where(_REPLIES.c.item_id == bindparam("item"))
    .order_by(_REPLIES.c.slot, _REPLIES.c.round, _REPLIES.c.revision)
)
_IDS = (
    select(_REPLIES.c.slot, _REPLIES.c.id)
    .where(_REPLIES.c.item_id == bindparam("item"))
    .order_by(_REPLIES.c.slot, _REPLIES.c.round, _REPLIES.c.revision)
)
_LATEST = select(Reply).where(Reply.item_id == bindparam("item")).order_by(Reply.slot, Reply.round, Reply.revision)


def texts_of(db: Session, item_id: str) -> dict[int, str]:
    """Return slot → newest text."""
    return {row.slot: row.content for row in db.connection().execute(_TEXTS, {"item": item_id})}


def newest_replies(db: Session, item_id: str) -> dict[int, str]:
    """Return slot → id of the newest reply."""
    return {row.slot: row.id for row in db.connection().execute(_IDS, {"item": item_id})}


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


def shown_to_slots(hold: Assignment, values: Sequence[Any]) -> dict[int, Any]:
    """Return slot → value from values in the order the replies were shown."""
    return dict(zip(hold.order, values, strict=True))


def num_waiting(db: Session, project_id: str, step: Step) -> int:
    """Return how many holds are still to be given at this step."""
    total = db.scalar(
        select(func.sum(Item.wanted - Item.taken)).where(
            Item.project_id == project_id, Item.step == step, Item.taken < Item.wanted
        )
    )
    return int(total or 0)
