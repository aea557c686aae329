"""A person and a step to how much of it they did and how much is left for them: the strip above the work."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, func, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.offer import fitting
from trivium.human.states import Step
from trivium.human.store.work import Assignment, Batch, Item

MOST = 200  # counting further would cost more than anybody reads


def done_and_left(db: Session, actor: Actor, project_id: str, step: Step) -> tuple[int, int]:
    """Return what the actor sent in at this step in batches that still run, and how many items wait that they may be
    given, at most 200.
    """
    given = {"me": actor.person_id, "project": project_id, "at": step}
    done, left = db.connection().execute(_progress(step == "write"), given).one()
    return done, left


_DONE = (
    select(func.count().label("n"))
    .select_from(Assignment)
    .join(Item, Item.id == Assignment.item_id)
    .join(Batch, Batch.id == Item.batch_id)
    .where(Assignment.person_id == bindparam("me"), Assignment.project_id == bindparam("project"))
    .where(Assignment.step == bindparam("at"), Assignment.state == "submitted")
    .where(Batch.state != "accepted", Batch.state != "delivered")
)


@cache
def _progress(writes: bool) -> Select[Any]:
    """Return the statement that counts what is done and what waits; built once, because that takes longer than the
    counting.
    """
    me, step = bindparam("me", type_=String), bindparam("at", type_=Assignment.step.type)
    waiting = (
        select(Item.id)
        .where(Item.project_id == bindparam("project"), Item.step == step, Item.taken < Item.wanted)
        .where(*fitting(me, step, writes=writes))
        .limit(MOST)
        .subquery()
    )
    left = select(func.count().label("n")).select_from(waiting)
    return select(_DONE.scalar_subquery(), left.scalar_subquery())
