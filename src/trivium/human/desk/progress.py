"""A person and a step to how much of it they did and how much is left for them: the strip above the work."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, func, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.offer import fitting
from trivium.human.states import Step
from trivium.human.store.columns import spelled
from trivium.human.store.work import Assignment, Batch, Item

MOST = 200  # counting further would cost more than anybody reads


def done_and_left(db: Session, actor: Actor, project_id: str, step: Step) -> tuple[int, int]:
    """Return what the actor sent in at this step in batches that still run, and how many items wait that they may be
    given, at most 200.
    """
    given = {"me": actor.person_id, "project": project_id}
    done, left = db.connection().execute(_progress(step), given).one()
    return done, left


@cache
def _progress(step: Step) -> Select[Any]:
    """Return the statement that counts what is done and what waits; built once, because that takes longer than the
    counting. The step and the limit are spelled out: not knowing them, PostgreSQL plans the statement anew each time.
    """
    me, at = bindparam("me", type_=String), spelled(step)
    done = (
        select(func.count().label("n"))
        .select_from(Assignment)
        .join(Item, Item.id == Assignment.item_id)
        .join(Batch, Batch.id == Item.batch_id)
        .where(Assignment.person_id == me, Assignment.project_id == bindparam("project"))
        .where(Assignment.step == at, Assignment.state == spelled("submitted"))
        .where(Batch.state != spelled("accepted"), Batch.state != spelled("delivered"))
    )
    waiting = (
        select(Item.id)
        .where(Item.project_id == bindparam("project"), Item.step == at, Item.taken < Item.wanted)
        .where(*fitting(me, at, writes=step == "write"))
        .limit(spelled(MOST))
        .subquery()
    )
    left = select(func.count().label("n")).select_from(waiting)
    return select(done.scalar_subquery(), left.scalar_subquery())
