"""Tables of what leaves the Studio: milestones, their items and their bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column

from trivium.human.states import DeliveryState
from trivium.human.store.columns import Table, created, key, words


class Delivery(Table):
    """A milestone: drafted, sealed, then accepted or rejected by the client."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("project_id", "milestone"),
        CheckConstraint("state = 'draft' OR sealed_at IS NOT NULL", name="sealed_has_a_time"),
    )

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    milestone: Mapped[str] = mapped_column(String(64))
    filter: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[DeliveryState] = mapped_column(words("delivery_state", DeliveryState), default="draft")
    manifest: Mapped[dict[str, Any]] = mapped_column(default=dict)
    datasheet: Mapped[str] = mapped_column(default="")
    sealed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    sealed_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(default="")
    previous_id: Mapped[str | None] = mapped_column(ForeignKey("delivery.id"))


class DeliveryItem(Table):
    """An item of a milestone and the hash of what it was when sealed."""

    __tablename__ = "delivery_item"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    item_sha256: Mapped[str] = mapped_column(String(64))


class DeliveryFile(Table):
    """One file of a sealed milestone, byte for byte."""

    __tablename__ = "delivery_file"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    num_bytes: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))
