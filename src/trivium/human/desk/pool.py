"""Prompts from data sets, users and writers to the pool of a project, where batches draw from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import Session

from trivium.core.seed import stream
from trivium.core.words import count_words, counter_of
from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.desk.near import clusters_of
from trivium.human.split import split_group
from trivium.human.store.columns import new_id, now
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import PoolPrompt, Withdrawal
from trivium.human.store.work import Item
from trivium.records import Message, Prompt, content_id, prompt_length

CHUNK = 500


@dataclass(frozen=True)
class NewPrompt:
    """A prompt to be taken in, with what a `Prompt` record does not say."""

    prompt: Prompt
    language: str = "en"
    source_ref: str | None = None
    consent: str | None = None
    """Under which words a user agreed; needed where the origin is `user`."""
    author_id: str | None = None
    cluster_id: str | None = None
    """Of the near-duplicates it belongs to; None: found by likeness to the pool, or by the source's own group."""


@dataclass(frozen=True)
class Added:
    """What became of an import: ids in order of the rows (old ids where a prompt was there), and how many are new."""

    ids: tuple[str, ...]
    num_new: int


def add(db: Session, actor: Actor, project_id: str, prompts: Iterable[NewPrompt]) -> Added:
    """Take prompts into the pool; one that is there already, by its messages, keeps its id."""
    stand(db, actor, project_id, "manage")
    added = take_in(db, project_id, prompts)
    note_in(db, project_id, actor.person_id, "pool.added", f"project:{project_id}", new=added.num_new,
            known=len(added.ids) - added.num_new)  # fmt: skip
    return added


def take_in(db: Session, project_id: str, prompts: Iterable[NewPrompt]) -> Added:
    """Write the prompts; whoever calls has checked that it may be."""
    wanted = [(row, sha256_of(row.prompt.messages)) for row in prompts]
    if any(row.prompt.origin == "user" and not row.consent for row, _ in wanted):
        raise Invalid({"consent": "a prompt of a user needs the words under which they agreed"})
    known: dict[str, str] = {}
    hashes = sorted({sha for _, sha in wanted})
    for start in range(0, len(hashes), CHUNK):
        part = hashes[start : start + CHUNK]
        query = select(PoolPrompt.sha256, PoolPrompt.id).where(
            PoolPrompt.project_id == project_id, PoolPrompt.sha256.in_(part)
        )
        known.update((row.sha256, row.id) for row in db.execute(query))
    fresh: list[dict[str, Any]] = []
    for row, sha in wanted:
        if sha not in known:
            fresh.append(_columns(project_id, row, sha))
            known[sha] = fresh[-1]["id"]
    if fresh:
        alike = clusters_of(db, project_id, {new["id"]: new["search_text"] for new in fresh if not new["cluster_id"]})
        for new in fresh:
            new["cluster_id"] = new["cluster_id"] or alike[new["id"]]
        db.execute(insert(PoolPrompt), fresh)
    return Added(tuple(known[sha] for _, sha in wanted), len(fresh))


def _columns(project_id: str, row: NewPrompt, sha: str) -> dict[str, Any]:
    prompt = row.prompt
    text = " ".join(message.content for message in prompt.messages)
    attrs: dict[str, Any] = {**prompt.attrs, **({"kind": prompt.kind} if prompt.kind else {})}
    return {
        "id": new_id(), "created_at": now(), "project_id": project_id, "language": row.language,
        "messages": [message.model_dump() for message in prompt.messages], "search_text": text, "origin": prompt.origin,
        "source": prompt.source, "source_ref": row.source_ref, "licence": prompt.licence, "consent": row.consent,
        "attrs": attrs, "num_words": count_words(text), "word_counter": counter_of(text), "bucket": prompt_length(text),
        "sha256": sha, "cluster_id": row.cluster_id or _group(prompt), "weight": 1.0,
        "author_id": row.author_id,
    }  # fmt: skip


def _group(prompt: Prompt) -> str:
    """Return the cluster that a source or an opening turn names: a story's questions, a dialogue that goes on. Empty
    for a single turn without a group, whose cluster is found by likeness.
    """
    if "group" not in prompt.attrs and len(prompt.messages) == 1:
        return ""
    return content_id("cluster", split_group(prompt))


