"""A person who is free to one piece of work that nobody else needs them less for: lease, draft, skip, release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, bindparam, exists, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, Seat, Standing, stand
from trivium.human.desk.errors import Conflict, Invalid, NotAllowed, Unknown
from trivium.human.desk.offer import Free, hand_at, take
from trivium.human.desk.settings import ProjectSettings, settings_of
from trivium.human.desk.work import Work, work_of
from trivium.human.states import ASSIGNMENT, Step, transition
from trivium.human.store.columns import core, now, spelled
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Membership
from trivium.human.store.projects import Project
from trivium.human.store.work import Assignment, Item

SWEEP = 50  # holds that ran out, given back in one go: the rest come with the next lease
MAX_DRAFT = 1_000_000  # characters of a draft's texts together


def steps_of(member: Standing | Seat) -> list[Step]:
    """Return the steps this member can be given, the most urgent first."""
    pairs: tuple[tuple[str, Step], ...] = (
        ("write", "write"), ("label", "label"), ("review_internal", "qa_internal"), ("review_client", "qa_client"),
        ("adjudicate", "adjudicate"),
    )  # fmt: skip
    return [step for ability, step in pairs if member.can(ability)]  # type: ignore[arg-type]


def lease(
    db: Session, actor: Actor, project_id: str, *, step: Step | None = None, cell: str | None = None
) -> Work | None:
    """Give the actor one piece of work to hold for a while, or None where none is left for them.

    What they hold already at that step comes again. Nobody is given an item twice in one round, nor one that they wrote
    or judged at another step (I2), nor one that enough others hold or did (I1). A hold that ran out goes back first.
    """
    here = _at_the_door(db, actor, project_id)
    settings = ProjectSettings.model_validate(here.settings)
    free = Free(Seat(actor, here.party, here.role, settings.qa_party), project_id, here.kind, settings)
    steps = steps_of(free.seat)
    if step is not None and step not in steps:
        raise NotAllowed(f"you may not be given work to {step.replace('_', ' ')} here")
    if here.status != "active":
        return None
    if here.ran_out:
        sweep(db)
    for one in [step] if step else steps:
        held = _held(db, actor, project_id, one) if here.holds else None
        if held is not None and cell is not None and db.get_one(Item, held.item_id).cell != cell:
            _let_go(db, held, "release")
            held = None
        work = work_of(db, held) if held else take(db, free, one, cell)
        if work is not None:
            return work
    return None


_ITEMS, _HOLDS, _PROJECTS, _MEMBERS = core(Item), core(Assignment), core(Project), core(Membership)
_LEASED = spelled("leased")
_DOOR = (
    select(
        _MEMBERS.c.party, _MEMBERS.c.role, _PROJECTS.c.kind, _PROJECTS.c.status, _PROJECTS.c.settings,
        exists().where(_HOLDS.c.state == _LEASED, _HOLDS.c.lease_until <= bindparam("moment")).label("ran_out"),
        exists()
        .where(_HOLDS.c.person_id == bindparam("me"), _HOLDS.c.state == _LEASED)
        .where(_HOLDS.c.project_id == bindparam("project"))
        .label("holds"),
    )
    .join_from(_MEMBERS, _PROJECTS, _PROJECTS.c.id == _MEMBERS.c.project_id)
    .where(_MEMBERS.c.project_id == bindparam("project"), _MEMBERS.c.person_id == bindparam("me"))
    .where(_MEMBERS.c.ended_at.is_(None))
    .with_for_update(of=_MEMBERS, key_share=True, skip_locked=True)
)  # fmt: skip
"""What a member is in a project, and whether anybody's hold ran out, and whether they hold anything: mostly neither."""


def _at_the_door(db: Session, actor: Actor, project_id: str) -> Row[Any]:
    """Return the row of `_DOOR`, the membership locked, so that two windows of one person are served one after the
    other: where another window has it, wait for that and ask again, so as to see what that took.
    """
    given = {"me": actor.person_id, "project": project_id, "moment": now()}
    row = db.connection().execute(_DOOR, given).one_or_none() if actor.only_project in (None, project_id) else None
    if row is None:
        stand(db, actor, project_id, lock=True)
        row = db.connection().execute(_DOOR, given).one()
    return row


_HELD = (
    select(Assignment)
    .where(Assignment.person_id == bindparam("me"), Assignment.state == _LEASED)
    .where(Assignment.project_id == bindparam("project"), Assignment.step == bindparam("at"))
    .where(Assignment.lease_until > bindparam("moment"))
    .order_by(Assignment.created_at)
    .limit(spelled(1))
)


def _held(db: Session, actor: Actor, project_id: str, step: Step) -> Assignment | None:
    """Return what the actor holds at this step, the oldest first."""
    given = {"me": actor.person_id, "project": project_id, "at": step, "moment": now()}
    return db.scalar(_HELD, given)


