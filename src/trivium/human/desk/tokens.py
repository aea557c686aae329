"""A person's wish to an API token, and a token to an actor who may do no more than it says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import SCOPES, Actor, stand
from trivium.human.desk.errors import Invalid, NotAllowed, SignInFailed, Unknown
from trivium.human.desk.secrets import new_secret, secret_hash
from trivium.human.store.columns import now
from trivium.human.store.journal_write import note
from trivium.human.store.people import Person, Token

PREFIX = "trv_"


def create(
    db: Session, actor: Actor, label: str, scopes: Iterable[str], *, project_id: str | None = None,
    days: int | None = 90,
) -> str:  # fmt: skip
    """Return a new token, shown once. A token cannot make tokens, and a scope unknown to us is refused."""
    if actor.scopes is not None:
        raise NotAllowed("a token cannot make tokens", do="sign in and make it there")
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        raise Invalid({"scopes": f"wanted some of {', '.join(SCOPES)}, found {', '.join(unknown) or 'none'}"})
    if not label.strip():
        raise Invalid({"label": "say what the token is for"})
    if project_id is not None:
        stand(db, actor, project_id)
    secret = PREFIX + new_secret()
    row = Token(
        person_id=actor.person_id, project_id=project_id, label=label.strip()[:200], secret_hash=secret_hash(secret),
        scopes=wanted, expires_at=now() + timedelta(days=days) if days is not None else None,
    )  # fmt: skip
    db.add(row)
    db.flush()
    note(db, actor.person_id, "token.created", f"token:{row.id}", scopes=wanted)
    return secret


def bearer(db: Session, secret: str) -> Actor:
    """Return who shows this token, with its scopes; SignInFailed where it is unknown, revoked or too old."""
    row = db.execute(
        select(Token, Person)
        .join(Person, Person.id == Token.person_id)
        .where(Token.secret_hash == secret_hash(secret), Token.revoked_at.is_(None), Person.status == "active")
    ).one_or_none()
    if row is None or (row[0].expires_at is not None and row[0].expires_at <= now()):
        raise SignInFailed("this token is unknown, revoked or too old", do="make a new one")
    token, person = row
    return Actor(person.id, person.pseudonym, person.keeper, frozenset(token.scopes), token.project_id)


def mine(db: Session, actor: Actor) -> list[Token]:
    """Return the actor's tokens that still work, newest first."""
    query = select(Token).where(Token.person_id == actor.person_id, Token.revoked_at.is_(None))
    return list(db.scalars(query.order_by(Token.created_at.desc())))


def revoke(db: Session, actor: Actor, token_id: str) -> None:
    """End a token of one's own."""
    row = db.get(Token, token_id)
    if row is None or row.person_id != actor.person_id:
        raise Unknown("there is no such token")
    row.revoked_at = now()
    note(db, actor.person_id, "token.revoked", f"token:{row.id}")
