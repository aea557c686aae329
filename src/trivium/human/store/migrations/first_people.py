"""The first tables, of people and projects, as version 0001 made them; never changed again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trivium.human.store.columns import Json, UtcTime


def word(name: str, *values: str) -> sa.Enum:
    """Return a text column that holds one of these words."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def attempt() -> None:
    """Make the table attempt."""
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attempt_by_key", "attempt", ["key", "created_at"])


def chain() -> None:
    """Make the table chain."""
    op.create_table(
        "chain",
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("scope"),
    )


def event() -> None:
    """Make the table event."""
    op.create_table(
        "event",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(96), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("scope", "seq"),
    )
    op.create_index("event_of_target", "event", ["target"])


def person() -> None:
    """Make the table person."""
    op.create_table(
        "person",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("email", sa.String(320), nullable=True),
        sa.Column("name", sa.Text, nullable=True),
        sa.Column("pseudonym", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=True),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("status", word("person_status", "active", "suspended", "erased"), nullable=False),
        sa.Column("keeper", sa.Boolean, nullable=False),
        sa.Column("single_keys", sa.Boolean, nullable=False),
        sa.CheckConstraint(
            "status <> 'erased' OR (email IS NULL AND name IS NULL AND password_hash IS NULL)", name="erased_is_empty"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("pseudonym"),
    )


def project() -> None:
    """Make the table project."""
    op.create_table(
        "project",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column(
            "kind", word("project_kind", "demonstration", "comparison", "redteam", "guard_review"), nullable=False
        ),
        sa.Column("settings", Json, nullable=False),
        sa.Column("status", word("project_status", "active", "paused", "closed"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
    )


def delivery() -> None:
    """Make the table delivery."""
    op.create_table(
        "delivery",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("milestone", sa.String(64), nullable=False),
        sa.Column("filter", Json, nullable=False),
        sa.Column("state", word("delivery_state", "draft", "sealed", "accepted", "rejected"), nullable=False),
        sa.Column("manifest", Json, nullable=False),
        sa.Column("datasheet", sa.Text, nullable=False),
        sa.Column("sealed_by", sa.String(32), nullable=True),
        sa.Column("sealed_at", UtcTime(), nullable=True),
        sa.Column("answered_by", sa.String(32), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("previous_id", sa.String(32), nullable=True),
        sa.CheckConstraint("state = 'draft' OR sealed_at IS NOT NULL", name="sealed_has_a_time"),
        sa.ForeignKeyConstraint(
            ["answered_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["delivery.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sealed_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "milestone"),
    )


def guideline() -> None:
    """Make the table guideline."""
    op.create_table(
        "guideline",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("markdown", sa.Text, nullable=False),
        sa.Column("rubric", Json, nullable=False),
        sa.Column("changelog", sa.Text, nullable=False),
        sa.Column("status", word("guideline_status", "draft", "published", "retired"), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "version"),
    )


def invitation() -> None:
    """Make the table invitation."""
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=True),
        sa.Column("party", word("invitation_party", "internal", "partner", "client"), nullable=True),
        sa.Column("role", word("invitation_role", "lead", "writer", "labeller", "reviewer", "viewer"), nullable=True),
        sa.Column("invited_by", sa.String(32), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_by", sa.String(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.ForeignKeyConstraint(
            ["used_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_hash"),
    )


def membership() -> None:
    """Make the table membership."""
    op.create_table(
        "membership",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("party", word("party", "internal", "partner", "client"), nullable=False),
        sa.Column("role", word("role", "lead", "writer", "labeller", "reviewer", "viewer"), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "person_id"),
    )
    op.create_index("membership_of_person", "membership", ["person_id"])


def profile() -> None:
    """Make the table profile."""
    op.create_table(
        "profile",
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("languages", Json, nullable=False),
        sa.Column("expertise", Json, nullable=False),
        sa.Column("demographics", Json, nullable=False),
        sa.Column("consent_version", sa.String(32), nullable=False),
        sa.Column("consented_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id"),
    )


def prompt() -> None:
    """Make the table prompt."""
    op.create_table(
        "prompt",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("project_id", sa.String(32), nullable=False),
        sa.Column("messages", Json, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("origin", word("prompt_origin", "primer", "writer", "dataset", "user"), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_ref", sa.Text, nullable=True),
        sa.Column("licence", sa.Text, nullable=False),
        sa.Column("consent", sa.Text, nullable=True),
        sa.Column("attrs", Json, nullable=False),
        sa.Column("num_words", sa.Integer, nullable=False),
        sa.Column("word_counter", sa.String(32), nullable=False),
        sa.Column("bucket", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("cluster_id", sa.String(64), nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("author_id", sa.String(32), nullable=True),
        sa.CheckConstraint("origin <> 'user' OR consent IS NOT NULL", name="users_consented"),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "sha256"),
    )
    op.create_index("prompt_by_cluster", "prompt", ["project_id", "cluster_id"])


TABLES = (
    attempt,
    chain,
    event,
    person,
    project,
    delivery,
    guideline,
    invitation,
    membership,
    profile,
    prompt,
)
