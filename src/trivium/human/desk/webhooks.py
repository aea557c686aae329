"""An address and a wish to a webhook, and a message to the signature that its receiver checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.errors import Invalid, Unknown
from trivium.human.states import BatchState, DeliveryState, Step
from trivium.human.store.columns import now
from trivium.human.store.journal import Outbox, Webhook
from trivium.human.store.journal_write import note_in
from trivium.human.store.projects import ProjectStatus

PREFIX = "whsec_"


TOPICS: frozenset[str] = frozenset({
    "assignment.skipped", "comment.added", "comment.resolved", "delivery.cleared", "generation.failed",
    "generation.requested", "generation.resumed", "generation.stopped", "guard.queued", "guideline.acknowledged",
    "guideline.published", "item.reassigned", "item.rejected", "item.withdrawn", "member.invited", "member.joined",
    "member.removed", "member.set", "member.uninvited", "pool.added", "pool.withdrawn", "project.configured",
    "project.described", "project.opened", "spec.frozen", "webhook.created", "webhook.removed", "webhook.again",
    *(f"batch.{state}" for state in get_args(BatchState)), *(f"delivery.{state}" for state in get_args(DeliveryState)),
    *(f"project.{status}" for status in get_args(ProjectStatus)), *(f"{step}.submitted" for step in get_args(Step)),
    *(f"{stage}.{what}" for stage in ("qa_internal", "qa_client") for what in ("drawn", "enlarged")),
})  # fmt: skip
"""Every kind of event in a project, as the log names it."""


@dataclass(frozen=True)
class Told:
    """A webhook, and what became of the messages to it."""

    hook: Webhook
    num_sent: int
    num_waiting: int
    num_given_up: int
    last_error: str
    """Why the newest of those that did not arrive did not."""


def create(db: Session, actor: Actor, project_id: str, url: str, topics: Sequence[str] = ()) -> Webhook:
    """Send a project's events (all, or those of some kinds) to an address; the row has the secret, shown once."""
    stand(db, actor, project_id, "manage")
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise Invalid({"url": "wanted an address like https://example.org/hook, without name and password"})
    if unknown := sorted(set(topics) - TOPICS):
        raise Invalid({"topics": f"no event is called {unknown[0]}; the log shows how they are called"})
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


def told(db: Session, actor: Actor, project_id: str) -> list[Told]:
    """Return the webhooks in use, each with what arrived, what waits to be tried again, and what was given up."""
    hooks = listed(db, actor, project_id)
    counts: dict[tuple[str, str], int] = {}
    errors: dict[str, str] = {}
    mine = Outbox.webhook_id.in_([one.id for one in hooks])
    for row in db.execute(
        select(Outbox.webhook_id, Outbox.state, func.count()).where(mine).group_by(Outbox.webhook_id, Outbox.state)
    ):
        counts[row[0], row[1]] = row[2]
    wrong = select(Outbox.webhook_id, Outbox.last_error).where(mine, Outbox.last_error != "", Outbox.state != "sent")
    errors.update((row[0], row[1]) for row in db.execute(wrong.order_by(Outbox.created_at)))

    def num(hook: Webhook, state: str) -> int:
        return counts.get((hook.id, state), 0)

    return [
        Told(one, num(one, "sent"), num(one, "waiting"), num(one, "given_up"), errors.get(one.id, "")) for one in hooks
    ]


def again(db: Session, actor: Actor, project_id: str, webhook_id: str) -> int:
    """Try what was given up once more, from the first attempt; return how many messages."""
    stand(db, actor, project_id, "manage")
    row = db.get(Webhook, webhook_id)
    if row is None or row.project_id != project_id or not row.active:
        raise Unknown("there is no such webhook")
    lost = (Outbox.webhook_id == webhook_id, Outbox.state == "given_up")
    number = db.scalar(select(func.count()).select_from(Outbox).where(*lost)) or 0
    db.execute(update(Outbox).where(*lost).values(state="waiting", attempts=0, due_at=now()))
    note_in(db, project_id, actor.person_id, "webhook.again", f"webhook:{row.id}", messages=number)
    return number


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
