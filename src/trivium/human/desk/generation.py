"""A model's name and items without replies to K replies each; whoever runs the model asks here what is wanted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.batches import NewReply, least_replies, put_replies
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.desk.settings import settings_of
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import PoolPrompt, Project
from trivium.human.store.work import Batch, Item, Reply
from trivium.records import Message

PROBLEM = "problem"
"""Where in what was asked stands why it cannot be done: in the database, because any process is asked for it."""
STOPPED = "the lead stopped it"
MOST_REPLIES, MOST_TOKENS = 9, 8192  # K has one digit key each


@dataclass(frozen=True)
class Sampling:
    """How replies are drawn."""

    temperatures: tuple[float, ...] = (1.0,)
    """One reply at each, over and over until there are K."""
    max_new_tokens: int = 256
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    num_replies: int | None = None
    """K; None: as many as the project's settings say."""


@dataclass(frozen=True)
class Wanted:
    """An item that waits for its replies."""

    item_id: str
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Progress:
    """How far a batch's generation has come."""

    done: int
    total: int
    failed: int
    model_ref: str
    last: str
    """The reply that was made last; empty before there is one."""


def request(db: Session, actor: Actor, batch_id: str, model_ref: str, sampling: Sampling) -> None:
    """Name the model that the items of an open batch get their replies from."""
    batch = db.get(Batch, batch_id)
    if batch is None:
        raise Unknown("there is no such batch")
    standing = stand(db, actor, batch.project_id, "manage")
    if batch.state != "open":
        raise Conflict("replies are asked for before the batch starts")
    number = settings_of(standing.project).num_replies if sampling.num_replies is None else sampling.num_replies
    _check(model_ref, sampling, number, least_replies(db, batch, standing.project.kind))
    batch.generation = {
        "model_ref": model_ref.strip(), "temperatures": list(sampling.temperatures), "top_k": sampling.top_k,
        "top_p": sampling.top_p, "max_new_tokens": sampling.max_new_tokens, "seed": sampling.seed,
        "num_replies": number,
    }  # fmt: skip
    note_in(db, batch.project_id, actor.person_id, "generation.requested", f"batch:{batch.id}", model=model_ref)


def _check(model_ref: str, sampling: Sampling, number: int, least: int) -> None:
    """Refuse what no model can do, field by field."""
    wrong: dict[str, str] = {}
    if not model_ref.strip():
        wrong["model"] = "name a model: RUN/STAGE, an artifact id or a folder"
    if not least <= number <= MOST_REPLIES:
        wrong["k"] = f"wanted {least} to {MOST_REPLIES} replies a prompt, found {number}"
    if not sampling.temperatures or not all(0 <= one < math.inf for one in sampling.temperatures):  # NaN is neither
        wrong["temperature"] = "wanted a temperature from 0"
    if not 1 <= sampling.max_new_tokens <= MOST_TOKENS:
        wrong["max_tokens"] = f"wanted 1 to {MOST_TOKENS} tokens, found {sampling.max_new_tokens}"
    if wrong:
        raise Invalid(wrong)


def batches_wanted(db: Session) -> list[tuple[str, dict[str, Any]]]:
    """Return (batch id, what was asked) of every batch with items that wait for replies and a model that can give
    them, the oldest first: for the generator.
    """
    rows = db.execute(
        select(Batch.id, Batch.generation)
        .where(Batch.state == "working", select(Item.id).where(Item.batch_id == Batch.id, Item.state == "generating")
               .exists())
        .order_by(Batch.created_at)
    )  # fmt: skip
    return [(row.id, dict(row.generation)) for row in rows if PROBLEM not in row.generation]


def fail(db: Session, batch_id: str, message: str, do: str) -> None:
    """Write down why a batch's model cannot reply, and what to do; the batch rests until somebody asks again."""
    batch = _locked(db, batch_id)
    batch.generation = {**batch.generation, PROBLEM: [message, do]}


