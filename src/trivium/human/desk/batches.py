"""Requirement, pool and replies to a batch of items that people can be given; and the board of all batches."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, aliased

from trivium.core.seed import derive
from trivium.human.desk.actor import Actor, Standing, stand
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.desk.guidelines import must_be_published, rubric_of
from trivium.human.desk.rounds import settle
from trivium.human.desk.settings import settings_of
from trivium.human.desk.specs import cell_key, must_be_frozen, requirement_of
from trivium.human.states import BATCH, transition
from trivium.human.store.columns import new_id, now
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import Guideline, PoolPrompt, Project, Spec
from trivium.human.store.work import Batch, Item, Reply

CHUNK = 500
TEXTS = ("demonstration", "redteam")


@dataclass(frozen=True)
class NewReply:
    """A reply to be judged, from a model or a file."""

    content: str
    model_ref: str | None = None
    """Hidden from labellers."""
    generation: Mapping[str, Any] = field(default_factory=dict)
    """checkpoint sha, seed, temperature, top_p, max_new_tokens."""


def open_batch(db: Session, actor: Actor, project_id: str, *, due_at: datetime | None = None) -> Batch:
    """Open the next batch under the guideline in force, and for texts under the newest frozen requirement."""
    standing = stand(db, actor, project_id, "manage")
    guideline = must_be_published(db, project_id)
    spec = must_be_frozen(db, project_id) if standing.project.kind == "demonstration" else None
    db.execute(select(Project.id).where(Project.id == project_id).with_for_update(key_share=True))
    ordinal = (db.scalar(select(func.max(Batch.ordinal)).where(Batch.project_id == project_id)) or 0) + 1
    batch = Batch(
        project_id=project_id, ordinal=ordinal, guideline_id=guideline.id, spec_id=spec.id if spec else None,
        due_at=due_at, plan={}, generation={},
    )  # fmt: skip
    db.add(batch)
    db.flush()
    note_in(db, project_id, actor.person_id, "batch.open", f"batch:{batch.id}", ordinal=ordinal)
    return batch


def plan_cells(
    db: Session, actor: Actor, batch_id: str, counts: Mapping[str, int] | None = None
) -> int:
    """Fill an open batch with pairs to be written: so many per cell, or everything that the requirement still lacks.

    `counts` is cell key → number. No cell is planned beyond its target (I11); the shorter a cell, the earlier its pairs
    are offered. Returns how many were added.
    """
    batch, standing = _open(db, actor, batch_id)
    if standing.project.kind not in TEXTS or batch.spec_id is None:
        raise Conflict("only batches under a requirement are planned by cells")
    requirement = requirement_of(db.get_one(Spec, batch.spec_id))
    taken = planned(db, batch.project_id)
    rows: list[dict[str, Any]] = []
    for cell in requirement.cells:
        key = cell_key(cell.where)
        missing = cell.target - taken.get(key, 0)
        number = missing if counts is None else counts.get(key, 0)
        if number > missing:
            raise Invalid({key: f"this cell lacks {max(missing, 0)}, so {number} cannot be planned"})
        need = round(1000 * (1 - missing / cell.target))  # the shortest first
        rows += [_row(batch, standing, cell=key, attrs=cell.where, priority=need) for _ in range(max(0, number))]
    return _write(db, batch, rows)


def planned(db: Session, project_id: str) -> dict[str, int]:
    """Return cell key → pairs that are accepted or on their way, in all batches."""
    rows = db.execute(
        select(Item.cell, func.count())
        .where(Item.project_id == project_id, Item.cell.is_not(None))
        .where(Item.state.not_in(("rejected", "withdrawn", "unrankable")), ~Item.is_gold)
        .group_by(Item.cell)
    )
    return {cell: count for cell, count in rows if cell is not None}


def add_prompts(
    db: Session, actor: Actor, batch_id: str, prompt_ids: Sequence[str], *, cell: Mapping[str, str] | None = None
) -> list[str]:
    """Add an item for each prompt of the pool and return the items' ids: to be answered by a writer, or ranked."""
    batch, standing = _open(db, actor, batch_id)
    found: set[str] = set()
    for start in range(0, len(prompt_ids), CHUNK):
        query = select(PoolPrompt.id).where(
            PoolPrompt.project_id == batch.project_id, PoolPrompt.id.in_(prompt_ids[start : start + CHUNK])
        )
        found.update(db.scalars(query))
    missing = [prompt_id for prompt_id in prompt_ids if prompt_id not in found]
    if missing:
        raise Unknown(f"{len(missing)} of the prompts are not in this project's pool")
    key = cell_key(cell) if cell else None
    rows = [_row(batch, standing, prompt_id=one, cell=key, attrs=dict(cell or {})) for one in prompt_ids]
    _write(db, batch, rows)
    return [row["id"] for row in rows]


