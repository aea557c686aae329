"""A person to what waits for them: the next task, what they hold, what came back, what to read, what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from trivium.human.desk import projects
from trivium.human.desk.actor import Actor, Standing
from trivium.human.desk.assignment import steps_of
from trivium.human.desk.progress import done_and_left
from trivium.human.states import Step
from trivium.human.store.deliveries import Delivery
from trivium.human.store.people import Membership, Person
from trivium.human.store.projects import Ack, Guideline, PoolPrompt, Project
from trivium.human.store.work import AggregateRow, Assignment, Batch, Item, Judgement


@dataclass(frozen=True)
class OpenWork:
    """A step of a project at which the person can be given work now."""

    project: Project
    step: Step
    done: int
    left: int
    """At most 200 are counted."""
    due_at: datetime | None


def open_work(db: Session, actor: Actor) -> list[OpenWork]:
    """Return where work waits for the actor, the soonest due first; projects that are paused are left out."""
    found = []
    for standing in projects.mine(db, actor):
        if standing.project.status != "active":
            continue
        due = db.scalar(
            select(func.min(Batch.due_at)).where(
                Batch.project_id == standing.project.id,
                Batch.state.in_(("working", "internal_qa", "client_qa", "rework")),
            )
        )
        for step in steps_of(standing):
            done, left = done_and_left(db, actor, standing.project.id, step)
            if left:
                found.append(OpenWork(standing.project, step, done, left, due))
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or datetime.max, one.project.title))


@dataclass(frozen=True)
class Held:
    """Something the person began: a hold, or a draft whose hold ran out."""

    assignment_id: str
    project: str
    slug: str
    step: Step
    text: str
    """The prompt's beginning."""
    state: str
    lease_until: datetime
    draft_at: datetime | None


def held(db: Session, actor: Actor) -> list[Held]:
    """Return what the actor holds, and drafts that still wait, newest first."""
    rows = db.execute(
        select(Assignment, Project.title, Project.slug, PoolPrompt.search_text)
        .join(Project, Project.id == Assignment.project_id)
        .join(Item, Item.id == Assignment.item_id)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
        .where(Assignment.person_id == actor.person_id)
        .where(or_(
            Assignment.state == "leased",
            and_(Assignment.state.in_(("expired", "released")), Assignment.draft_rev > 0, Item.step == Assignment.step,
                 Item.round == Assignment.round, Item.taken < Item.wanted),
        ))
        .order_by(Assignment.lease_until.desc())
        .limit(50)
    )  # fmt: skip
    return [
        Held(row.id, title, slug, row.step, (text or str(row.draft.get("prompt", "")))[:300], row.state,
             row.lease_until, row.draft_at)
        for row, title, slug, text in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Back:
    """A text that came back to its writer."""

    item_id: str
    project: str
    slug: str
    text: str
    round: int
    by: str
    note: str


def returned(db: Session, actor: Actor) -> list[Back]:
    """Return what was sent back to the actor and nobody wrote again yet."""
    rows = db.execute(
        select(Item.id, Project.title, Project.slug, PoolPrompt.search_text, Item.round, Person.pseudonym,
               Judgement.note)
        .join(Project, Project.id == Item.project_id)
        .join(Judgement, and_(Judgement.item_id == Item.id, Judgement.verdict == "reject",
                              Judgement.round == Item.round - 1))
        .join(Person, Person.id == Judgement.person_id)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
        .where(Item.reserved_for == actor.person_id, Item.step == "write")
        .order_by(Judgement.created_at)
    )  # fmt: skip
    return [Back(row[0], row[1], row[2], row[3] or "", row[4], row[5], row[6]) for row in rows]


def to_answer(db: Session, standings: Iterable[Standing]) -> list[tuple[Project, Delivery]]:
    """Return the sealed milestones that wait for an answer from where somebody stands, the oldest first."""
    projects_of = {one.project.id: one.project for one in standings if one.can("answer_delivery")}
    query = select(Delivery).where(Delivery.project_id.in_(projects_of), Delivery.state == "sealed")
    return [(projects_of[row.project_id], row) for row in db.scalars(query.order_by(Delivery.sealed_at))]


def to_seal(db: Session, standings: Iterable[Standing]) -> list[tuple[Project, int]]:
    """Return how much is accepted and in no milestone yet, where somebody may seal it."""
    projects_of = {one.project.id: one.project for one in standings if one.can("manage")}
    query = (
        select(Item.project_id, func.count())
        .where(Item.project_id.in_(projects_of), Item.state == "accepted", ~Item.is_gold)
        .group_by(Item.project_id)
    )
    return sorted(((projects_of[row[0]], int(row[1])) for row in db.execute(query)), key=lambda one: one[0].title)


def unread(db: Session, actor: Actor) -> list[tuple[Project, Guideline]]:
    """Return the guidelines in force, of the actor's projects, that they have not acknowledged."""
    rows = db.execute(
        select(Project, Guideline)
        .join(Guideline, Guideline.project_id == Project.id)
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.person_id == actor.person_id, Membership.ended_at.is_(None), Project.status == "active")
        .where(Membership.role.in_(("writer", "labeller", "reviewer")), Guideline.status == "published")
        .where(~exists().where(Ack.person_id == actor.person_id, Ack.guideline_id == Guideline.id))
        .order_by(Project.title)
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True)
class Record:
    """What became of a person's work."""

    written: int
    accepted_first: int
    """Of the pairs written and decided, those accepted in their first round."""
    decided: int
    ranked: int
    delivered: int
    """Items they worked on that are in a sealed milestone."""
    chosen: int
    """Prompts whose winner and loser their order helped to choose."""
    contested: int


def record(db: Session, actor: Actor) -> Record:
    """Return what became of the actor's work, in five counts."""
    me = actor.person_id
    own = select(func.count()).select_from(Item).where(Item.author_id == me)
    mine = exists().where(
        Judgement.item_id == Item.id, Judgement.person_id == me, Judgement.step.in_(("write", "label"))
    )
    judged = (
        select(func.count(Judgement.id.distinct()), func.count(AggregateRow.id.distinct()))
        .select_from(Judgement)
        .join(Item, Item.id == Judgement.item_id)
        .join(AggregateRow, and_(AggregateRow.item_id == Item.id, AggregateRow.round == Item.round), isouter=True)
        .where(Judgement.person_id == me, Judgement.step == "label")
    )
    ranked, aggregated = db.execute(judged).one()
    contested = db.scalar(
        select(func.count()).select_from(Item).where(Item.state == "contested", mine)
    )
    return Record(
        written=db.scalar(own) or 0,
        accepted_first=db.scalar(own.where(Item.state.in_(("accepted", "delivered")), Item.round == 1)) or 0,
        decided=db.scalar(own.where(or_(Item.state.in_(("accepted", "delivered", "rejected")), Item.round > 1))) or 0,
        ranked=ranked,
        delivered=db.scalar(select(func.count()).select_from(Item).where(Item.state == "delivered", mine)) or 0,
        chosen=max(0, aggregated - (contested or 0)),
        contested=contested or 0,
    )