def sha256_of(messages: Sequence[Message]) -> str:
    """Return the hash that makes two prompts the same one."""
    body = json.dumps([[m.role, m.content] for m in messages], ensure_ascii=False)
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class PoolRow:
    """A prompt of the pool as a lead sees it in a list."""

    id: str
    text: str
    language: str
    origin: str
    source: str
    licence: str
    bucket: str
    num_items: int
    withdrawn: bool


def search(
    db: Session, actor: Actor, project_id: str, *, text: str = "", unused: bool = False, page: int = 0
) -> tuple[list[PoolRow], int]:
    """Return one page (50) of the pool, newest first, and how many there are in all."""
    stand(db, actor, project_id, "manage")
    uses = select(func.count()).where(Item.prompt_id == PoolPrompt.id).scalar_subquery()
    gone = exists().where(Withdrawal.prompt_id == PoolPrompt.id)
    query = select(PoolPrompt).where(PoolPrompt.project_id == project_id)
    if text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(func.lower(PoolPrompt.search_text).like(pattern.lower(), escape="\\"))
    if unused:
        query = query.where(~exists().where(Item.prompt_id == PoolPrompt.id))
    total = db.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.execute(
        query.add_columns(uses, gone).order_by(PoolPrompt.id.desc()).limit(50).offset(50 * max(0, page))
    )
    found = [
        PoolRow(p.id, p.messages[-1]["content"], p.language, p.origin, p.source, p.licence, p.bucket, count, bool(out))
        for p, count, out in rows
    ]
    return found, total


def sample(db: Session, actor: Actor, project_id: str, number: int, *, seed: int = 0) -> list[str]:
    """Return ids of so many prompts of the pool that no item uses and nobody withdrew, drawn by weight.

    The same seed and pool give the same draw (Efraimidis and Spirakis 2006: the largest of u^(1/weight)).
    """
    stand(db, actor, project_id, "manage")
    rows = db.execute(
        select(PoolPrompt.id, PoolPrompt.weight)
        .where(PoolPrompt.project_id == project_id, PoolPrompt.weight > 0)
        .where(~exists().where(Item.prompt_id == PoolPrompt.id))
        .where(~exists().where(Withdrawal.prompt_id == PoolPrompt.id))
        .order_by(PoolPrompt.id)
    ).all()
    if not rows:
        raise Conflict("the pool has no prompt left", do="import prompts")
    keys = stream(seed, "pool", project_id).random(len(rows))
    order = sorted(range(len(rows)), key=lambda index: -float(keys[index]) ** (1 / rows[index].weight))
    return sorted(rows[index].id for index in order[:number])


def withdraw(db: Session, actor: Actor, project_id: str, prompt_id: str, reason: str = "") -> None:
    """Take a prompt out because its person took back their consent: its items are withdrawn, and the next delivery
    lists it.
    """
    from trivium.human.desk.rounds import end_item

    stand(db, actor, project_id, "manage")
    row = db.get(PoolPrompt, prompt_id)
    if row is None or row.project_id != project_id:
        raise Unknown("there is no such prompt")
    if db.get(Withdrawal, prompt_id) is None:
        db.add(Withdrawal(prompt_id=prompt_id, reason=reason))
        for item in db.scalars(select(Item).where(Item.prompt_id == prompt_id).with_for_update(key_share=True)).all():
            end_item(db, item, "withdraw", "lead")
        note_in(db, project_id, actor.person_id, "pool.withdrawn", f"prompt:{prompt_id}", reason=reason)


def record_of(row: PoolPrompt, *, test_share: float = 0.0, dev_share: float = 0.0) -> Prompt:
    """Return the prompt as the road knows it; its split hangs on its cluster, so no near-duplicate is in two (I9)."""
    draw = int(content_id("split", row.cluster_id)[:12], 16) / 16**12
    return Prompt.of_messages(
        tuple(Message(**message) for message in row.messages), origin=row.origin, source=row.source,
        licence=row.licence, kind=str(row.attrs.get("kind", "")),
        split="test" if draw < test_share else "dev" if draw < test_share + dev_share else "train",
        attrs={name: str(value) for name, value in row.attrs.items() if name != "kind"},
    )  # fmt: skip
