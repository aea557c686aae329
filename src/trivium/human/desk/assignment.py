"""A person who is free to one piece of work that nobody else needs them less for: lease, draft, skip, release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    bindparam,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from trivium.core.seed import derive, stream
from trivium.human.desk.actor import Actor, Standing, stand
from trivium.human.desk.errors import Conflict, Invalid, NotAllowed, Unknown
from trivium.human.desk.guidelines import must_be_read
from trivium.human.desk.settings import settings_of
from trivium.human.desk.work import Seen, Work, shown, texts_of, work_of
from trivium.human.states import ASSIGNMENT, Hand, Step, transition
from trivium.human.store.columns import core, new_id, now
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Membership
from trivium.human.store.projects import Ack, PoolPrompt, Project
from trivium.human.store.work import Assignment, Batch, Item, Reply

SWEEP = 50  # holds that ran out, given back in one go: the rest come with the next lease
_COUNTED = ("leased", "submitted", "returned")
MAX_DRAFT = 1_000_000  # characters of a draft's texts together


def steps_of(standing: Standing) -> list[Step]:
    """Return the steps this member can be given, the most urgent first."""
    pairs: tuple[tuple[str, Step], ...] = (
        ("write", "write"), ("label", "label"), ("review_internal", "qa_internal"), ("review_client", "qa_client"),
        ("adjudicate", "adjudicate"),
    )  # fmt: skip
    return [step for ability, step in pairs if standing.can(ability)]  # type: ignore[arg-type]


def lease(
    db: Session, actor: Actor, project_id: str, *, step: Step | None = None, cell: str | None = None
) -> Work | None:
    """Give the actor one piece of work to hold for a while, or None where none is left for them.

    What they hold already at that step comes again. Nobody is given an item twice in one round, nor one that they wrote
    or judged at another step (I2), nor one that enough others hold or did (I1). A hold that ran out goes back first.
    """
    standing = stand(db, actor, project_id, lock=True)
    steps = steps_of(standing)
    if step is not None and step not in steps:
        raise NotAllowed(f"you may not be given work to {step.replace('_', ' ')} here")
    if standing.project.status != "active":
        return None
    at = db.connection().execute(_MOMENT, {"me": actor.person_id, "project": project_id, "moment": now()}).one()
    if at.ran_out:
        sweep(db)
    for one in [step] if step else steps:
        held = _held(db, actor, project_id, one) if at.holds else None
        if held is not None and cell is not None and db.get_one(Item, held.item_id).cell != cell:
            _let_go(db, held, "release")
            held = None
        work = work_of(db, held) if held else _take(db, standing, one, cell)
        if work is not None:
            return work
    return None


_RUNNING = core(Assignment)
_MOMENT = select(
    exists().where(_RUNNING.c.state == "leased", _RUNNING.c.lease_until <= bindparam("moment")).label("ran_out"),
    exists()
    .where(_RUNNING.c.person_id == bindparam("me"), _RUNNING.c.state == "leased")
    .where(_RUNNING.c.project_id == bindparam("project"))
    .label("holds"),
)
"""Whether anybody's hold ran out, and whether the actor has one here: in most calls neither."""
_HELD = (
    select(Assignment)
    .where(Assignment.person_id == bindparam("me"), Assignment.state == "leased")
    .where(Assignment.project_id == bindparam("project"), Assignment.step == bindparam("at"))
    .where(Assignment.lease_until > bindparam("moment"))
    .order_by(Assignment.created_at)
    .limit(1)
)


def _held(db: Session, actor: Actor, project_id: str, step: Step) -> Assignment | None:
    """Return what the actor holds at this step, the oldest first."""
    given = {"me": actor.person_id, "project": project_id, "at": step, "moment": now()}
    return db.scalar(_HELD, given)


