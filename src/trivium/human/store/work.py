"""Tables of the work itself: batches, items, replies, who holds what, and what people said about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trivium.human.states import AssignmentState, BatchState, ItemState, Step
from trivium.human.store.columns import Table, created, key, words

Verdict = Literal["accept", "reject", "fix"]


class Batch(Table):
    """Items that go through the rounds together, under one requirement and one guideline version."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("project_id", "ordinal"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    ordinal: Mapped[int]
    spec_id: Mapped[str | None] = mapped_column(ForeignKey("spec.id"))
    guideline_id: Mapped[str] = mapped_column(ForeignKey("guideline.id"))
    state: Mapped[BatchState] = mapped_column(words("batch_state", BatchState), default="open")
    round: Mapped[int] = mapped_column(default=1)
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was drawn for review: `{"internal_qa": {"round": 1, "sample": 30, "of": 300, "seed": …}}`."""
    generation: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The model and sampling wanted for its replies; empty where they are imported."""
    due_at: Mapped[datetime | None]


class Item(Table):
    """A unit of work. `step`, `wanted`, `taken` say what it waits for: how many people, and how many hold or did it."""

    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("taken >= 0 AND taken <= wanted", name="never_beyond_overlap"),
        Index("item_waiting", "project_id", "step", "priority", "draw", sqlite_where=text("taken < wanted"),
              postgresql_where=text("taken < wanted")),
        Index("item_by_state", "batch_id", "state"),
        Index("item_of_project", "project_id", "state"),
        Index("item_reserved", "reserved_for", sqlite_where=text("reserved_for IS NOT NULL"),
              postgresql_where=text("reserved_for IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"))
    prompt_id: Mapped[str | None] = mapped_column(ForeignKey("prompt.id"))
    """None until a writer has written it."""
    state: Mapped[ItemState] = mapped_column(words("item_state", ItemState), default="queued")
    round: Mapped[int] = mapped_column(default=1)
    step: Mapped[Step | None] = mapped_column(words("item_step", Step))
    wanted: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    """Leased and submitted in this step and round."""
    done: Mapped[int] = mapped_column(default=0)
    """Submitted in this step and round."""
    skips: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    """The lowest goes first; returned work has -1."""
    draw: Mapped[int] = mapped_column(Integer, default=0)
    """Its place in the shuffled queue."""
    cell: Mapped[str | None] = mapped_column(String(64))
    """The requirement's cell it was made for."""
    attrs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    author_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """Who wrote the reply; may not review it."""
    reserved_for: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """Only this person is offered it: the writer, when work was returned."""
    sampled: Mapped[bool] = mapped_column(default=False)
    """Drawn for the review that runs or ran last."""
    is_gold: Mapped[bool] = mapped_column(default=False)
    gold: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Reply(Table):
    """One reply of an item, by a person or a model. Never changed: a revision is a new row with a parent."""

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("item_id", "slot", "round", "revision"),
        CheckConstraint("author_id IS NULL OR model_ref IS NULL", name="one_author"),
        Index("response_by_author", "author_id", "item_id", sqlite_where=text("author_id IS NOT NULL"),
              postgresql_where=text("author_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    slot: Mapped[int]
    round: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=0)
    """Raised where a reviewer mends the text instead of returning it."""
    author_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    model_ref: Mapped[str | None]
    content: Mapped[str]
    generation: Mapped[dict[str, Any]] = mapped_column(default=dict)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("response.id"))
    sha256: Mapped[str] = mapped_column(String(64))


class Assignment(Table):
    """One person's hold on one step of one item in one round: nobody has two."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("item_id", "person_id", "step", "round"),
        Index("assignment_of_person", "person_id", "state"),
        Index("assignment_running", "lease_until", sqlite_where=text("state = 'leased'"),
              postgresql_where=text("state = 'leased'")),
    )  # fmt: skip

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    step: Mapped[Step] = mapped_column(words("assignment_step", Step))
    round: Mapped[int]
    state: Mapped[AssignmentState] = mapped_column(words("assignment_state", AssignmentState), default="leased")
    lease_until: Mapped[datetime]
    order: Mapped[list[int]] = mapped_column(default=list)
    """Slots in the order they are shown."""
    order_seed: Mapped[int] = mapped_column(default=0)
    draft: Mapped[dict[str, Any]] = mapped_column(default=dict)
    draft_rev: Mapped[int] = mapped_column(default=0)
    draft_at: Mapped[datetime | None]
    active_seconds: Mapped[float] = mapped_column(Float, default=0.0)
    skip_reason: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class Judgement(Table):
    """What one person sent in: a text written, an order, a verdict. Appended, never changed."""

    __tablename__ = "judgement"
    __table_args__ = (Index("judgement_of_item", "item_id"), Index("judgement_of_person", "person_id", "project_id"))

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"))
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    step: Mapped[Step] = mapped_column(words("judgement_step", Step))
    round: Mapped[int]
    guideline_id: Mapped[str] = mapped_column(ForeignKey("guideline.id"))
    verdict: Mapped[Verdict | None] = mapped_column(words("verdict", Verdict))
    reasons: Mapped[list[str]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(default="")
    none_acceptable: Mapped[bool] = mapped_column(default=False)
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the step adds: annotations, texts of an item-wide axis, paste share."""
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("judgement.id"))


class Mark(Table):
    """A number on an axis: a rank (1 best), a score (higher better) or a flag (1 set). Appended, never changed."""

    __tablename__ = "mark"
    __table_args__ = (
        UniqueConstraint("judgement_id", "response_id", "axis"),
        Index("mark_of_whole_item", "judgement_id", "axis", unique=True, sqlite_where=text("response_id IS NULL"),
              postgresql_where=text("response_id IS NULL")),
        CheckConstraint("axis <> 'rank' OR value >= 1", name="rank_one_is_best"),
    )  # fmt: skip

    id: Mapped[str] = key()
    judgement_id: Mapped[str] = mapped_column(ForeignKey("judgement.id"))
    response_id: Mapped[str | None] = mapped_column(ForeignKey("response.id"))
    axis: Mapped[str] = mapped_column(String(64))
    value: Mapped[float] = mapped_column(Float)


class Comment(Table):
    """A remark on a passage of an item, until somebody resolves it."""

    __tablename__ = "comment"
    __table_args__ = (Index("comment_of_item", "item_id"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    anchor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`{"round": 2, "start": 10, "end": 25}` in the reply; empty for the whole."""
    body: Mapped[str]
    resolved_at: Mapped[datetime | None]


class AggregateRow(Table):
    """What an item's rankings say together; may be computed again at any time."""

    __tablename__ = "aggregate"
    __table_args__ = (UniqueConstraint("item_id", "round", "method"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    round: Mapped[int]
    method: Mapped[str] = mapped_column(String(32))
    params_sha: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, Any]]
    """Mean ranks by slot, winner and loser slot, or why it is contested."""
    n: Mapped[int]
    agreement: Mapped[float | None] = mapped_column(Float)
    code_version: Mapped[str] = mapped_column(String(64))
