"""A prompt being written to the prompts of the pool that are close to it, as fast as a pause in typing needs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.duplicates import PromptIndex
from trivium.human.store.projects import PoolPrompt

LEAST_CHARACTERS = 20
LATE_MILLISECONDS = 120_000
"""An id is made before its transaction ends, here or in another process: so far back is looked for late ones."""
CHUNK = 500
_lock = threading.Lock()
_indexes: dict[tuple[str, str], tuple[PromptIndex, str]] = {}
"""(database, project) → the index and the newest id in it: ids begin with their time, so only what is new is read."""


@dataclass(frozen=True)
class Close:
    """A prompt that is close to another."""

    id: str
    text: str
    likeness: float


def nearest(db: Session, actor: Actor, project_id: str, text: str, *, least: float) -> list[Close]:
    """Return at most three prompts of the pool at least that alike; the person's own returned text is among them."""
    stand(db, actor, project_id, "write")
    return _close(db, project_id, text, least)


def beside(db: Session, actor: Actor, project_id: str, prompt_id: str, *, least: float) -> list[Close]:
    """Return the prompts of the pool that are at least that alike to one of them: for who reviews it."""
    stand(db, actor, project_id)
    row = db.get(PoolPrompt, prompt_id)
    if row is None or row.project_id != project_id:
        return []
    return [one for one in _close(db, project_id, row.search_text, least) if one.id != prompt_id]


def _close(db: Session, project_id: str, text: str, least: float) -> list[Close]:
    if len(text.strip()) < LEAST_CHARACTERS:
        return []
    with _lock:
        index = _fresh(db, project_id)
        found = index.nearest(text, least=least, limit=3)
    query = select(PoolPrompt.id, PoolPrompt.search_text).where(PoolPrompt.id.in_([one.id for one in found]))
    texts = {row.id: row.search_text for row in db.execute(query)}
    return [Close(one.id, texts[one.id], one.likeness) for one in found if one.id in texts]


def clusters_of(db: Session, project_id: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return id → cluster of new prompts: that of the nearest in the pool, or of one before it here, or its own."""
    found: dict[str, str] = {}
    if not texts:
        return found
    with _lock:
        index = _fresh(db, project_id)
        for name, text in texts.items():
            close = index.nearest(text, limit=1)
            found[name] = close[0].id if close else name
            index.add(name, text)  # where the transaction fails it stays, names nothing, and is looked up in vain
    old = {near for name, near in found.items() if near not in texts}
    query = select(PoolPrompt.id, PoolPrompt.cluster_id).where(PoolPrompt.id.in_(old))
    known = {row.id: row.cluster_id for row in db.execute(query)}
    for name in texts:
        near = found[name]
        found[name] = name if near == name else found.get(near) or known.get(near, name)
    return found


def _fresh(db: Session, project_id: str) -> PromptIndex:
    key = (str(db.get_bind().engine.url), project_id)
    index, newest = _indexes.get(key, (PromptIndex(), ""))
    since = f"{max(0, int(newest[:12], 16) - LATE_MILLISECONDS):012x}" if newest else ""
    ids = db.scalars(
        select(PoolPrompt.id).where(PoolPrompt.project_id == project_id, PoolPrompt.id > since).order_by(PoolPrompt.id)
    ).all()
    new = [one for one in ids if one not in index]
    for start in range(0, len(new), CHUNK):
        part = new[start : start + CHUNK]
        for row in db.execute(select(PoolPrompt.id, PoolPrompt.search_text).where(PoolPrompt.id.in_(part))):
            index.add(row.id, row.search_text)
    _indexes[key] = (index, ids[-1] if ids else newest)
    return index