def fitting(
    me: str | BindParameter[str], step: Step | BindParameter[str], *, writes: bool
) -> list[ColumnElement[bool]]:
    """Return what makes an item one for this person at this step. `writes`: the step is to write."""
    own = aliased(Assignment)
    # Words spelled out, because a list of parameters is spelled out anew at every call.
    counted = or_(*(own.state == state for state in _COUNTED))
    same = and_(own.step == step, own.round == Item.round, or_(counted, own.state == "skipped"))
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
def _next_item(writes: bool, by_cell: bool) -> Select[Any]:
    """Return the statement that finds and locks the first item for somebody; PostgreSQL passes over those being taken.

    Built once: to build it takes longer than to run it.
    """
    me, step = bindparam("me", type_=String), bindparam("at", type_=Assignment.step.type)
    old = aliased(Assignment)
    read = exists().where(Ack.person_id == me, Ack.guideline_id == Batch.guideline_id)
    query = (
        select(
            Item.id, Item.round, Item.state, Item.cell, Item.attrs, Batch.guideline_id, Batch.ordinal,
            read.label("read"), PoolPrompt.messages, PoolPrompt.language, old.id.label("old_id"),
        )
        .join(Batch, Batch.id == Item.batch_id)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
        .join(old, and_(old.item_id == Item.id, old.person_id == me, old.step == step, old.round == Item.round),
              isouter=True)
        .where(Item.project_id == bindparam("project"), Item.step == step, Item.taken < Item.wanted)
        .where(*fitting(me, step, writes=writes))
        .order_by(Item.priority, Item.draw)
        .limit(1)
        .with_for_update(of=Item, skip_locked=True, key_share=True)
    )  # fmt: skip
    return query.where(Item.cell == bindparam("cell")) if by_cell else query


_ITEMS, _HOLDS = core(Item), core(Assignment)
_TAKE = update(_ITEMS).where(_ITEMS.c.id == bindparam("item")).values(taken=_ITEMS.c.taken + 1)
_GIVE_BACK = update(_ITEMS).where(_ITEMS.c.id == bindparam("item")).values(taken=_ITEMS.c.taken - 1)
_NEW_HOLD = insert(_HOLDS)


def _take(db: Session, standing: Standing, step: Step, cell: str | None) -> Work | None:
    """Take the first item that waits for somebody like the actor."""
    me, project = standing.actor.person_id, standing.project
    given = {"me": me, "project": project.id, "at": step}
    query = _next_item(step == "write", cell is not None)
    found = db.execute(query, given | ({"cell": cell} if cell is not None else {})).one_or_none()
    if found is None:
        return None
    if step != "adjudicate" and not found.read:
        must_be_read(db, standing.actor, found.guideline_id)
    if found.state == "rework":
        db.execute(update(Item).where(Item.id == found.id).values(state="writing"))
    db.connection().execute(_TAKE, {"item": found.id})
    if found.old_id is not None:
        return work_of(db, _take_up(db, standing, found.old_id))
    return _fresh(db, standing, step, found)


def _fresh(db: Session, standing: Standing, step: Step, found: Row[Any]) -> Work:
    """Write a new hold on the item that was found, and return what its holder sees."""
    settings = settings_of(standing.project)
    texts = texts_of(db, found.id)
    seed = derive(settings.seed, "order", found.id, standing.actor.person_id, found.round) % 2**31
    order = sorted(texts)
    if step == "label":
        order = [order[int(place)] for place in stream(seed, "order").permutation(len(order))]
    at = now()
    hold = Assignment(
        id=new_id(), created_at=at, project_id=standing.project.id, item_id=found.id, step=step, round=found.round,
        person_id=standing.actor.person_id, state="leased", lease_until=at + timedelta(minutes=settings.lease_minutes),
        order=order, order_seed=seed, draft={}, draft_rev=0, active_seconds=0.0,
    )  # fmt: skip
    db.connection().execute(_NEW_HOLD, {name: getattr(hold, name) for name in _HOLD_COLUMNS})
    seen = Seen(found.id, standing.project.id, standing.project.kind, found.ordinal, found.guideline_id,
                found.messages, found.language, found.cell, found.attrs)  # fmt: skip
    return shown(db, hold, seen, texts)


_HOLD_COLUMNS = ("id", "created_at", "project_id", "item_id", "person_id", "step", "round", "state", "lease_until",
                 "order", "order_seed", "draft", "draft_rev", "active_seconds")  # fmt: skip


def _take_up(db: Session, standing: Standing, assignment_id: str) -> Assignment:
    """Lease again what ran out or was set aside, with its draft unless that is too old."""
    settings = settings_of(standing.project)
    old = db.get_one(Assignment, assignment_id, populate_existing=True)
    old.state = transition(ASSIGNMENT, old.state, "lease", hand_at(old.step))  # type: ignore[assignment]
    old.lease_until = now() + timedelta(minutes=settings.lease_minutes)
    if old.draft_at is None or old.draft_at < now() - timedelta(days=settings.draft_days):
        old.draft = {}
    db.flush()
    return old


