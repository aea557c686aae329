"""A wish to a frozen requirement: versions of what is wanted, with target counts per cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trivium.human.coverage import Requirement
from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.states import SPEC, transition
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import Spec


def cell_key(where: Mapping[str, str]) -> str:
    """Return the short name of a cell: the same for the same dimensions and values in any order.

    >>> cell_key({"a": "1", "b": "2"}) == cell_key({"b": "2", "a": "1"})
    True
    """
    body = json.dumps(dict(where), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:16]


def draft(db: Session, actor: Actor, project_id: str, body: Mapping[str, Any]) -> Spec:
    """Keep the draft of the next version; there is at most one, and saving replaces it. `body` is a
    `coverage.Requirement` as JSON.
    """
    stand(db, actor, project_id, "manage")
    checked = _checked(body)
    row = db.scalar(select(Spec).where(Spec.project_id == project_id, Spec.status == "draft"))
    if row is None:
        version = (db.scalar(select(func.max(Spec.version)).where(Spec.project_id == project_id)) or 0) + 1
        row = Spec(project_id=project_id, version=version, body=checked)
        db.add(row)
    row.body = checked
    db.flush()
    return row


def freeze(db: Session, actor: Actor, project_id: str, spec_id: str) -> Spec:
    """Freeze a draft: from now on it has a hash and never changes."""
    standing = stand(db, actor, project_id, "manage")
    row = _spec(db, project_id, spec_id)
    row.status = transition(SPEC, row.status, "freeze", standing.hand)  # type: ignore[assignment]
    body = json.dumps(row.body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    row.sha256 = hashlib.sha256(body.encode()).hexdigest()
    row.frozen_by = actor.person_id
    note_in(db, project_id, actor.person_id, "spec.frozen", f"spec:{row.id}", version=row.version, sha256=row.sha256)
    return row


def versions(db: Session, actor: Actor, project_id: str) -> list[Spec]:
    """Return all versions, newest first."""
    stand(db, actor, project_id, "see_plan")
    return list(db.scalars(select(Spec).where(Spec.project_id == project_id).order_by(Spec.version.desc())))


def frozen(db: Session, project_id: str) -> Spec | None:
    """Return the newest frozen version."""
    query = select(Spec).where(Spec.project_id == project_id, Spec.status == "frozen")
    return db.scalar(query.order_by(Spec.version.desc()).limit(1))


def _spec(db: Session, project_id: str, spec_id: str) -> Spec:
    row = db.get(Spec, spec_id)
    if row is None or row.project_id != project_id:
        raise Unknown("there is no such requirement")
    return row


def _checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body if it is a requirement: its cells name known values, do not overlap, and have targets that can
    be reached.
    """
    try:
        requirement = Requirement.model_validate(body)
    except ValidationError as error:
        raise Invalid({".".join(map(str, one["loc"])) or "cells": one["msg"] for one in error.errors()}) from error
    if (cell := requirement.beyond) is not None:
        raise Invalid({
            "body": f"{cell.marks} {cell.target} is more than all cells ask for together, which is {requirement.target}"
        })  # fmt: skip
    return requirement.model_dump(mode="json")


def requirement_of(spec: Spec) -> Requirement:
    """Return what a version asks for."""
    return Requirement.model_validate(spec.body)


def must_be_frozen(db: Session, project_id: str) -> Spec:
    """Return the newest frozen version, or say that there is none yet."""
    row = frozen(db, project_id)
    if row is None:
        raise Conflict("no requirement is frozen yet", do="write the requirement and freeze it")
    return row
