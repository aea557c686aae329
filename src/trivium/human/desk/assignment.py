"""A person who is free to one piece of work that nobody else needs them less for: lease, draft, skip, release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from trivium.core.seed import derive, stream
from trivium.human.desk.actor import Actor, Standing, stand
from trivium.human.desk.errors import Conflict, Invalid, NotAllowed, Unknown
from trivium.human.desk.guidelines import must_be_read
from trivium.human.desk.settings import ProjectSettings, settings_of
from trivium.human.desk.work import Work, work_of
from trivium.human.states import ASSIGNMENT, Step, transition
from trivium.human.store.columns import new_id, now
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Membership
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
    standing = stand(db, actor, project_id)
    steps = steps_of(standing)
    if step is not None and step not in steps:
        raise NotAllowed(f"you may not be given work to {step.replace('_', ' ')} here")
    if standing.project.status != "active":
        return None
    settings = settings_of(standing.project)
    _wait_for_own(db, actor, project_id)
    sweep(db)
    for one in [step] if step else steps:
        held = _held(db, actor, project_id, one)
        if held is not None and cell is not None and db.get_one(Item, held.item_id).cell != cell:
            _let_go(db, held, "release")
            held = None
        held = held or _take(db, standing, one, cell, settings)
        if held is not None:
            return work_of(db, held)
    return None


def _wait_for_own(db: Session, actor: Actor, project_id: str) -> None:
    """Lock the actor's membership, so that two windows of one person are served one after the other."""
    db.execute(
        select(Membership.id)
        .where(Membership.project_id == project_id, Membership.person_id == actor.person_id)
        .with_for_update()
    )


def _held(db: Session, actor: Actor, project_id: str, step: Step) -> Assignment | None:
    """Return what the actor holds at this step, the oldest first."""
    return db.scalar(
        select(Assignment)
        .where(Assignment.person_id == actor.person_id, Assignment.state == "leased")
        .where(Assignment.project_id == project_id, Assignment.step == step, Assignment.lease_until > now())
        .order_by(Assignment.created_at)
        .limit(1)
    )


def _take(
    db: Session, standing: Standing, step: Step, cell: str | None, settings: ProjectSettings
) -> Assignment | None:
    """Take the first item that waits for somebody like the actor; PostgreSQL passes over those being taken now."""
    actor = standing.actor
    query = (
        select(Item.id, Item.round, Item.state, Batch.guideline_id)
        .join(Batch, Batch.id == Item.batch_id)
        .where(Item.project_id == standing.project.id, Item.step == step, Item.taken < Item.wanted)
        .where(*fitting(actor, step))
        .order_by(Item.priority, Item.draw)
        .limit(1)
        .with_for_update(of=Item, skip_locked=True)
    )
    if cell is not None:
        query = query.where(Item.cell == cell)
    found = db.execute(query).one_or_none()
    if found is None:
        return None
    if step != "adjudicate":
        must_be_read(db, actor, found.guideline_id)
    if found.state == "rework":
        db.execute(update(Item).where(Item.id == found.id).values(state="writing"))
    db.execute(update(Item).where(Item.id == found.id).values(taken=Item.taken + 1))
    return _hold(db, standing, found.id, step, found.round, settings)


def fitting(actor: Actor, step: Step) -> list[ColumnElement[bool]]:
    """Return what makes an item one for this person at this step."""
    own = aliased(Assignment)
    same = and_(own.step == step, own.round == Item.round, own.state.in_((*_COUNTED, "skipped")))
    other = and_(own.step != step, own.state.in_(_COUNTED))
    fits: list[ColumnElement[bool]] = [
        or_(Item.reserved_for.is_(None), Item.reserved_for == actor.person_id),
        ~exists().where(own.item_id == Item.id, own.person_id == actor.person_id, or_(same, other)),
    ]
    if step != "write":
        fits.append(or_(Item.author_id.is_(None), Item.author_id != actor.person_id))
        fits.append(~exists().where(Reply.item_id == Item.id, Reply.author_id == actor.person_id))
    return fits


def _hold(
    db: Session, standing: Standing, item_id: str, step: Step, round_: int, settings: ProjectSettings
) -> Assignment:
    """Write the hold, or take up the one that ran out or was set aside, with its draft."""
    person_id = standing.actor.person_id
    until = now() + timedelta(minutes=settings.lease_minutes)
    old = db.scalar(
        select(Assignment).where(
            Assignment.item_id == item_id, Assignment.person_id == person_id, Assignment.step == step,
            Assignment.round == round_,
        )  # fmt: skip
    )
    if old is not None:
        old.state = transition(ASSIGNMENT, old.state, "lease", standing.hand)  # type: ignore[assignment]
        old.lease_until = until
        if old.draft_at is None or old.draft_at < now() - timedelta(days=settings.draft_days):
            old.draft = {}
        db.flush()
        return old
    slots = db.scalars(select(Reply.slot).where(Reply.item_id == item_id).distinct().order_by(Reply.slot)).all()
    seed = derive(settings.seed, "order", item_id, person_id, round_) % 2**31
    shuffled = [slots[int(place)] for place in stream(seed, "order").permutation(len(slots))]
    fresh = Assignment(
        id=new_id(), project_id=standing.project.id, item_id=item_id, person_id=person_id, step=step, round=round_,
        state="leased", lease_until=until, order=shuffled if step == "label" else list(slots), order_seed=seed,
        draft={}, draft_rev=0,
    )  # fmt: skip
    db.add(fresh)
    db.flush()
    return fresh


