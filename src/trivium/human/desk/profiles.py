"""What a person tells of themselves, with consent; all that is kept of them, on request; and its erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor
from trivium.human.desk.errors import Conflict, Invalid
from trivium.human.desk.people import end_sessions
from trivium.human.desk.rounds import end_item
from trivium.human.store.columns import Table, now
from trivium.human.store.journal_write import note, note_in
from trivium.human.store.people import Membership, Person, Profile, SignIn, Token
from trivium.human.store.projects import Ack, Project
from trivium.human.store.work import Assignment, Comment, Item, Judgement, Reply

CONSENT_VERSION = "1"
FIELDS = ("gender", "age", "region", "education", "ethnicity")
"""What may be told beside languages and expertise; every one may stay empty."""


def get(db: Session, actor: Actor) -> Profile | None:
    """Return the actor's own profile."""
    return db.get(Profile, actor.person_id)


def save(
    db: Session, actor: Actor, *, languages: Sequence[Mapping[str, str]] = (), expertise: Sequence[str] = (),
    demographics: Mapping[str, str] | None = None, consent: bool,
) -> Profile:  # fmt: skip
    """Keep a profile; only with consent, and only fields that are asked."""
    told = {name: value.strip() for name, value in (demographics or {}).items() if value.strip()}
    wrong = {name: "this is not asked" for name in told if name not in FIELDS}
    if not consent:
        wrong["consent"] = "a profile is kept only with your consent"
    if any(not entry.get("code") for entry in languages):
        wrong["languages"] = "each language has a code"
    if wrong:
        raise Invalid(wrong)
    row = db.get(Profile, actor.person_id)
    if row is None:
        row = Profile(person_id=actor.person_id)
        db.add(row)
    row.languages = [dict(entry) for entry in languages]
    row.expertise = [one.strip() for one in expertise if one.strip()]
    row.demographics, row.consent_version, row.consented_at = told, CONSENT_VERSION, now()
    db.flush()
    note(db, actor.person_id, "profile.saved", f"person:{actor.person_id}")
    return row


def forget(db: Session, actor: Actor) -> None:
    """Take back the consent: the profile is gone at once."""
    db.execute(delete(Profile).where(Profile.person_id == actor.person_id))
    note(db, actor.person_id, "profile.forgotten", f"person:{actor.person_id}")


def groups(db: Session, project_id: str) -> dict[str, dict[str, str]]:
    """Return pseudonym → field → value of the project's members who consented: for figures over five people or more."""
    rows = db.execute(
        select(Person.pseudonym, Profile)
        .join(Profile, Profile.person_id == Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.project_id == project_id)
    )
    found: dict[str, dict[str, str]] = {}
    for name, profile in rows:
        told = {key: str(value) for key, value in profile.demographics.items()}
        native = [one["code"] for one in profile.languages if one.get("level") == "native"]
        found[name] = told | ({"native_language": native[0]} if native else {})
    return found


def export(db: Session, actor: Actor) -> dict[str, Any]:
    """Return everything that is kept of the actor, as one JSON document."""
    me = actor.person_id
    person = db.get_one(Person, me)
    profile = db.get(Profile, me)
    return {
        "person": {"id": me, "email": person.email, "name": person.name, "pseudonym": person.pseudonym,
                   "locale": person.locale, "since": person.created_at.isoformat()},
        "profile": _plain(profile) if profile else None,
        "memberships": [
            {**_plain(row), "project": slug}
            for row, slug in db.execute(
                select(Membership, Project.slug)
                .join(Project, Project.id == Membership.project_id)
                .where(Membership.person_id == me)
            )
        ],
        "acknowledged": [_plain(row) for row in db.scalars(select(Ack).where(Ack.person_id == me))],
        "texts": [_plain(row) for row in db.scalars(select(Reply).where(Reply.author_id == me))],
        "work": [_blind(row) for row in db.scalars(select(Assignment).where(Assignment.person_id == me))],
        "judgements": [_plain(row) for row in db.scalars(select(Judgement).where(Judgement.person_id == me))],
        "comments": [_plain(row) for row in db.scalars(select(Comment).where(Comment.person_id == me))],
        "sign_ins": [{"at": row.created_at.isoformat(), "until": row.expires_at.isoformat()}
                     for row in db.scalars(select(SignIn).where(SignIn.person_id == me))],
        "tokens": [{"label": row.label, "scopes": row.scopes, "at": row.created_at.isoformat()}
                   for row in db.scalars(select(Token).where(Token.person_id == me))],
    }  # fmt: skip


def erase(db: Session, actor: Actor, *, with_texts: bool = False) -> None:
    """Erase the person: name, e-mail, password, profile, sessions and tokens go, and nobody can sign in as them.

    Their judgements stay under the pseudonym, which nobody can lead back. With `with_texts` what they wrote is
    withdrawn too: the next delivery holds none of it and lists the ids.
    """
    person = db.get_one(Person, actor.person_id)
    if person.keeper and db.scalar(
        select(Person.id).where(Person.keeper, Person.status == "active", Person.id != person.id).limit(1)
    ) is None:
        raise Conflict("somebody must keep the house", do="give the keys to somebody else first")
    if with_texts:
        items = db.scalars(select(Item).where(Item.author_id == person.id).with_for_update(key_share=True)).all()
        for item in items:
            if item.state not in ("withdrawn", "rejected"):
                end_item(db, item, "withdraw", "clock")
                note_in(db, item.project_id, person.id, "item.withdrawn", f"item:{item.id}", reason="erasure")
    held = select(Assignment).where(Assignment.person_id == person.id, Assignment.state == "leased")
    for hold in db.scalars(held):
        hold.lease_until = now()
    db.execute(update(Item).where(Item.reserved_for == person.id).values(reserved_for=None))
    db.execute(delete(Profile).where(Profile.person_id == person.id))
    db.execute(update(Token).where(Token.person_id == person.id).values(revoked_at=now(), label=""))
    db.execute(update(Membership).where(Membership.person_id == person.id).values(ended_at=now()))
    db.execute(update(Assignment).where(Assignment.person_id == person.id).values(draft={}))
    end_sessions(db, person.id)
    person.email = person.name = person.password_hash = None
    person.status, person.keeper = "erased", False
    note(db, person.id, "person.erased", f"person:{person.id}", with_texts=with_texts)


def _blind(hold: Assignment) -> dict[str, Any]:
    """Return a hold without the order in which its replies were shown: it would tell which of them is which, and of an
    imported comparison the first is often the one that others chose (I3).
    """
    return {name: value for name, value in _plain(hold).items() if name not in ("order", "order_seed")}


def _plain(row: Table) -> dict[str, Any]:
    """Return a row's columns as JSON types."""
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}
