"""The first tables, of requirements, prompts and deliveries, as version 0001 made them; never changed again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trivium.human.store.columns import Json, UtcTime
from trivium.human.store.migrations.first_people import word


def sign_in() -> None:
    """Make the table sign_in."""
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sign_in_of_person", "sign_in", ["person_id"])


def spec() -> None:
    """Make the table spec."""
    op.create_table(
        "spec",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("status", word("spec_status", "draft", "frozen"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("frozen_by", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["frozen_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "version"),
    )


def token() -> None:
    """Make the table token."""
    op.create_table(
        "token",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_index("token_of_person", "token", ["person_id"])


def webhook() -> None:
    """Make the table webhook."""
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.String(96), nullable=False),
        sa.Column("topics", Json, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )


def ack() -> None:
    """Make the table ack."""
    op.create_table(
        "ack",
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("guideline_id", sa.String(32), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guideline_id"],
            ["guideline.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id", "guideline_id"),
    )


def batch() -> None:
    """Make the table batch."""
    op.create_table(
        "batch",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("spec_id", sa.String(32), nullable=True),
        sa.Column("guideline_id", sa.String(32), nullable=False),
        sa.Column(
            "state",
            word("batch_state", "open", "working", "internal_qa", "client_qa", "rework", "accepted", "delivered"),
            nullable=False,
        ),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("plan", Json, nullable=False),
        sa.Column("generation", Json, nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["guideline_id"],
            ["guideline.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.ForeignKeyConstraint(
            ["spec_id"],
            ["spec.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "ordinal"),
    )


def delivery_file() -> None:
    """Make the table delivery_file."""
    op.create_table(
        "delivery_file",
        sa.Column("delivery_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("num_bytes", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "name"),
    )


def outbox() -> None:
    """Make the table outbox."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("webhook_id", sa.String(32), nullable=False),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("state", word("outbox_state", "waiting", "sent", "given_up"), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_due", "outbox", ["state", "due_at"])


def withdrawal() -> None:
    """Make the table withdrawal."""
    op.create_table(
        "withdrawal",
        sa.Column("prompt_id", sa.String(32), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"],
            ["prompt.id"],
        ),
        sa.PrimaryKeyConstraint("prompt_id"),
    )


TABLES = (
    sign_in,
    spec,
    token,
    webhook,
    ack,
    batch,
    delivery_file,
    outbox,
    withdrawal,
)
