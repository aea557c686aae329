"""A project's members to the steps of its work that too few of them can do: what a lead must invite people for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, Seat, stand
from trivium.human.desk.assignment import steps_of
from trivium.human.desk.batches import TEXTS
from trivium.human.desk.settings import ProjectSettings, settings_of
from trivium.human.states import Step
from trivium.human.store.people import Membership, Party
from trivium.human.store.work import Batch

ENDED = ("accepted", "delivered")


@dataclass(frozen=True)
class Lack:
    """A step that work in hand will come to, and that too few people can do."""

    step: Step
    have: int
    want: int
    party: Party
    """Whose people do it."""


def lacking(db: Session, actor: Actor, project_id: str) -> list[Lack]:
    """Return the steps ahead of the batches in hand that too few members can do, in the order of the work."""
    standing = stand(db, actor, project_id, "see_plan")
    running = select(Batch.id).where(Batch.project_id == project_id, Batch.state.not_in(ENDED)).limit(1)
    if db.scalar(running) is None:
        return []
    settings = settings_of(standing.project)
    members = db.execute(
        select(Membership.person_id, Membership.party, Membership.role)
        .where(Membership.project_id == project_id, Membership.ended_at.is_(None))
    )  # fmt: skip
    seats = [Seat(Actor(one.person_id, ""), one.party, one.role, settings.qa_party) for one in members]
    found = []
    for step, want in _ahead(standing.project.kind, settings):
        have = sum(step in steps_of(seat) for seat in seats)
        if have < want:
            party: Party = "client" if step == "qa_client" else settings.qa_party
            found.append(Lack(step, have, want, party))
    return found


def _ahead(kind: str, settings: ProjectSettings) -> list[tuple[Step, int]]:
    """Return the steps that a kind of project has, and how many people an item of it needs at each."""
    steps: list[tuple[Step, int]] = [("write", 1)] if kind in TEXTS else [("label", settings.overlap)]
    if kind != "guard_review":
        steps += [("qa_internal", 1)] if settings.internal_qa.share else []
        steps += [("qa_client", 1)] if settings.client_qa.share else []
    return steps