_RAN_OUT = (
    select(_HOLDS.c.id, _HOLDS.c.item_id)
    .where(_HOLDS.c.state == "leased", _HOLDS.c.lease_until <= bindparam("moment"))
    .order_by(_HOLDS.c.lease_until)
    .limit(SWEEP)
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
    """Return the actor's own assignment as they see it, whatever its state."""
    return work_of(db, own(db, actor, assignment_id, lock=False))


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
    hold.active_seconds += min(max(seconds, 0.0), 600.0)
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


def hand_at(step: Step) -> Hand:
    """Return the hand that works at a step."""
    hands: dict[Step, Hand] = {"write": "writer", "label": "labeller", "qa_internal": "internal_reviewer",
                               "qa_client": "client_reviewer", "adjudicate": "lead"}  # fmt: skip
    return hands[step]


_READ = exists().where(Ack.person_id == bindparam("me"), Ack.guideline_id == Batch.guideline_id)
_SENDING = (
    select(Item, Project, Membership.party, Membership.role, Batch.guideline_id, _READ)
    .join(Project, Project.id == Item.project_id)
    .join(Batch, Batch.id == Item.batch_id)
    .join(Membership, and_(Membership.project_id == Item.project_id, Membership.person_id == bindparam("me"),
                           Membership.ended_at.is_(None)), isouter=True)
    .where(Item.id == bindparam("item"))
    .with_for_update(of=Item, key_share=True)
)  # fmt: skip
"""An item, locked, with all that decides whether somebody may send it in: one question instead of four."""


def begin_submit(db: Session, actor: Actor, assignment_id: str, step: Step) -> tuple[Assignment, Item, Standing, str]:
    """Lock a hold and its item for sending in, and check that it may be sent: still held (or free again), right step,
    guideline read (I4). Return them with the holder's standing and the guideline's id.

    A hold that ran out is taken up again where the item still waits for somebody; else it is a Conflict, and the draft
    stays.
    """
    return begin_sending(db, actor, own(db, actor, assignment_id), step)


def begin_sending(db: Session, actor: Actor, hold: Assignment, step: Step) -> tuple[Assignment, Item, Standing, str]:
    """Do what `begin_submit` does with a hold of the actor's that is locked already."""
    if hold.step != step:
        raise Conflict(f"this is work to {hold.step.replace('_', ' ')}", do="open it on its own page")
    fresh = {"populate_existing": True}
    given = {"item": hold.item_id, "me": actor.person_id}
    item, project, party, role, guideline_id, read = db.execute(_SENDING, given, execution_options=fresh).one()
    standing = Standing(actor, project, party, role) if role else stand(db, actor, hold.project_id)
    _must_do(standing, hold)
    if hold.state in ("expired", "released"):
        if item.step != step or item.round != hold.round or item.taken >= item.wanted:
            raise Conflict(
                "your hold ran out and enough others have it now", do="take the next one; your draft is kept"
            )
        hold.state = transition(ASSIGNMENT, hold.state, "lease", standing.hand)  # type: ignore[assignment]
        item.taken += 1
    if hold.state != "leased" or item.step != step or item.round != hold.round:
        raise Conflict(f"this work is {hold.state} already", do="open the next one")
    if step != "adjudicate" and not read:
        must_be_read(db, actor, guideline_id)
    return hold, item, standing, guideline_id


_SENT_IN = (
    update(_HOLDS)
    .where(_HOLDS.c.id == bindparam("hold"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "finished_at", "draft", "active_seconds")})
)
_DONE = update(_ITEMS).where(_ITEMS.c.id == bindparam("item")).values(done=_ITEMS.c.done + 1)


def end_submit(db: Session, hold: Assignment, item: Item, standing: Standing, seconds: float) -> None:
    """Mark the hold as sent in."""
    db.flush()
    after: dict[str, Any] = {
        "state": transition(ASSIGNMENT, hold.state, "submit", hand_at(hold.step)), "finished_at": now(), "draft": {},
        "active_seconds": max(hold.active_seconds, min(max(seconds, 0.0), 24 * 3600.0)),
    }  # fmt: skip
    connection = db.connection()
    connection.execute(_SENT_IN, {"hold": hold.id, **{f"new_{name}": value for name, value in after.items()}})
    connection.execute(_DONE, {"item": item.id})
    for name, value in after.items():
        set_committed_value(hold, name, value)
    set_committed_value(item, "done", item.done + 1)
    note_in(db, hold.project_id, standing.actor.person_id, f"{hold.step}.submitted", f"item:{item.id}",
            assignment=hold.id, round=hold.round)  # fmt: skip
