"""Tables of a project: what is wanted, how it is to be judged, who has read that, and the prompts there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivium.human.states import GuidelineState, Kind, SpecState
from trivium.human.store.columns import Table, created, key, words

ProjectStatus = Literal["active", "paused", "closed"]
PromptOrigin = Literal["primer", "writer", "dataset", "user"]


class Project(Table):
    """One piece of work with its purpose and settings."""

    __tablename__ = "project"

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    kind: Mapped[Kind] = mapped_column(words("project_kind", Kind))
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """A `desk.projects.ProjectSettings`."""
    status: Mapped[ProjectStatus] = mapped_column(words("project_status", ProjectStatus), default="active")


class Spec(Table):
    """A version of what is wanted: dimensions and target counts per cell. Frozen, it never changes."""

    __tablename__ = "spec"
    __table_args__ = (UniqueConstraint("project_id", "version"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    version: Mapped[int]
    body: Mapped[dict[str, Any]]
    status: Mapped[SpecState] = mapped_column(words("spec_status", SpecState), default="draft")
    sha256: Mapped[str | None] = mapped_column(String(64))
    frozen_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Guideline(Table):
    """A version of what people are told, with the rubric they mark by."""

    __tablename__ = "guideline"
    __table_args__ = (UniqueConstraint("project_id", "version"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    version: Mapped[int]
    markdown: Mapped[str]
    rubric: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """A rubric as `trivium.human.rubrics.Rubric` dumps it."""
    changelog: Mapped[str] = mapped_column(default="")
    status: Mapped[GuidelineState] = mapped_column(words("guideline_status", GuidelineState), default="draft")
    sha256: Mapped[str | None] = mapped_column(String(64))
    published_at: Mapped[datetime | None]


class Ack(Table):
    """A person's word that they read a guideline version."""

    __tablename__ = "ack"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    guideline_id: Mapped[str] = mapped_column(ForeignKey("guideline.id"), primary_key=True)
    at: Mapped[datetime] = created()


class PoolPrompt(Table):
    """A prompt of the pool with its origin, licence and consent. Never changed, never deleted."""

    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("project_id", "sha256"),
        Index("prompt_by_cluster", "project_id", "cluster_id"),
        CheckConstraint("origin <> 'user' OR consent IS NOT NULL", name="users_consented"),
    )

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    messages: Mapped[list[dict[str, Any]]]
    search_text: Mapped[str]
    """All turns as one text."""
    language: Mapped[str] = mapped_column(String(16), default="en")
    origin: Mapped[PromptOrigin] = mapped_column(words("prompt_origin", PromptOrigin))
    source: Mapped[str]
    """Name of the data set or log; a writer's pseudonym."""
    source_ref: Mapped[str | None]
    """The row's own id there."""
    licence: Mapped[str] = mapped_column(default="unstated")
    consent: Mapped[str | None]
    """Under which words a user agreed."""
    attrs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    num_words: Mapped[int]
    word_counter: Mapped[str] = mapped_column(String(32), default="white space")
    bucket: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64))
    cluster_id: Mapped[str] = mapped_column(String(64))
    """Shared by near-duplicates: a split is drawn from it."""
    weight: Mapped[float] = mapped_column(Float, default=1.0)
    author_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Withdrawal(Table):
    """A prompt whose person took back their consent: no later delivery holds it. Never changed."""

    __tablename__ = "withdrawal"

    prompt_id: Mapped[str] = mapped_column(ForeignKey("prompt.id"), primary_key=True)
    at: Mapped[datetime] = created()
    reason: Mapped[str] = mapped_column(default="")
