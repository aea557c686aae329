"""An item that was answered, and a batch whose last item was, to where they go next: all moves between rounds.

Items wait in their state until their batch is done with the step; then the batch moves as a whole: work → a drawn
sample to the internal review → a drawn sample to the client's review → accepted. What a review returns goes back to its
writer and through both reviews again, always seen; where a sample is bad, the rest of the batch is drawn too.
"""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from trivium.core.seed import stream
from trivium.human.desk.actor import STUDIO, Actor, stand
from trivium.human.desk.errors import Conflict, Unknown
from trivium.human.desk.settings import ProjectSettings, SamplingPlan, settings_of
from trivium.human.states import BATCH, ITEM, Hand, Step, transition
from trivium.human.store.columns import spelled
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import Project
from trivium.human.store.work import Assignment, Batch, Item, Judgement

_WORKED = ("queued", "generating", "writing", "labelling", "rework")
_VERDICTS = ("confirmed", "false_positive", "false_negative", "unsure")


def move(db: Session, item: Item, action: str, hand: Hand) -> None:
    """Bring an item into its next state."""
    kind = db.get_one(Project, item.project_id).kind
    item.state = transition(ITEM[kind], item.state, action, hand)  # type: ignore[assignment]


def wait_for(item: Item, step: Step, wanted: int, *, reserved_for: str | None = None) -> None:
    """Let the item wait for so many people at a step."""
    item.step, item.wanted, item.taken, item.done = step, wanted, 0, 0
    item.reserved_for = reserved_for


def rest(item: Item) -> None:
    """Let the item wait for nobody."""
    item.step, item.wanted, item.taken, item.done, item.reserved_for = None, 0, 0, 0, None


def end_item(db: Session, item: Item, action: str, hand: Hand) -> None:
    """Reject or withdraw an item: whoever holds it loses the hold, and the batch goes on without it."""
    if item.state in ("rejected", "withdrawn"):
        return
    move(db, item, action, hand)
    rest(item)
    db.execute(
        update(Assignment).where(Assignment.item_id == item.id, Assignment.state == "leased").values(state="expired")
    )
    db.flush()
    settle(db, item.batch_id)


def reject(db: Session, actor: Actor, project_id: str, item_id: str, reason: str) -> None:
    """Take an item out for good, with a reason."""
    stand(db, actor, project_id, "manage")
    end_item(db, _item(db, project_id, item_id), "reject", "lead")
    note_in(db, project_id, actor.person_id, "item.rejected", f"item:{item_id}", reason=reason)


def reassign(db: Session, actor: Actor, project_id: str, item_id: str, person_id: str | None = None) -> None:
    """Let returned work go to another writer, or to whoever comes."""
    stand(db, actor, project_id, "manage")
    item = _item(db, project_id, item_id)
    if item.step != "write" or item.taken:
        raise Conflict("only returned work that nobody holds can be given to another")
    item.reserved_for = person_id
    note_in(db, project_id, actor.person_id, "item.reassigned", f"item:{item_id}", to=person_id)


def skipped(db: Session, hold: Assignment, settings: ProjectSettings) -> None:
    """Count a skip; an item to rank that enough people skipped is unrankable."""
    db.execute(update(Item).where(Item.id == hold.item_id).values(skips=Item.skips + 1))
    item = db.get_one(Item, hold.item_id, populate_existing=True)
    if hold.step != "label" or item.state != "labelling" or item.skips < settings.max_skips or item.taken > 0:
        return
    if db.get_one(Project, item.project_id).kind == "comparison":
        move(db, item, "give_up", "clock")
        rest(item)
        db.flush()
        settle(db, item.batch_id)


def send_back(db: Session, item: Item, hand: Hand, settings: ProjectSettings) -> None:
    """Return an item for another round: a text to its writer, a ranking to all labellers."""
    kind = db.get_one(Project, item.project_id).kind
    move(db, item, "return", hand)
    db.execute(
        update(Assignment)
        .where(Assignment.item_id == item.id, Assignment.round == item.round, Assignment.state == "submitted")
        .where(Assignment.step.in_(("write", "label")))
        .values(state="returned")
    )
    item.round += 1
    item.priority = -1
    if kind == "comparison":
        move(db, item, "resume", "clock")
        wait_for(item, "label", settings.overlap)
    else:
        wait_for(item, "write", 1, reserved_for=item.author_id)


