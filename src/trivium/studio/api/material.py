"""Prompts, batches, replies and guard decisions that programs send in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import select

from trivium.human.desk import batches, generation, guards, pool
from trivium.human.desk.batches import NewReply
from trivium.human.desk.errors import Unknown
from trivium.human.desk.guards import GuardDecision
from trivium.human.desk.pool import NewPrompt
from trivium.human.store.work import Batch
from trivium.records import Message, Origin, Prompt
from trivium.studio.api.bearer import Asking, in_project
from trivium.studio.api.projects import Strict

router = APIRouter(tags=["material"])
MOST_ROWS = 5_000
Ordinal = Annotated[int, Path(ge=1, lt=2**31)]


class PromptIn(Strict):
    """A prompt for the pool."""

    messages: list[Message] = Field(min_length=1)
    origin: Origin = "dataset"
    source: str
    licence: str = "unstated"
    language: str = "en"
    source_ref: str | None = None
    consent: str | None = None
    attrs: dict[str, str] = Field(default_factory=dict)

    @property
    def prompt(self) -> Prompt:
        """The prompt as a record."""
        return Prompt.of_messages(
            tuple(self.messages), origin=self.origin, source=self.source, licence=self.licence, attrs=self.attrs
        )

    @model_validator(mode="after")
    def _is_a_prompt(self) -> PromptIn:
        assert self.prompt  # a conversation that ends where the assistant must speak, or the record says why not
        return self


class AddedOut(BaseModel):
    """What became of the prompts, in the order they were sent."""

    ids: list[str]
    num_new: int


class SampledOut(BaseModel):
    """A reply to be ranked."""

    content: str = Field(max_length=100_000)
    model_ref: str | None = None
    generation: dict[str, Any] = Field(default_factory=dict)


class ItemIn(Strict):
    """A prompt of the pool with the replies to rank; none where a model is to make them."""

    prompt_id: str
    replies: list[SampledOut] = Field(default_factory=list)


class GenerationIn(Strict):
    """Which model replies, and how."""

    model: str
    temperatures: list[float] = Field(default_factory=lambda: [1.0], min_length=1)
    max_new_tokens: int = Field(default=256, ge=1, le=8_192)
    top_k: int = Field(default=0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**31)
    num_replies: int | None = None
    """K; null: as many as the project's settings say."""


class BatchIn(Strict):
    """A batch to open: cells to write for, or prompts to rank or answer."""

    cells: dict[str, int] | None = None
    items: list[ItemIn] = Field(default_factory=list, max_length=MOST_ROWS)
    generation: GenerationIn | None = None
    start: bool = True


class BatchOut(BaseModel):
    """A batch on the board."""

    ordinal: int
    state: str
    round: int
    states: dict[str, int]
    plan: dict[str, Any]


class DecisionIn(Strict):
    """What a guard did in production; personal data in it is masked before it is kept."""

    messages: list[Message] = Field(min_length=1)
    reply: str
    guard: str
    blocked: bool
    category: str
    score: float | None = None
    consent: str | None = None
    source_ref: str | None = None
    origin: Origin = "user"
    source: str = "server"

    @property
    def prompt(self) -> Prompt:
        """What was asked, as a record."""
        return Prompt.of_messages(tuple(self.messages), origin=self.origin, source=self.source)

    @model_validator(mode="after")
    def _is_a_prompt(self) -> DecisionIn:
        assert self.prompt
        return self


class QueuedOut(BaseModel):
    """How many decisions were new."""

    num_new: int


@router.post("/projects/{slug}/prompts", status_code=201)
def add_prompts(slug: str, body: Annotated[list[PromptIn], Body(max_length=MOST_ROWS)], asking: Asking) -> AddedOut:
    """Take prompts into the pool; one that is there already keeps its id."""

    def work(db: Any, actor: Any) -> AddedOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        rows = [
            NewPrompt(one.prompt, language=one.language, source_ref=one.source_ref, consent=one.consent) for one in body
        ]
        added = pool.add(db, actor, project_id, rows)
        return AddedOut(ids=list(added.ids), num_new=added.num_new)

    return asking.write(work)


@router.get("/projects/{slug}/batches")
def list_batches(slug: str, asking: Asking) -> list[BatchOut]:
    """List the batches, newest first."""
    return asking.read(
        lambda db, actor: [
            BatchOut(ordinal=row.ordinal, state=row.state, round=row.round, states=row.states, plan=row.plan)
            for row in batches.board(db, actor, in_project(db, actor, slug, "see_plan").project.id)
        ]
    )


@router.post("/projects/{slug}/batches", status_code=201)
def open_batch(slug: str, body: BatchIn, asking: Asking) -> BatchOut:
    """Open a batch, fill it, and let people begin."""

    def work(db: Any, actor: Any) -> BatchOut:
        standing = in_project(db, actor, slug, "manage")
        batch = batches.open_batch(db, actor, standing.project.id)
        if body.items:
            ids = batches.add_prompts(db, actor, batch.id, [one.prompt_id for one in body.items])
            given = {item: [NewReply(r.content, r.model_ref, r.generation) for r in one.replies]
                     for item, one in zip(ids, body.items, strict=True) if one.replies}  # fmt: skip
            if given:
                batches.add_replies(db, actor, batch.id, given)
        if body.cells is not None or (not body.items and standing.project.kind == "demonstration"):
            batches.plan_cells(db, actor, batch.id, body.cells)
        if body.generation is not None:
            asked = body.generation
            sampling = generation.Sampling(
                tuple(asked.temperatures), asked.max_new_tokens, asked.top_k, asked.top_p, asked.seed,
                asked.num_replies,
            )
            generation.request(db, actor, batch.id, asked.model, sampling)
        if body.start:
            batch = batches.start(db, actor, batch.id)
        row = next(one for one in batches.board(db, actor, standing.project.id) if one.id == batch.id)
        return BatchOut(ordinal=row.ordinal, state=row.state, round=row.round, states=row.states, plan=row.plan)

    return asking.write(work)


@router.post("/projects/{slug}/batches/{ordinal}/start")
def start_batch(slug: str, ordinal: Ordinal, asking: Asking) -> BatchOut:
    """Let people begin with a batch that was left open."""

    def work(db: Any, actor: Any) -> BatchOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        found = db.scalar(select(Batch.id).where(Batch.project_id == project_id, Batch.ordinal == ordinal))
        if found is None:
            raise Unknown("there is no such batch")
        batches.start(db, actor, found)
        row = next(one for one in batches.board(db, actor, project_id) if one.id == found)
        return BatchOut(ordinal=row.ordinal, state=row.state, round=row.round, states=row.states, plan=row.plan)

    return asking.write(work)


@router.post("/projects/{slug}/guard-decisions", status_code=201)
def queue_decisions(
    slug: str, body: Annotated[list[DecisionIn], Body(max_length=MOST_ROWS)], asking: Asking
) -> QueuedOut:
    """Queue decisions of a guard for people; what was queued before is passed over."""

    def work(db: Any, actor: Any) -> QueuedOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        rows = [
            GuardDecision(one.prompt, one.reply, one.guard, one.blocked, one.category, one.score, one.consent,
                          one.source_ref)
            for one in body
        ]  # fmt: skip
        return QueuedOut(num_new=guards.enqueue(db, actor, project_id, rows))

    return asking.write(work)