def retry(db: Session, actor: Actor, batch_id: str, model_ref: str = "") -> None:
    """Let a batch's model go on, after its problem was mended or it was stopped; or another model, if one is named."""
    batch = _locked(db, batch_id)
    stand(db, actor, batch.project_id, "manage")
    if not batch.generation:
        raise Conflict("no model replies to this batch")
    batch.generation = {name: value for name, value in batch.generation.items() if name != PROBLEM}
    if model_ref.strip():
        batch.generation = {**batch.generation, "model_ref": model_ref.strip()}
    model = batch.generation["model_ref"]
    note_in(db, batch.project_id, actor.person_id, "generation.resumed", f"batch:{batch.id}", model=model)


def stop(db: Session, actor: Actor, batch_id: str) -> None:
    """Let a batch's model rest: what it has made stays, the other prompts wait until somebody lets it go on."""
    batch = _locked(db, batch_id)
    stand(db, actor, batch.project_id, "manage")
    if batch.state != "working" or not batch.generation:
        raise Conflict("no model is at work on this batch")
    if PROBLEM not in batch.generation:
        batch.generation = {**batch.generation, PROBLEM: [STOPPED, "let it go on, or name another model"]}
        note_in(db, batch.project_id, actor.person_id, "generation.stopped", f"batch:{batch.id}")


def problem_of(batch: Batch) -> tuple[str, str] | None:
    """Return why a batch's model cannot reply and what to do, or None where nothing is wrong."""
    message, do = batch.generation.get(PROBLEM) or ("", "")
    return (message, do) if message else None


def _locked(db: Session, batch_id: str) -> Batch:
    query = select(Batch).where(Batch.id == batch_id).with_for_update(key_share=True)
    batch = db.scalar(query.execution_options(populate_existing=True))
    if batch is None:
        raise Unknown("there is no such batch")
    return batch


def wanted(db: Session, batch_id: str, limit: int = 16) -> list[Wanted]:
    """Return the next items that wait for replies."""
    rows = db.execute(
        select(Item.id, PoolPrompt.messages)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id)
        .where(Item.batch_id == batch_id, Item.state == "generating")
        .order_by(Item.priority, Item.draw)
        .limit(limit)
    )
    return [Wanted(row.id, tuple(Message(**one) for one in row.messages)) for row in rows]


def store(db: Session, batch_id: str, replies: Mapping[str, Sequence[NewReply]]) -> int:
    """Keep the replies of some items and offer these to labellers; an item that got its replies meanwhile is passed
    over. Items with too few replies are rejected: the failure is counted, not hidden.
    """
    from trivium.human.desk.rounds import settle

    batch = db.get_one(Batch, batch_id)
    project = db.get_one(Project, batch.project_id)
    overlap, least = settings_of(project).overlap, least_replies(db, batch, project.kind)
    waiting = set(
        db.scalars(
            select(Item.id)
            .where(Item.batch_id == batch_id, Item.state == "generating", Item.id.in_(list(replies)))
            .with_for_update(key_share=True)
        )
    )
    fresh = {item_id: given for item_id, given in replies.items() if item_id in waiting}
    good = {item_id: given for item_id, given in fresh.items() if len(given) >= least}
    put_replies(db, batch_id, good)
    if good:
        db.execute(update(Item).where(Item.id.in_(list(good))).values(state="labelling", step="label", wanted=overlap))
    bad = [item_id for item_id in fresh if item_id not in good]
    if bad:
        db.execute(update(Item).where(Item.id.in_(bad)).values(state="rejected", step=None, wanted=0))
        note_in(db, batch.project_id, "studio", "generation.failed", f"batch:{batch_id}", items=len(bad))
        settle(db, batch_id)
    return len(good)


def progress(db: Session, actor: Actor, batch_id: str) -> Progress:
    """Return how many items have their replies."""
    batch = db.get(Batch, batch_id)
    if batch is None:
        raise Unknown("there is no such batch")
    stand(db, actor, batch.project_id, "see_plan")
    counts = dict(
        db.execute(select(Item.state, func.count()).where(Item.batch_id == batch_id).group_by(Item.state)).all()
    )
    total = sum(counts.values())
    missing = counts.get("generating", 0) + counts.get("queued", 0)
    failed = counts.get("rejected", 0)
    newest = select(Reply.content).join(Item, Item.id == Reply.item_id).where(Item.batch_id == batch_id)
    last = db.scalar(newest.order_by(Reply.id.desc()).limit(1)) or ""
    return Progress(total - missing - failed, total, failed, str(batch.generation.get("model_ref", "")), last)