def sweep(db: Session) -> int:
    """Give back what is held beyond its time, at most fifty holds; return how many. Drafts stay."""
    rows = db.execute(
        select(Assignment.id, Assignment.item_id)
        .where(Assignment.state == "leased", Assignment.lease_until <= now())
        .order_by(Assignment.lease_until)
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        db.execute(update(Assignment).where(Assignment.id == row.id).values(state="expired"))
        db.execute(update(Item).where(Item.id == row.item_id).values(taken=Item.taken - 1))
    if rows:
        db.expire_all()
    return len(rows)


def current(db: Session, actor: Actor, assignment_id: str) -> Work:
    """Return the actor's own assignment as they see it, whatever its state."""
    return work_of(db, own(db, actor, assignment_id, lock=False))


def own(db: Session, actor: Actor, assignment_id: str, *, lock: bool = True) -> Assignment:
    """Return an assignment of the actor's, its row locked; of anybody else's nothing is said."""
    query = select(Assignment).where(Assignment.id == assignment_id, Assignment.person_id == actor.person_id)
    row = db.scalar(query.with_for_update() if lock else query)
    if row is None or actor.only_project not in (None, row.project_id):
        raise Unknown("there is no such work of yours")
    return row


def standing_for(db: Session, actor: Actor, hold: Assignment) -> Standing:
    """Return the holder's standing, if they may still do this step: roles can be taken away while one works."""
    standing = stand(db, actor, hold.project_id)
    if hold.step not in steps_of(standing):
        raise NotAllowed(f"you may not {hold.step.replace('_', ' ')} here any more")
    return standing


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
    hold.state = transition(ASSIGNMENT, hold.state, action, _hand(hold.step))  # type: ignore[assignment]
    hold.finished_at = now()
    db.flush()
    db.execute(update(Item).where(Item.id == hold.item_id).values(taken=Item.taken - 1))


def _hand(step: Step):  # type: ignore[no-untyped-def]
    return {"write": "writer", "label": "labeller", "qa_internal": "internal_reviewer",
            "qa_client": "client_reviewer", "adjudicate": "lead"}[step]  # fmt: skip


def begin_submit(db: Session, actor: Actor, assignment_id: str, step: Step) -> tuple[Assignment, Item, Standing]:
    """Lock a hold and its item for sending in, and check that it may be sent: still held (or free again), right step,
    guideline read (I4).

    A hold that ran out is taken up again where the item still waits for somebody; else it is a Conflict, and the draft
    stays.
    """
    hold = own(db, actor, assignment_id)
    if hold.step != step:
        raise Conflict(f"this is work to {hold.step.replace('_', ' ')}", do="open it on its own page")
    standing = standing_for(db, actor, hold)
    item = db.scalars(
        select(Item).where(Item.id == hold.item_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if hold.state in ("expired", "released"):
        if item.step != step or item.round != hold.round or item.taken >= item.wanted:
            raise Conflict("your hold ran out and enough others have it now", do="your draft is kept; take the next one")
        hold.state = transition(ASSIGNMENT, hold.state, "lease", standing.hand)  # type: ignore[assignment]
        item.taken += 1
    if hold.state != "leased" or item.step != step or item.round != hold.round:
        raise Conflict(f"this work is {hold.state} already", do="open the next one")
    if step != "adjudicate":
        must_be_read(db, actor, db.scalars(select(Batch.guideline_id).where(Batch.id == item.batch_id)).one())
    return hold, item, standing


def end_submit(db: Session, hold: Assignment, item: Item, standing: Standing, seconds: float) -> None:
    """Mark the hold as sent in."""
    hold.state = transition(ASSIGNMENT, hold.state, "submit", _hand(hold.step))  # type: ignore[assignment]
    hold.finished_at = now()
    hold.active_seconds = max(hold.active_seconds, min(max(seconds, 0.0), 24 * 3600.0))
    hold.draft = {}
    item.done += 1
    db.flush()
    note_in(db, hold.project_id, standing.actor.person_id, f"{hold.step}.submitted", f"item:{item.id}",
            assignment=hold.id, round=hold.round)  # fmt: skip