def settle(db: Session, batch_id: str) -> None:
    """Move the batch on as far as it goes. Called whenever an item has left the step its batch is in."""
    # Every lock here is FOR NO KEY UPDATE. An item that was changed twice holds its batch's key, for the sake of the
    # foreign key, and of two such transactions neither would ever get a lock that asks for the key too.
    db.flush()
    given = {"batch": batch_id}
    state = db.connection().scalar(_STATE, given)
    if state in ("working", "rework") and db.connection().scalar(_WORKS, given) is not None:
        return  # as nearly always
    batch = db.get_one(Batch, batch_id, populate_existing=True)
    if batch.state in ("working", "rework"):
        _finish_work(db, batch)
    if batch.state == "internal_qa":
        _finish_review(db, batch, "internal_qa", "client_qa")
    if batch.state == "client_qa":
        _finish_review(db, batch, "client_qa", "accepted")


def _move_batch(db: Session, batch: Batch, action: str) -> None:
    before = batch.state
    batch.state = transition(BATCH, batch.state, action, "clock")  # type: ignore[assignment]
    note_in(db, batch.project_id, STUDIO.person_id, f"batch.{batch.state}", f"batch:{batch.id}", before=before,
            ordinal=batch.ordinal)  # fmt: skip


_STATE = select(Batch.state).where(Batch.id == bindparam("batch")).with_for_update(key_share=True)
_WORKS = (
    select(Item.id)
    .where(Item.batch_id == bindparam("batch"))
    .where(or_(*(Item.state == spelled(state) for state in _WORKED),
               and_(Item.state == spelled("contested"), Item.step == spelled("adjudicate")),
               and_(Item.state == spelled("unsure"), Item.step == spelled("adjudicate"))))
    .order_by(Item.batch_id, Item.state)
    .limit(spelled(1))
)  # fmt: skip
"""An item of a batch that people still work on. In the order of the index, or PostgreSQL reads the table from its first
row to the first such item, which of a late batch is nearly all of it.
"""


def _finish_work(db: Session, batch: Batch) -> None:
    if db.scalar(_WORKS, {"batch": batch.id}) is not None:
        return
    if batch.state == "rework":
        _move_batch(db, batch, "resume")
    _move_batch(db, batch, "finish_work")
    _pass_all(db, batch, ("scored", "contested"), "internal_qa")
    _pass_all(db, batch, _VERDICTS, "accepted")
    _draw(db, batch, "internal_qa")


def _finish_review(db: Session, batch: Batch, stage: str, then: str) -> None:
    """Where nobody reviews any more: enlarge a bad sample, send the batch to rework, or pass it on."""
    step = _step(stage)
    if db.scalar(select(Item.id).where(Item.batch_id == batch.id, Item.step == step).limit(1)) is not None:
        return
    if _enlarge(db, batch, stage):
        return
    late = list(db.scalars(select(Item.id).where(*_unseen(batch, stage), Item.round > 1)))
    if late:  # sent back, and written again before the rest of the sample was judged
        _offer(db, late, stage)
        return
    behind = (*_WORKED, "internal_qa") if stage == "client_qa" else _WORKED
    if db.scalar(select(Item.id).where(Item.batch_id == batch.id, Item.state.in_(behind)).limit(1)) is not None:
        _move_batch(db, batch, "return")
        batch.round += 1
        _finish_work(db, batch)
        return
    _pass_all(db, batch, (stage,), then)
    _move_batch(db, batch, "pass")
    if then == "client_qa":
        _draw(db, batch, "client_qa")