_GIVE_BACK = update(_ITEMS).where(_ITEMS.c.id == bindparam("item")).values(taken=_ITEMS.c.taken - 1)
_RAN_OUT = (
    select(_HOLDS.c.id, _HOLDS.c.item_id)
    .where(_HOLDS.c.state == _LEASED, _HOLDS.c.lease_until <= bindparam("moment"))
    .order_by(_HOLDS.c.lease_until)
    .limit(spelled(SWEEP))
    .with_for_update(skip_locked=True, key_share=True)
)


def sweep(db: Session) -> int:
    """Give back what is held beyond its time, at most fifty holds; return how many. Drafts stay."""
    rows = db.connection().execute(_RAN_OUT, {"moment": now()}).all()
    for row in rows:
        db.execute(update(_HOLDS).where(_HOLDS.c.id == row.id).values(state="expired"))
        db.execute(_GIVE_BACK, {"item": row.item_id})
    for known in list(db.identity_map.values()) if rows else ():
        if isinstance(known, Item | Assignment):
            db.expire(known)
    return len(rows)


def current(db: Session, actor: Actor, assignment_id: str) -> Work:
    """Return the actor's own assignment as they see it, whatever its state; not to who has left the project."""
    hold = own(db, actor, assignment_id, lock=False)
    stand(db, actor, hold.project_id)
    return work_of(db, hold)


_OWN = select(Assignment).where(Assignment.id == bindparam("assignment"), Assignment.person_id == bindparam("me"))
_OWN_LOCKED = _OWN.with_for_update(key_share=True)


def own(db: Session, actor: Actor, assignment_id: str, *, lock: bool = True) -> Assignment:
    """Return an assignment of the actor's, its row locked; of anybody else's nothing is said."""
    row = db.scalar(_OWN_LOCKED if lock else _OWN, {"assignment": assignment_id, "me": actor.person_id})
    if row is None or actor.only_project not in (None, row.project_id):
        raise Unknown("there is no such work of yours")
    return row


def standing_for(db: Session, actor: Actor, hold: Assignment) -> Standing:
    """Return the holder's standing, if they may still do this step: roles can be taken away while one works."""
    standing = stand(db, actor, hold.project_id)
    _must_do(standing, hold)
    return standing


def _must_do(standing: Standing, hold: Assignment) -> None:
    if hold.step not in steps_of(standing):
        raise NotAllowed(f"you may not {hold.step.replace('_', ' ')} here any more")


def save_draft(
    db: Session, actor: Actor, assignment_id: str, draft: Mapping[str, Any], *, rev: int, seconds: float = 0.0
) -> int:
    """Keep what is on the page so far and return its revision; also while the hold has run out.

    `rev` is the revision that the page began from: an older one than is kept is a Conflict, so that a forgotten window
    overwrites nothing. `seconds` is the active time since the last save, and the hold is prolonged while one works.
    """
    hold = own(db, actor, assignment_id)
    if hold.state not in ("leased", "expired", "released"):
        raise Conflict(f"this work is {hold.state} already", do="open the next one")
    if rev != hold.draft_rev:
        raise Conflict("this was edited in another window since", do="load the page again to see the newer draft")
    if _length(draft) > MAX_DRAFT:
        raise Invalid({"draft": "a draft holds at most a million characters"})
    hold.draft, hold.draft_rev, hold.draft_at = dict(draft), rev + 1, now()
    hold.active_seconds += min(max(0.0, seconds), 600.0)  # in this order, because of NaN `max` gives the first
    if hold.state == "leased" and hold.lease_until > now():
        settings = settings_of(standing_for(db, actor, hold).project)
        hold.lease_until = now() + timedelta(minutes=settings.lease_minutes)
    return hold.draft_rev


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(name)) + _length(one) for name, one in value.items())
    return sum(map(_length, value)) if isinstance(value, list | tuple) else 8


def skip(db: Session, actor: Actor, assignment_id: str, reason: str) -> None:
    """Leave the item to others for good, with a reason; after enough skips an item to rank is unrankable."""
    from trivium.human.desk.rounds import skipped

    if not reason.strip():
        raise Invalid({"reason": "say why you skip it"})
    hold = own(db, actor, assignment_id)
    if hold.state == "skipped":
        return
    standing = standing_for(db, actor, hold)
    hold.skip_reason = reason.strip()[:2000]
    _let_go(db, hold, "skip")
    note_in(db, hold.project_id, actor.person_id, "assignment.skipped", f"item:{hold.item_id}", step=hold.step)
    skipped(db, hold, settings_of(standing.project))


def release(db: Session, actor: Actor, assignment_id: str) -> None:
    """Set the item aside: others may take it, and the draft waits in case it comes back."""
    hold = own(db, actor, assignment_id)
    if hold.state == "leased":
        _let_go(db, hold, "release")


def _let_go(db: Session, hold: Assignment, action: str) -> None:
    hold.state = transition(ASSIGNMENT, hold.state, action, hand_at(hold.step))  # type: ignore[assignment]
    hold.finished_at = now()
    db.flush()
    db.execute(update(Item).where(Item.id == hold.item_id).values(taken=Item.taken - 1))
