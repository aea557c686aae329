"""Tables of what happened: the hash-chained audit log, and the outbox from which webhooks are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivium.human.store.columns import Table, created, key, words

OutboxState = Literal["waiting", "sent", "given_up"]


class Chain(Table):
    """The head of one chain of events: a project's, or the house's. Its row is locked while an event is appended."""

    __tablename__ = "chain"

    scope: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default="0" * 64)


class Event(Table):
    """One thing that was done, by whom, chained to the one before. Never changed, never deleted."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("scope", "seq"), Index("event_of_target", "target"))

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    scope: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int]
    actor: Mapped[str] = mapped_column(String(64))
    """A person's id, or `studio`."""
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(96))
    """`item:0190…`, `delivery:…`."""
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Webhook(Table):
    """An address that a project's events are sent to, with the secret they are signed with."""

    __tablename__ = "webhook"

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    url: Mapped[str]
    secret: Mapped[str] = mapped_column(String(96))
    topics: Mapped[list[str]] = mapped_column(default=list)
    """Empty: all."""
    active: Mapped[bool] = mapped_column(default=True)


class Outbox(Table):
    """One message to one webhook, written in the transaction that it tells of."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_due", "state", "due_at"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id"))
    topic: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]]
    state: Mapped[OutboxState] = mapped_column(words("outbox_state", OutboxState), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = created()
    last_error: Mapped[str] = mapped_column(default="")