def _pass_all(db: Session, batch: Batch, states: tuple[str, ...], then: str) -> None:
    db.execute(
        update(Item)
        .where(Item.batch_id == batch.id, Item.state.in_(states))
        .values(state=then, step=None, wanted=0, taken=0, done=0, sampled=False)
        .execution_options(synchronize_session="fetch")
    )


def _unseen(batch: Batch, stage: str) -> list[ColumnElement[bool]]:
    """Return what makes an item one that this review has not judged in its present round."""
    judged = exists().where(
        Judgement.item_id == Item.id, Judgement.step == _step(stage), Judgement.round == Item.round
    )
    return [Item.batch_id == batch.id, Item.state == stage, ~judged]


def _draw(db: Session, batch: Batch, stage: str) -> None:
    """Draw the review's sample: the first time by the plan, later every item that was worked on again."""
    settings = settings_of(db.get_one(Project, batch.project_id))
    plan: SamplingPlan = getattr(settings, stage)
    first = stage not in batch.plan
    query = select(Item.id).where(*_unseen(batch, stage)).order_by(Item.id)
    ids = list(db.scalars(query if first else query.where(Item.round > 1)))
    drawn = ids
    if first:
        fresh = list(db.scalars(query.where(Item.round == 1)))
        again = sorted(set(ids) - set(fresh))
        number = min(len(fresh), max(plan.least, math.ceil(plan.share * len(fresh)))) if plan.share > 0 else 0
        order = stream(settings.seed, "sample", batch.id, stage).permutation(len(fresh))[:number]
        drawn = sorted(fresh[int(place)] for place in order) + again
    entry: dict[str, Any] = {"sample": len(drawn), "of": len(ids), "share": plan.share, "seed": settings.seed,
                             "round": batch.round, "first": first, "enlarged": False}  # fmt: skip
    batch.plan = {**batch.plan, stage: entry}
    _offer(db, drawn, stage)
    note_in(db, batch.project_id, STUDIO.person_id, f"{stage}.drawn", f"batch:{batch.id}", sample=len(drawn),
            of=len(ids))  # fmt: skip
    db.flush()
    _finish_review(db, batch, stage, "client_qa" if stage == "internal_qa" else "accepted")


def _enlarge(db: Session, batch: Batch, stage: str) -> bool:
    """Draw the rest of the batch where more of the sample was returned than the plan allows; say whether it was."""
    entry = batch.plan.get(stage, {})
    plan: SamplingPlan = getattr(settings_of(db.get_one(Project, batch.project_id)), stage)
    if not entry.get("sample") or not entry["first"] or entry["enlarged"]:
        return False
    returned = db.scalar(
        select(func.count(Judgement.id.distinct()))
        .join(Item, Item.id == Judgement.item_id)
        .where(Item.batch_id == batch.id, Judgement.step == _step(stage), Judgement.verdict == "reject")
    )
    if (returned or 0) <= plan.max_returned_share * entry["sample"]:
        return False
    rest_of = list(db.scalars(select(Item.id).where(*_unseen(batch, stage)).order_by(Item.id)))
    if not rest_of:
        return False
    batch.plan = {**batch.plan, stage: {**entry, "enlarged": True, "sample": entry["sample"] + len(rest_of)}}
    _offer(db, rest_of, stage)
    note_in(db, batch.project_id, STUDIO.person_id, f"{stage}.enlarged", f"batch:{batch.id}", more=len(rest_of))
    return True


def _offer(db: Session, ids: list[str], stage: str) -> None:
    for start in range(0, len(ids), 500):
        db.execute(
            update(Item)
            .where(Item.id.in_(ids[start : start + 500]))
            .values(step=_step(stage), wanted=1, taken=0, done=0, sampled=True, reserved_for=None)
            .execution_options(synchronize_session="fetch")
        )


def _step(stage: str) -> Step:
    return "qa_internal" if stage == "internal_qa" else "qa_client"


def _item(db: Session, project_id: str, item_id: str) -> Item:
    item = db.scalar(
        select(Item).where(Item.id == item_id, Item.project_id == project_id).with_for_update(key_share=True)
    )
    if item is None:
        raise Unknown("there is no such item")
    return item
