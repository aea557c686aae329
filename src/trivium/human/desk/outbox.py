"""Messages that wait to messages sent, tried again with growing pauses, or given up: what a worker asks and answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from trivium.human.desk.webhooks import sign
from trivium.human.store.columns import now
from trivium.human.store.journal import Outbox, Webhook

ATTEMPTS = 8
CLAIM_SECONDS = 60
"""A worker that takes a message and dies leaves it to the next after so long."""


@dataclass(frozen=True)
class Message:
    """One thing to post: the headers and the body as they go out. `id` is the same at every attempt."""

    id: str
    url: str
    headers: dict[str, str]
    body: bytes
    attempt: int


def due(db: Session, limit: int = 20) -> list[Message]:
    """Take the messages that are due, so that no other worker sends them now."""
    rows = db.execute(
        select(Outbox, Webhook)
        .join(Webhook, Webhook.id == Outbox.webhook_id)
        .where(Outbox.state == "waiting", Outbox.due_at <= now(), Webhook.active)
        .order_by(Outbox.due_at)
        .limit(limit)
        .with_for_update(of=Outbox, skip_locked=True, key_share=True)
    ).all()
    taken = []
    for row, hook in rows:
        row.attempts += 1
        row.due_at = now() + timedelta(seconds=CLAIM_SECONDS)
        stamp = int(now().timestamp())
        body = json.dumps(row.payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        headers = {
            "content-type": "application/json", "webhook-id": row.id, "webhook-timestamp": str(stamp),
            "webhook-signature": sign(hook.secret, row.id, stamp, body),
        }  # fmt: skip
        taken.append(Message(row.id, hook.url, headers, body, row.attempts))
    return taken


def sent(db: Session, message_id: str) -> None:
    """The receiver said yes."""
    db.execute(update(Outbox).where(Outbox.id == message_id).values(state="sent", last_error=""))


def failed(db: Session, message_id: str, error: str) -> None:
    """It did not go through: try again after 10 s, 40 s, 160 s … and give up after eight attempts."""
    row = db.get(Outbox, message_id)
    if row is None or row.state != "waiting":
        return
    row.last_error = error[:500]
    if row.attempts >= ATTEMPTS:
        row.state = "given_up"
    else:
        row.due_at = now() + timedelta(seconds=10 * 4 ** (row.attempts - 1))
