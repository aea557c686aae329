"""A lead's text to a published guideline, and a person's reading of it to an acknowledgement."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import ValidationError
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import STUDIO, Actor, stand
from trivium.human.desk.errors import Conflict, Invalid, NotAcknowledged, Unknown
from trivium.human.rubrics import Rubric
from trivium.human.states import GUIDELINE, transition
from trivium.human.store.columns import now
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import Ack, Guideline


def draft(
    db: Session, actor: Actor, project_id: str, markdown: str, *, rubric: Mapping[str, Any], changelog: str = ""
) -> Guideline:
    """Keep the draft of the next version; there is at most one, and saving replaces it. `rubric` is a `rubrics.Rubric`
    as JSON, empty where people only write.
    """
    stand(db, actor, project_id, "manage")
    if not markdown.strip():
        raise Invalid({"markdown": "write what people are to do"})
    row = db.scalar(select(Guideline).where(Guideline.project_id == project_id, Guideline.status == "draft"))
    if row is None:
        version = (db.scalar(select(func.max(Guideline.version)).where(Guideline.project_id == project_id)) or 0) + 1
        row = Guideline(project_id=project_id, version=version)
        db.add(row)
    row.markdown, row.rubric, row.changelog = markdown, _checked(rubric), changelog
    db.flush()
    return row


def _checked(rubric: Mapping[str, Any]) -> dict[str, Any]:
    if not rubric:
        return {}
    try:
        return Rubric.model_validate(rubric).model_dump(mode="json")
    except ValidationError as error:
        raise Invalid({".".join(("rubric", *map(str, one["loc"]))): one["msg"] for one in error.errors()}) from error


def rubric_of(row: Guideline) -> Rubric | None:
    """Return what people mark under this version; None where they only write or review."""
    return _parsed(json.dumps(row.rubric, sort_keys=True)) if row.rubric else None


@lru_cache(maxsize=256)
def _parsed(rubric: str) -> Rubric:
    return Rubric.model_validate_json(rubric)


@dataclass(frozen=True)
class Terms:
    """A version as marks are given and read under it."""

    version: int
    rubric: Rubric | None


_TERMS: dict[str, Terms] = {}
_MOST_TERMS = 1_000


def terms_of(db: Session, guideline_id: str) -> Terms:
    """Return a version's terms; those of a version that was published are kept, because it never changes."""
    kept = _TERMS.get(guideline_id)
    if kept is not None:
        return kept
    row = db.get_one(Guideline, guideline_id)
    terms = Terms(row.version, rubric_of(row))
    if row.status != "draft":
        if len(_TERMS) >= _MOST_TERMS:
            _TERMS.clear()
        _TERMS[guideline_id] = terms
    return terms


def publish(db: Session, actor: Actor, project_id: str, guideline_id: str) -> Guideline:
    """Publish a draft: the version before retires, batches that run keep the one they pinned."""
    standing = stand(db, actor, project_id, "manage")
    row = get(db, actor, project_id, guideline_id)
    row.status = transition(GUIDELINE, row.status, "publish", standing.hand)  # type: ignore[assignment]
    for old in db.scalars(
        select(Guideline).where(
            Guideline.project_id == project_id, Guideline.status == "published", Guideline.id != row.id
        )
    ):
        old.status = transition(GUIDELINE, old.status, "retire", "clock")  # type: ignore[assignment]
    body = row.markdown + "\x1f" + json.dumps(row.rubric, sort_keys=True, ensure_ascii=False)
    row.sha256 = hashlib.sha256(body.encode()).hexdigest()
    row.published_at = now()
    db.flush()
    note_in(db, project_id, actor.person_id, "guideline.published", f"guideline:{row.id}", version=row.version,
            sha256=row.sha256)  # fmt: skip
    return row


def get(db: Session, actor: Actor, project_id: str, guideline_id: str) -> Guideline:
    """Return a version; drafts are for leads only."""
    standing = stand(db, actor, project_id)
    row = db.get(Guideline, guideline_id)
    if row is None or row.project_id != project_id or (row.status == "draft" and not standing.can("manage")):
        raise Unknown("there is no such guideline")
    return row


def versions(db: Session, actor: Actor, project_id: str) -> list[Guideline]:
    """Return all versions the actor may see, newest first."""
    standing = stand(db, actor, project_id)
    query = select(Guideline).where(Guideline.project_id == project_id).order_by(Guideline.version.desc())
    if not standing.can("manage"):
        query = query.where(Guideline.status != "draft")
    return list(db.scalars(query))


def published(db: Session, project_id: str) -> Guideline | None:
    """Return the version in force."""
    return db.scalar(select(Guideline).where(Guideline.project_id == project_id, Guideline.status == "published"))


def must_be_published(db: Session, project_id: str) -> Guideline:
    """Return the version in force, or say that there is none yet."""
    row = published(db, project_id)
    if row is None:
        raise Conflict("no guideline is published yet", do="write the guideline and publish it")
    return row


def difference(before: Guideline | None, after: Guideline) -> list[tuple[str, str]]:
    """Return the lines of the newer version as (sign, line): `+` came, `-` went, ` ` stayed."""
    old = before.markdown.splitlines() if before else []
    rows = difflib.ndiff(old, after.markdown.splitlines())
    return [(row[0], row[2:]) for row in rows if row[0] != "?"]


def acknowledge(db: Session, actor: Actor, project_id: str, guideline_id: str) -> None:
    """Keep the actor's word that they read this version; saying it twice changes nothing."""
    row = get(db, actor, project_id, guideline_id)
    if row.status == "draft":
        raise Conflict("a draft is not acknowledged", do="publish it first")
    if db.get(Ack, (actor.person_id, guideline_id)) is None:
        db.add(Ack(person_id=actor.person_id, guideline_id=guideline_id))
        db.flush()
        note_in(db, project_id, actor.person_id, "guideline.acknowledged", f"guideline:{guideline_id}")


_READ = select(Ack.at).where(Ack.person_id == bindparam("me"), Ack.guideline_id == bindparam("guideline"))


def read_by(db: Session, person_id: str, guideline_id: str) -> bool:
    """Say whether the person acknowledged this version."""
    return db.scalar(_READ, {"me": person_id, "guideline": guideline_id}) is not None


def must_be_read(db: Session, actor: Actor, guideline_id: str) -> None:
    """Raise NotAcknowledged where the actor has not read this version (I4)."""
    if actor is not STUDIO and not read_by(db, actor.person_id, guideline_id):
        version = db.scalar(select(Guideline.version).where(Guideline.id == guideline_id))
        raise NotAcknowledged(guideline_id, version or 0)


def readers(db: Session, actor: Actor, project_id: str, guideline_id: str) -> list[str]:
    """Return the ids of those who acknowledged it."""
    stand(db, actor, project_id, "manage")
    return list(db.scalars(select(Ack.person_id).where(Ack.guideline_id == guideline_id)))
