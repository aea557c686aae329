"""A lead's address to a webhook with its own secret, and back to none."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.errors import Invalid, Unknown
from trivium.human.store.journal import Webhook
from trivium.human.store.journal_write import note_in

MOST = 10  # webhooks of one project


def hooks(db: Session, actor: Actor, project_id: str) -> list[Webhook]:
    """Return the project's webhooks that are in use."""
    stand(db, actor, project_id, "manage")
    query = select(Webhook).where(Webhook.project_id == project_id, Webhook.active).order_by(Webhook.created_at)
    return list(db.scalars(query))


def add(db: Session, actor: Actor, project_id: str, url: str, topics: Sequence[str] = ()) -> str:
    """Send the project's events to an address from now on; return the secret they are signed with, shown once."""
    stand(db, actor, project_id, "manage")
    if len(hooks(db, actor, project_id)) >= MOST:
        raise Invalid({"url": f"a project has at most {MOST} webhooks"})
    secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    row = Webhook(project_id=project_id, url=url, secret=secret, topics=list(topics))
    db.add(row)
    db.flush()
    note_in(db, project_id, actor.person_id, "webhook.added", f"webhook:{row.id}", topics=list(topics))
    return secret


def remove(db: Session, actor: Actor, project_id: str, hook_id: str) -> None:
    """Send nothing there any more."""
    stand(db, actor, project_id, "manage")
    row = db.get(Webhook, hook_id)
    if row is None or row.project_id != project_id or not row.active:
        raise Unknown("there is no such webhook")
    row.active = False
    note_in(db, project_id, actor.person_id, "webhook.removed", f"webhook:{hook_id}")
