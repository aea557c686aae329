"""An address and a wish to a webhook, and a message to the signature that its receiver checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.errors import Invalid, Unknown
from trivium.human.store.journal import Webhook
from trivium.human.store.journal_write import note_in

PREFIX = "whsec_"


def create(db: Session, actor: Actor, project_id: str, url: str, topics: Sequence[str] = ()) -> Webhook:
    """Send a project's events (all, or those of some kinds) to an address; the row has the secret, shown once."""
    stand(db, actor, project_id, "manage")
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Invalid({"url": "wanted an address like https://example.org/hook, without name and password"})
    row = Webhook(
        project_id=project_id, url=url.strip(), topics=sorted(set(topics)),
        secret=PREFIX + base64.b64encode(secrets.token_bytes(32)).decode(),
    )  # fmt: skip
    db.add(row)
    db.flush()
    note_in(db, project_id, actor.person_id, "webhook.created", f"webhook:{row.id}")
    return row


def listed(db: Session, actor: Actor, project_id: str) -> list[Webhook]:
    """Return the project's webhooks that are in use."""
    stand(db, actor, project_id, "manage")
    return list(db.scalars(select(Webhook).where(Webhook.project_id == project_id, Webhook.active)))


def remove(db: Session, actor: Actor, project_id: str, webhook_id: str) -> None:
    """Send nothing more to an address."""
    stand(db, actor, project_id, "manage")
    row = db.get(Webhook, webhook_id)
    if row is None or row.project_id != project_id:
        raise Unknown("there is no such webhook")
    row.active = False
    note_in(db, project_id, actor.person_id, "webhook.removed", f"webhook:{row.id}")


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header: HMAC-SHA256 over id.timestamp.body (Standard Webhooks 1.0.0).

    >>> sign("whsec_" + "AAAA", "msg_1", 0, b"{}")[:3]
    'v1,'
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