def add_replies(db: Session, actor: Actor, batch_id: str, replies: Mapping[str, Sequence[NewReply]]) -> int:
    """Give items of an open batch their replies (item id → K of them); return how many replies were added."""
    batch, standing = _open(db, actor, batch_id)
    if standing.project.kind in TEXTS:
        raise Conflict("texts are written here, not imported as replies to rank")
    return put_replies(db, batch.id, replies)


def put_replies(db: Session, batch_id: str, replies: Mapping[str, Sequence[NewReply]]) -> int:
    """Write replies to items that have none; whoever calls has checked that it may be."""
    ids = list(replies)
    known: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        known.update(db.scalars(select(Item.id).where(Item.batch_id == batch_id, Item.id.in_(part))))
        if db.scalar(select(Reply.id).where(Reply.item_id.in_(part)).limit(1)) is not None:
            raise Conflict("an item has its replies already, and replies never change")
    if len(known) != len(ids):
        raise Unknown("an item is not of this batch")
    rows: list[dict[str, Any]] = []
    for item_id, given in replies.items():
        rows += [
            {"id": new_id(), "created_at": now(), "item_id": item_id, "slot": slot, "round": 1, "revision": 0,
             "author_id": None, "model_ref": one.model_ref, "content": one.content, "parent_id": None,
             "generation": dict(one.generation),
             "sha256": hashlib.sha256(one.content.encode("utf-8", "surrogatepass")).hexdigest()}
            for slot, one in enumerate(given)
        ]  # fmt: skip
    if rows:
        db.execute(insert(Reply), rows)
    return len(rows)


def set_gold(db: Session, actor: Actor, item_id: str, ranks: Sequence[int] | None = None, verdict: str = "") -> None:
    """Make an item of an open batch a gold one, whose right answer (in slot order) is known: never delivered (I8)."""
    item = db.get(Item, item_id)
    if item is None:
        raise Unknown("there is no such item")
    _open(db, actor, item.batch_id)
    item.is_gold = True
    item.gold = {**({"ranks": list(ranks)} if ranks else {}), **({"verdict": verdict} if verdict else {})}


def start(db: Session, actor: Actor, batch_id: str) -> Batch:
    """Let people work on the batch: texts are offered to writers, replies to labellers; items that still need replies
    are offered to the generator.
    """
    batch, standing = _open(db, actor, batch_id)
    if db.scalar(select(Item.id).where(Item.batch_id == batch_id).limit(1)) is None:
        raise Conflict("the batch is empty", do="plan cells or add prompts first")
    kind, settings = standing.project.kind, settings_of(standing.project)
    queued = [Item.batch_id == batch_id, Item.state == "queued"]
    if kind in TEXTS:
        db.execute(update(Item).where(*queued).values(state="writing", step="write", wanted=1))
    else:
        least = least_replies(db, batch, kind)
        one = aliased(Item)
        here = select(Reply.item_id).join(one, one.id == Reply.item_id).where(one.batch_id == batch_id)
        enough = here.group_by(Reply.item_id).having(func.count() >= least)
        db.execute(
            update(Item).where(*queued, Item.id.in_(enough))
            .values(state="labelling", step="label", wanted=settings.overlap)
        )  # fmt: skip
        bare = db.scalar(select(func.count()).where(*queued)) or 0
        if bare and not batch.generation:
            raise Conflict(f"{bare} items have fewer than {least} replies", do="import replies or choose a model")
        db.execute(update(Item).where(*queued).values(state="generating"))
    batch.state = transition(BATCH, batch.state, "start", "lead")  # type: ignore[assignment]
    note_in(db, batch.project_id, actor.person_id, "batch.working", f"batch:{batch.id}", ordinal=batch.ordinal)
    db.flush()
    settle(db, batch_id)
    return batch


