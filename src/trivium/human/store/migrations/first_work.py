"""The rest of the first tables, of the work itself, as version 0001 made them; never changed again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trivium.human.store.columns import Json, UtcTime
from trivium.human.store.migrations.first_people import word

ITEM_STATES = (
    "queued", "generating", "writing", "labelling", "scored", "contested", "unrankable", "confirmed",
    "false_positive", "false_negative", "unsure", "internal_qa", "client_qa", "rework", "accepted",
    "delivered", "rejected", "withdrawn",
)  # fmt: skip


def item() -> None:
    """Make the table item."""
    op.create_table(
        "item",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("batch_id", sa.String(32), nullable=False),
        sa.Column("prompt_id", sa.String(32), nullable=True),
        sa.Column(
            "state",
            word("item_state", *ITEM_STATES),
            nullable=False,
        ),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("step", word("item_step", "write", "label", "qa_internal", "qa_client", "adjudicate"), nullable=True),
        sa.Column("wanted", sa.Integer, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("skips", sa.Integer, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("cell", sa.String(64), nullable=True),
        sa.Column("attrs", Json, nullable=False),
        sa.Column("author_id", sa.String(32), nullable=True),
        sa.Column("reserved_for", sa.String(32), nullable=True),
        sa.Column("sampled", sa.Boolean, nullable=False),
        sa.Column("is_gold", sa.Boolean, nullable=False),
        sa.Column("gold", Json, nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= wanted", name="never_beyond_overlap"),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.ForeignKeyConstraint(
            ["prompt_id"],
            ["prompt.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reserved_for"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )


def item_indexes() -> None:
    """Make the indexes of the table item."""
    op.create_index("item_by_state", "item", ["batch_id", "state"])
    op.create_index("item_of_project", "item", ["project_id", "state"])
    op.create_index(
        "item_reserved",
        "item",
        ["reserved_for"],
        sqlite_where=sa.text("reserved_for IS NOT NULL"),
        postgresql_where=sa.text("reserved_for IS NOT NULL"),
    )
    op.create_index(
        "item_waiting",
        "item",
        ["project_id", "step", "priority", "draw"],
        sqlite_where=sa.text("taken < wanted"),
        postgresql_where=sa.text("taken < wanted"),
    )


def aggregate() -> None:
    """Make the table aggregate."""
    op.create_table(
        "aggregate",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("params_sha", sa.String(64), nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("agreement", sa.Float, nullable=True),
        sa.Column("code_version", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "round", "method"),
    )


def assignment() -> None:
    """Make the table assignment."""
    op.create_table(
        "assignment",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column(
            "step", word("assignment_step", "write", "label", "qa_internal", "qa_client", "adjudicate"), nullable=False
        ),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column(
            "state",
            word("assignment_state", "leased", "submitted", "skipped", "expired", "released", "returned"),
            nullable=False,
        ),
        sa.Column("lease_until", UtcTime(), nullable=False),
        sa.Column("order", Json, nullable=False),
        sa.Column("order_seed", sa.Integer, nullable=False),
        sa.Column("draft", Json, nullable=False),
        sa.Column("draft_rev", sa.Integer, nullable=False),
        sa.Column("draft_at", UtcTime(), nullable=True),
        sa.Column("active_seconds", sa.Float, nullable=False),
        sa.Column("skip_reason", sa.Text, nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "person_id", "step", "round"),
    )
    op.create_index("assignment_of_person", "assignment", ["person_id", "state"])
    op.create_index(
        "assignment_running",
        "assignment",
        ["lease_until"],
        sqlite_where=sa.text("state = 'leased'"),
        postgresql_where=sa.text("state = 'leased'"),
    )


def comment() -> None:
    """Make the table comment."""
    op.create_table(
        "comment",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("anchor", Json, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("resolved_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("comment_of_item", "comment", ["item_id"])


def delivery_item() -> None:
    """Make the table delivery_item."""
    op.create_table(
        "delivery_item",
        sa.Column("delivery_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("item_sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.PrimaryKeyConstraint("delivery_id", "item_id"),
    )


def response() -> None:
    """Make the table response."""
    op.create_table(
        "response",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("author_id", sa.String(32), nullable=True),
        sa.Column("model_ref", sa.Text, nullable=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("generation", Json, nullable=False),
        sa.Column("parent_id", sa.String(32), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.CheckConstraint("author_id IS NULL OR model_ref IS NULL", name="one_author"),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["response.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "slot", "round", "revision"),
    )


def judgement() -> None:
    """Make the table judgement."""
    op.create_table(
        "judgement",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("assignment_id", sa.String(32), nullable=False),
        sa.Column("item_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column(
            "step", word("judgement_step", "write", "label", "qa_internal", "qa_client", "adjudicate"), nullable=False
        ),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("guideline_id", sa.String(32), nullable=False),
        sa.Column("verdict", word("verdict", "accept", "reject", "fix"), nullable=True),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("none_acceptable", sa.Boolean, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("supersedes_id", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["assignment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["guideline_id"],
            ["guideline.id"],
        ),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["judgement.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("judgement_of_item", "judgement", ["item_id"])
    op.create_index("judgement_of_person", "judgement", ["person_id", "project_id"])


def mark() -> None:
    """Make the table mark."""
    op.create_table(
        "mark",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("judgement_id", sa.String(32), nullable=False),
        sa.Column("response_id", sa.String(32), nullable=True),
        sa.Column("axis", sa.String(64), nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.CheckConstraint("axis <> 'rank' OR value >= 1", name="rank_one_is_best"),
        sa.ForeignKeyConstraint(
            ["judgement_id"],
            ["judgement.id"],
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("judgement_id", "response_id", "axis"),
    )
    op.create_index(
        "mark_of_whole_item",
        "mark",
        ["judgement_id", "axis"],
        unique=True,
        sqlite_where=sa.text("response_id IS NULL"),
        postgresql_where=sa.text("response_id IS NULL"),
    )


TABLES = (
    item,
    item_indexes,
    aggregate,
    assignment,
    comment,
    delivery_item,
    response,
    judgement,
    mark,
)
