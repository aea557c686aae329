"""A person and a step to how much of it they did and how much is left for them: the strip above the work."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.assignment import fitting
from trivium.human.states import Step
from trivium.human.store.work import Assignment, Batch, Item

MOST = 200  # counting further would cost more than anybody reads


def done_and_left(db: Session, actor: Actor, project_id: str, step: Step) -> tuple[int, int]:
    """Return what the actor sent in at this step in batches that still run, and how many items wait that they may be
    given, at most 200.
    """
    done = db.scalar(
        select(func.count())
        .select_from(Assignment)
        .join(Item, Item.id == Assignment.item_id)
        .join(Batch, Batch.id == Item.batch_id)
        .where(Assignment.person_id == actor.person_id, Assignment.project_id == project_id, Assignment.step == step)
        .where(Assignment.state == "submitted", Batch.state.not_in(("accepted", "delivered")))
    )
    waiting = (
        select(Item.id)
        .where(Item.project_id == project_id, Item.step == step, Item.taken < Item.wanted)
        .where(*fitting(actor.person_id, step, writes=step == "write"))
        .limit(MOST)
        .subquery()
    )
    return int(done or 0), int(db.scalar(select(func.count()).select_from(waiting)) or 0)
