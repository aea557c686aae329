"""Who acts, in which project, and what they may do there: every permission of the Studio is decided on this page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from trivium.human.desk.errors import NotAllowed, Unknown
from trivium.human.states import Hand
from trivium.human.store.people import Membership, Party, Role
from trivium.human.store.projects import Project

Scope = Literal["read", "work", "manage", "deliver"]
SCOPES: tuple[Scope, ...] = ("read", "work", "manage", "deliver")

Ability = Literal[
    "see", "write", "label", "review_internal", "review_client", "adjudicate", "manage",
    "see_plan", "see_quality", "see_deliveries", "answer_delivery", "see_audit",
]  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """A person who is signed in, or whose token was shown. `scopes` is None for a signed-in person: all of them."""

    person_id: str
    pseudonym: str
    keeper: bool = False
    scopes: frozenset[str] | None = None
    only_project: str | None = None
    """A token may be good for one project only."""


STUDIO = Actor("studio", "studio", scopes=frozenset())
"""The Studio itself: what happens because a clock ran out or the last answer came in."""


@dataclass(frozen=True)
class Seat:
    """What an actor is in a project: all that decides what they may do there."""

    actor: Actor
    party: Party
    role: Role
    qa_party: Party
    """Whose reviewers do the project's internal review."""

    def can(self, ability: Ability) -> bool:
        """Say whether this member may do that."""
        if ability == "review_internal" and self.party != self.qa_party:
            return False
        scopes = self.actor.scopes or SCOPES
        # That a project is there, and its guideline, is part of whatever else a token may do.
        return (self.role, self.party) in _MAY[ability] and (ability == "see" or _scope_of(ability) in scopes)


@dataclass(frozen=True)
class Standing:
    """A project and what the actor is in it."""

    actor: Actor
    project: Project
    party: Party
    role: Role

    @property
    def seat(self) -> Seat:
        """What the actor is there, without the project."""
        return Seat(self.actor, self.party, self.role, self.project.settings.get("qa_party", "partner"))

    def can(self, ability: Ability) -> bool:
        """Say whether this member may do that."""
        return self.seat.can(ability)

    @property
    def hand(self) -> Hand:
        """The hand with which this member reaches into a state machine."""
        if self.role == "lead":
            return "client" if self.party == "client" else "lead"
        if self.role == "reviewer":
            return "client_reviewer" if self.party == "client" else "internal_reviewer"
        return "writer" if self.role == "writer" else "labeller"


def _all(*roles: Role, parties: tuple[Party, ...] = ("internal", "partner", "client")) -> frozenset[tuple[str, str]]:
    return frozenset((role, party) for role in roles for party in parties)


_HOUSE: tuple[Party, ...] = ("internal", "partner")
_MAY: dict[Ability, frozenset[tuple[str, str]]] = {
    "see": _all("lead", "writer", "labeller", "reviewer", "viewer"),
    "write": _all("writer", parties=_HOUSE),
    "label": _all("labeller"),
    "review_internal": _all("reviewer", "lead", parties=_HOUSE),
    "review_client": _all("reviewer", "lead", parties=("client",)),
    "adjudicate": _all("lead", parties=_HOUSE),
    "manage": _all("lead", parties=_HOUSE),
    "see_plan": _all("lead", "viewer"),
    "see_quality": _all("lead"),
    "see_deliveries": _all("lead", "viewer"),
    "answer_delivery": _all("lead", parties=("client",)),
    "see_audit": _all("lead", parties=_HOUSE),
}
"""Ability → (role, party) that have it. `review_internal` also needs the party that the project names."""


def _scope_of(ability: Ability) -> Scope:
    if ability in ("write", "label", "review_internal", "review_client", "adjudicate"):
        return "work"
    if ability == "manage":
        return "manage"
    return "deliver" if ability in ("answer_delivery", "see_deliveries") else "read"


def stand(
    db: Session, actor: Actor, project_id: str, ability: Ability = "see", *, lock: bool = False
) -> Standing:
    """Return the actor's standing in the project if they have the ability there.

    To somebody who is no member the project does not exist (Unknown); a member without the ability hears NotAllowed.
    `lock` keeps the membership for this transaction, so that two windows of one person are served one after the other.
    """
    standing = standing_of(db, actor, project_id, lock=lock)
    if standing is None:
        raise Unknown("there is no such project", do="look at the list of your projects")
    if not standing.can(ability):
        raise NotAllowed(f"a {standing.role} of the {standing.party} party may not {ability.replace('_', ' ')} here")
    return standing


_STANDING = (
    select(Project, Membership.party, Membership.role)
    .join(Membership, Membership.project_id == Project.id)
    .where(Project.id == bindparam("project"), Membership.person_id == bindparam("me"))
    .where(Membership.ended_at.is_(None))
)
_STANDING_LOCKED = _STANDING.with_for_update(of=Membership, key_share=True)


def standing_of(db: Session, actor: Actor, project_id: str, *, lock: bool = False) -> Standing | None:
    """Return the actor's standing in the project, or None where they have none."""
    if actor.only_project not in (None, project_id):
        return None
    query = _STANDING_LOCKED if lock else _STANDING
    row = db.execute(query, {"project": project_id, "me": actor.person_id}).one_or_none()
    return Standing(actor, row[0], row[1], row[2]) if row else None


def keep(actor: Actor) -> None:
    """Refuse whoever does not keep the house."""
    if not actor.keeper or not {"manage"} <= (actor.scopes or set(SCOPES)):
        raise NotAllowed("only somebody who keeps the house may do that")
