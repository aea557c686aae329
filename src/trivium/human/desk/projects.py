"""A purpose to a project with members: opening, settings, who is in it and as what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, Standing, keep, stand
from trivium.human.desk.errors import Conflict, Invalid, Unknown
from trivium.human.desk.settings import ProjectSettings, settings_of
from trivium.human.states import Kind
from trivium.human.store.columns import now
from trivium.human.store.journal_write import note_in
from trivium.human.store.listing import Listing
from trivium.human.store.people import Membership, Party, Person, Role
from trivium.human.store.projects import Project, ProjectStatus
from trivium.human.store.work import Assignment, Item

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Member:
    """A member as leads see them: no e-mail, no name."""

    person_id: str
    pseudonym: str
    party: Party
    role: Role
    active: bool


def create(db: Session, actor: Actor, slug: str, title: str, kind: Kind, settings: ProjectSettings) -> Project:
    """Open a project; the actor, who keeps the house, becomes its lead of the internal party."""
    keep(actor)
    if not _SLUG.fullmatch(slug):
        raise Invalid({"slug": "wanted lower-case letters, digits and hyphens, at most 63"})
    if not title.strip():
        raise Invalid({"title": "give the project a title"})
    if db.scalar(select(Project.id).where(Project.slug == slug)) is not None:
        raise Conflict(f"a project is called {slug} already")
    project = Project(slug=slug, title=title.strip(), kind=kind, settings=settings.model_dump(mode="json"))
    db.add(project)
    db.flush()
    db.add(Membership(project_id=project.id, person_id=actor.person_id, party="internal", role="lead"))
    db.flush()
    note_in(db, project.id, actor.person_id, "project.opened", f"project:{project.id}", kind=kind)
    return project


def mine(db: Session, actor: Actor) -> list[Standing]:
    """Return the actor's projects, by title, with what they are there."""
    rows = db.execute(
        select(Project, Membership.party, Membership.role)
        .join(Membership, Membership.project_id == Project.id)
        .where(Membership.person_id == actor.person_id, Membership.ended_at.is_(None))
        .order_by(Project.title)
    )
    return [Standing(actor, *row) for row in rows if actor.only_project in (None, row[0].id)]


def by_slug(db: Session, actor: Actor, slug: str) -> Standing:
    """Return the actor's standing in the project of that name, or Unknown."""
    row = db.execute(_BY_SLUG, {"slug": slug, "me": actor.person_id}).one_or_none()
    if row is None or actor.only_project not in (None, row[0].id):
        raise Unknown("there is no such project", do="look at the list of your projects")
    return Standing(actor, row[0], row[1], row[2])


_BY_SLUG = (
    select(Project, Membership.party, Membership.role)
    .join(Membership, Membership.project_id == Project.id)
    .where(Project.slug == bindparam("slug"), Membership.person_id == bindparam("me"), Membership.ended_at.is_(None))
)


def configure(db: Session, actor: Actor, project_id: str, settings: ProjectSettings) -> None:
    """Set the project's settings. Work that began keeps the overlap it began with."""
    standing = stand(db, actor, project_id, "manage")
    before = settings_of(standing.project).model_dump(mode="json")
    after = settings.model_dump(mode="json")
    standing.project.settings = after
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    note_in(db, project_id, actor.person_id, "project.configured", f"project:{project_id}", changed=changed)


def describe(db: Session, actor: Actor, project_id: str, title: str, purpose: str) -> None:
    """Set title and purpose."""
    standing = stand(db, actor, project_id, "manage")
    if not title.strip():
        raise Invalid({"title": "give the project a title"})
    standing.project.title, standing.project.purpose = title.strip(), purpose.strip()
    note_in(db, project_id, actor.person_id, "project.described", f"project:{project_id}")


def set_status(db: Session, actor: Actor, project_id: str, status: ProjectStatus) -> None:
    """Pause, close or resume: nobody is given work in a project that is not active."""
    stand(db, actor, project_id, "manage").project.status = status
    note_in(db, project_id, actor.person_id, f"project.{status}", f"project:{project_id}")


def members(db: Session, actor: Actor, project_id: str, *, text: str = "") -> Listing[Member]:
    """Return everybody in the project whose pseudonym has this text in it, by pseudonym, those who left last."""
    stand(db, actor, project_id, "manage")
    left = Membership.ended_at.is_not(None)
    rows = (
        select(Membership.person_id, Person.pseudonym, Membership.party, Membership.role, left.label("left"))
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.project_id == project_id)
        .order_by(left, Person.pseudonym)
    )
    if text:
        rows = rows.where(Person.pseudonym.icontains(text, autoescape=True))
    return Listing(db, rows, lambda row: Member(row.person_id, row.pseudonym, row.party, row.role, not row.left))


def set_member(db: Session, actor: Actor, project_id: str, person_id: str, *, party: Party, role: Role) -> None:
    """Make somebody a member, or another kind of member."""
    stand(db, actor, project_id, "manage")
    if db.get(Person, person_id) is None:
        raise Unknown("there is no such person")
    if person_id == actor.person_id and (role != "lead" or party == "client"):
        raise Conflict("a lead cannot give up their own lead", do="ask another lead")
    add_member(db, actor.person_id, project_id, person_id, party=party, role=role)


def add_member(
    db: Session, by: str, project_id: str, person_id: str, *, party: Party, role: Role
) -> None:
    """Write a membership; whoever calls has checked that it may be."""
    row = db.scalar(select(Membership).where(Membership.project_id == project_id, Membership.person_id == person_id))
    if row is None:
        row = Membership(project_id=project_id, person_id=person_id)
        db.add(row)
    row.party, row.role, row.ended_at = party, role, None
    db.flush()
    note_in(db, project_id, by, "member.set", f"person:{person_id}", party=party, role=role)


def remove_member(db: Session, actor: Actor, project_id: str, person_id: str) -> None:
    """End a membership. Work done stays; what they hold comes back to the queue when the hold runs out."""
    stand(db, actor, project_id, "manage")
    row = db.scalar(
        select(Membership).where(
            Membership.project_id == project_id, Membership.person_id == person_id, Membership.ended_at.is_(None)
        )
    )
    if row is None:
        raise Unknown("this person is no member")
    others = [
        Membership.project_id == project_id, Membership.role == "lead", Membership.party != "client",
        Membership.ended_at.is_(None), Membership.person_id != person_id,
    ]  # fmt: skip
    leads = db.scalar(select(func.count()).where(*others))
    if not leads:
        raise Conflict("a project needs a lead", do="make somebody else a lead first")
    row.ended_at = now()
    held = select(Assignment).where(
        Assignment.project_id == project_id, Assignment.person_id == person_id, Assignment.state == "leased"
    )
    for hold in db.scalars(held):
        hold.lease_until = now()
    waiting = Item.reserved_for == person_id, Item.project_id == project_id
    db.execute(update(Item).where(*waiting).values(reserved_for=None))
    note_in(db, project_id, actor.person_id, "member.removed", f"person:{person_id}")
