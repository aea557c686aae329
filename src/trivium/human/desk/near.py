"""A prompt being written to the prompts of the pool that are close to it, as fast as a pause in typing needs."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.duplicates import PromptIndex
from trivium.human.store.projects import PoolPrompt

LEAST_CHARACTERS = 20
_lock = threading.Lock()
_indexes: dict[tuple[str, str], tuple[PromptIndex, str]] = {}
"""(database, project) → the index and the newest id in it: ids sort by time, so only what is new is read."""


@dataclass(frozen=True)
class Close:
    """A prompt that is close to another."""

    id: str
    text: str
    likeness: float


def nearest(db: Session, actor: Actor, project_id: str, text: str, *, least: float) -> list[Close]:
    """Return at most three prompts of the pool at least that alike; the person's own returned text is among them."""
    stand(db, actor, project_id, "write")
    if len(text.strip()) < LEAST_CHARACTERS:
        return []
    with _lock:
        index = _fresh(db, project_id)
        found = index.nearest(text, least=least, limit=3)
    texts = dict(
        db.execute(
            select(PoolPrompt.id, PoolPrompt.search_text).where(PoolPrompt.id.in_([one.id for one in found]))
        ).all()
    )
    return [Close(one.id, texts[one.id], one.likeness) for one in found if one.id in texts]


def _fresh(db: Session, project_id: str) -> PromptIndex:
    key = (str(db.get_bind().engine.url), project_id)
    index, newest = _indexes.get(key, (PromptIndex(), ""))
    rows = db.execute(
        select(PoolPrompt.id, PoolPrompt.search_text)
        .where(PoolPrompt.project_id == project_id, PoolPrompt.id > newest)
        .order_by(PoolPrompt.id)
    )
    for row in rows:
        index.add(row.id, row.search_text)
        newest = row.id
    _indexes[key] = (index, newest)
    return index
