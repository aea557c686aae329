"""A project's items to its coverage: what is accepted, in flight and wanted in each cell, and which are short."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from trivium.human.coverage import Coverage, cover_counts
from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.offer import fitting
from trivium.human.desk.specs import cell_key, frozen, requirement_of
from trivium.human.store.projects import PoolPrompt, Spec
from trivium.human.store.work import Batch, Item

DONE = ("accepted", "delivered")
GONE = ("rejected", "withdrawn", "unrankable")


def whole(db: Session, actor: Actor, project_id: str, *, batch_id: str | None = None) -> tuple[Spec, Coverage] | None:
    """Return the newest frozen requirement with its counts, of the project or one batch; None before there is one."""
    stand(db, actor, project_id, "see_plan")
    spec = frozen(db, project_id)
    if spec is None:
        return None
    begun = and_(Item.state.not_in(("queued", *DONE, *GONE)), ~and_(Item.state == "writing", Item.taken == 0))
    query = (
        select(Item.attrs, func.sum(case((Item.state.in_(DONE), 1), else_=0)), func.sum(case((begun, 1), else_=0)))
        .where(Item.project_id == project_id, Item.state.not_in(GONE), ~Item.is_gold)
        .group_by(Item.attrs)
    )
    if batch_id is not None:
        query = query.where(Item.batch_id == batch_id)
    rows = [({name: str(value) for name, value in attrs.items()}, int(done), int(begun)) for attrs, done, begun
            in db.execute(query)]  # fmt: skip
    return spec, cover_counts(requirement_of(spec), rows)


@dataclass(frozen=True)
class OpenCell:
    """A cell that a writer may take work from now."""

    key: str
    where: dict[str, str]
    target: int
    accepted: int
    in_flight: int
    left: int
    """Pairs of running batches that wait for a writer like this one."""


def open_cells(db: Session, actor: Actor, project_id: str, own: str | None = None) -> list[OpenCell]:
    """Return the cells a writer is offered, the shortest first: only those where work waits for them (I11), and `own`,
    the cell of what they hold.
    """
    stand(db, actor, project_id, "write")
    spec = frozen(db, project_id)
    if spec is None:
        return []
    waiting: dict[str | None, int] = dict(
        db.execute(
            select(Item.cell, func.count())
            .where(Item.project_id == project_id, Item.step == "write", Item.taken < Item.wanted)
            .where(*fitting(actor.person_id, "write", writes=True))
            .group_by(Item.cell)
        ).all()
    )
    begun = and_(Item.state.not_in(("queued", *DONE, *GONE)), ~and_(Item.state == "writing", Item.taken == 0))
    counts = {
        cell: (int(done), int(flight))
        for cell, done, flight in db.execute(
            select(Item.cell, func.sum(case((Item.state.in_(DONE), 1), else_=0)),
                   func.sum(case((begun, 1), else_=0)))
            .where(Item.project_id == project_id, Item.state.not_in(GONE), ~Item.is_gold)
            .group_by(Item.cell)
        )
    }  # fmt: skip
    found = []
    for cell in requirement_of(spec).cells:
        key = cell_key(cell.where)
        accepted, in_flight = counts.get(key, (0, 0))
        if waiting.get(key) or key == own:
            left = waiting.get(key, 0)
            found.append(OpenCell(key, dict(cell.where), cell.target, accepted, in_flight, left))
    return sorted(found, key=lambda one: ((one.accepted + one.in_flight) / one.target, -one.target, one.key))


def items_of(db: Session, actor: Actor, project_id: str, key: str) -> list[tuple[str, str, str, int]]:
    """Return (item id, state, prompt, batch ordinal) of a cell, at most 500."""
    stand(db, actor, project_id, "see_plan")
    rows = db.execute(
        select(Item.id, Item.state, PoolPrompt.search_text, Batch.ordinal)
        .join(Batch, Batch.id == Item.batch_id)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
        .where(Item.project_id == project_id, Item.cell == key)
        .order_by(Item.id)
        .limit(500)
    )
    return [(row[0], row[1], row[2] or "", row[3]) for row in rows]
