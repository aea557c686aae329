"""A lead's invitation to a link, and a link to a membership."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, keep, stand
from trivium.human.desk.errors import Conflict, NotAllowed, Unknown
from trivium.human.desk.people import Signed, begin, register
from trivium.human.desk.secrets import new_secret, secret_hash
from trivium.human.store.columns import now
from trivium.human.store.journal_write import HOUSE, note_in
from trivium.human.store.people import Invitation, Membership, Party, Person, Role

INVITATION_DAYS = 14


def invite(db: Session, actor: Actor, project_id: str | None, party: Party | None, role: Role | None) -> str:
    """Return the secret of a link that makes whoever opens it a member once; shown once, kept as a hash.

    Without a project it only makes a person of the house, and only who keeps the house may do it.
    """
    if project_id is None:
        keep(actor)
    else:
        stand(db, actor, project_id, "manage")
        if party is None or role is None:
            raise NotAllowed("an invitation to a project names party and role")
    secret = new_secret()
    row = Invitation(
        secret_hash=secret_hash(secret), project_id=project_id, party=party, role=role, invited_by=actor.person_id,
        expires_at=now() + timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    db.add(row)
    db.flush()
    note_in(db, project_id or HOUSE, actor.person_id, "member.invited", f"invitation:{row.id}", party=party, role=role)
    return secret


def look(db: Session, secret: str) -> Invitation:
    """Return the invitation that is still good, or raise Unknown."""
    row = db.scalar(
        select(Invitation)
        .where(Invitation.secret_hash == secret_hash(secret), Invitation.used_by.is_(None))
        .where(Invitation.expires_at > now())
        .with_for_update(key_share=True)
    )
    if row is None:
        raise Unknown("this invitation is used up or too old", do="ask for a new one")
    return row


def accept(db: Session, secret: str, email: str, password: str, name: str | None = None) -> Signed:
    """Make the invited person, their membership, and a session."""
    row = look(db, secret)
    person = register(db, email, password, name=name)
    _join(db, row, person.id)
    return begin(db, person)


def accept_signed_in(db: Session, actor: Actor, secret: str) -> None:
    """Take the invitation as somebody who has an account already."""
    _join(db, look(db, secret), actor.person_id)


def _join(db: Session, row: Invitation, person_id: str) -> None:
    row.used_by = person_id
    if row.project_id is None or row.party is None or row.role is None:
        return
    there = db.scalar(
        select(Membership).where(Membership.project_id == row.project_id, Membership.person_id == person_id)
    )
    if there is not None and there.ended_at is None:
        raise Conflict("you are a member of this project already")
    if there is None:
        there = Membership(project_id=row.project_id, person_id=person_id)
        db.add(there)
    there.party, there.role, there.ended_at = row.party, row.role, None
    db.flush()
    note_in(db, row.project_id, person_id, "member.joined", f"person:{person_id}", party=row.party, role=row.role)


def take_back(db: Session, actor: Actor, project_id: str, invitation_id: str) -> None:
    """Make a link that nobody has used yet good for nothing."""
    stand(db, actor, project_id, "manage")
    row = db.get(Invitation, invitation_id)
    if row is None or row.project_id != project_id:
        raise Unknown("there is no such invitation")
    if row.used_by is not None:
        raise Conflict("somebody used this invitation already", do="remove them from the members")
    row.expires_at = now()
    note_in(db, project_id, actor.person_id, "member.uninvited", f"invitation:{row.id}", party=row.party, role=row.role)


def waiting(db: Session, actor: Actor, project_id: str) -> list[tuple[Invitation, str]]:
    """Return the invitations nobody has used yet, with who sent them."""
    stand(db, actor, project_id, "manage")
    rows = db.execute(
        select(Invitation, Person.pseudonym)
        .join(Person, Person.id == Invitation.invited_by)
        .where(Invitation.project_id == project_id, Invitation.used_by.is_(None), Invitation.expires_at > now())
        .order_by(Invitation.created_at)
    )
    return [(row[0], row[1]) for row in rows]
