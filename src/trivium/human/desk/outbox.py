"""Messages that wait to ones that arrived, or were given up after a day of tries; for the worker that sends them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.store.columns import now
from trivium.human.store.journal import Outbox, Webhook

TRIES = 10
FIRST_PAUSE = timedelta(seconds=10)  # doubled after each try: ten tries take about three hours


def due(db: Session, limit: int) -> list[tuple[Outbox, Webhook]]:
    """Return the messages that are to be sent now, the oldest first, with where they go."""
    rows = db.execute(
        select(Outbox, Webhook)
        .join(Webhook, Webhook.id == Outbox.webhook_id)
        .where(Outbox.state == "waiting", Outbox.due_at <= now(), Webhook.active)
        .order_by(Outbox.due_at)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def sent(db: Session, message_id: str) -> None:
    """Remember that a message arrived."""
    row = db.get_one(Outbox, message_id)
    row.state, row.attempts, row.last_error = "sent", row.attempts + 1, ""


def failed(db: Session, message_id: str, why: str) -> None:
    """Remember that it did not: it is sent again after a pause that doubles, and given up after ten tries."""
    row = db.get_one(Outbox, message_id)
    row.attempts += 1
    row.last_error = why[:500]
    row.due_at = now() + FIRST_PAUSE * 2 ** (row.attempts - 1)
    if row.attempts >= TRIES:
        row.state = "given_up"