def least_replies(db: Session, batch: Batch, kind: str) -> int:
    """Return how many replies an item of the batch needs: two for an order, one for a thumb or a guard's verdict."""
    rubric = rubric_of(db.get_one(Guideline, batch.guideline_id))
    return 2 if kind == "comparison" and (rubric is None or rubric.ranked) else 1


@dataclass(frozen=True)
class BoardRow:
    """A batch on the board with how many of its items are where."""

    id: str
    ordinal: int
    state: str
    round: int
    spec_version: int | None
    guideline_id: str
    due_at: datetime | None
    plan: dict[str, Any]
    states: dict[str, int]
    generation: dict[str, Any]

    @property
    def total(self) -> int:
        """Items of the batch that were not taken out."""
        return sum(count for state, count in self.states.items() if state not in ("rejected", "withdrawn"))


def board(db: Session, actor: Actor, project_id: str) -> list[BoardRow]:
    """Return all batches, newest first, with their counts in two queries."""
    stand(db, actor, project_id, "see_plan")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for batch_id, state, count in db.execute(
        select(Item.batch_id, Item.state, func.count())
        .where(Item.project_id == project_id)
        .group_by(Item.batch_id, Item.state)
    ):
        counts[batch_id][state] = count
    rows = db.execute(
        select(Batch, Spec.version)
        .join(Spec, Spec.id == Batch.spec_id, isouter=True)
        .where(Batch.project_id == project_id)
        .order_by(Batch.ordinal.desc())
    )
    return [
        BoardRow(b.id, b.ordinal, b.state, b.round, version, b.guideline_id, b.due_at, dict(b.plan),
                 dict(counts[b.id]), dict(b.generation))
        for b, version in rows
    ]  # fmt: skip


def _open(db: Session, actor: Actor, batch_id: str) -> tuple[Batch, Standing]:
    batch = db.scalar(select(Batch).where(Batch.id == batch_id).with_for_update(key_share=True))
    if batch is None:
        raise Unknown("there is no such batch")
    standing = stand(db, actor, batch.project_id, "manage")
    if batch.state != "open":
        raise Conflict(f"batch {batch.ordinal} is {batch.state.replace('_', ' ')} already", do="open another batch")
    return batch, standing


def _row(
    batch: Batch, standing: Standing, *, attrs: Mapping[str, str], cell: str | None = None,
    prompt_id: str | None = None, priority: int = 0,
) -> dict[str, Any]:  # fmt: skip
    item_id = new_id()
    return {
        "id": item_id, "created_at": now(), "project_id": batch.project_id, "batch_id": batch.id,
        "prompt_id": prompt_id, "state": "queued", "round": 1, "step": None, "wanted": 0, "taken": 0, "done": 0,
        "skips": 0, "priority": priority, "cell": cell, "attrs": dict(attrs), "is_gold": False, "gold": {},
        "draw": derive(settings_of(standing.project).seed, "queue", item_id) % 2**31, "sampled": False,
    }  # fmt: skip


def _write(db: Session, batch: Batch, rows: list[dict[str, Any]]) -> int:
    if rows:
        db.execute(insert(Item), rows)
    return len(rows)
