"""Tables of people: who they are, where they work and as what, how they come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trivium.human.store.columns import ID_LENGTH, Table, created, key, words

Party = Literal["internal", "partner", "client"]
Role = Literal["lead", "writer", "labeller", "reviewer", "viewer"]
PersonStatus = Literal["active", "suspended", "erased"]


class Person(Table):
    """Somebody with a pseudonym; e-mail and name are theirs alone, and go when they are erased."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(
            "status <> 'erased' OR (email IS NULL AND name IS NULL AND password_hash IS NULL)", name="erased_is_empty"
        ),
    )

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    email: Mapped[str | None] = mapped_column(String(320), unique=True)
    """Lower case."""
    name: Mapped[str | None]
    pseudonym: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None]
    locale: Mapped[str] = mapped_column(String(16), default="en")
    status: Mapped[PersonStatus] = mapped_column(words("person_status", PersonStatus), default="active")
    keeper: Mapped[bool] = mapped_column(default=False)
    """Keeps the house: opens projects, invites, suspends."""
    single_keys: Mapped[bool] = mapped_column(default=True)
    """Whether single keys act on the ranking board."""


class Profile(Table):
    """What a person chose to say about themselves, with the consent under which it may be counted."""

    __tablename__ = "profile"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    languages: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """`{"code": "ar", "level": "native"}` each."""
    expertise: Mapped[list[str]] = mapped_column(default=list)
    demographics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    consent_version: Mapped[str] = mapped_column(String(32))
    consented_at: Mapped[datetime] = created()


class Membership(Table):
    """One person's party and role in one project."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("project_id", "person_id"), Index("membership_of_person", "person_id"))

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    party: Mapped[Party] = mapped_column(words("party", Party))
    role: Mapped[Role] = mapped_column(words("role", Role))
    ended_at: Mapped[datetime | None]
    """When the person left the project; their work stays."""


class SignIn(Table):
    """A browser that is signed in; the cookie holds a secret of which only the hash is kept."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("sign_in_of_person", "person_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the cookie's secret."""
    created_at: Mapped[datetime] = created()
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime]


class Attempt(Table):
    """A failed sign-in, so that guessing gets slow."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_by_key", "key", "created_at"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    key: Mapped[str] = mapped_column(String(64))
    """Hash of the e-mail that was tried."""


class Invitation(Table):
    """A link that makes somebody a member, once."""

    __tablename__ = "invitation"

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"))
    party: Mapped[Party | None] = mapped_column(words("invitation_party", Party))
    role: Mapped[Role | None] = mapped_column(words("invitation_role", Role))
    invited_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[datetime]
    used_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Token(Table):
    """A bearer token of the API: whose, for what, until when; only its hash is kept."""

    __tablename__ = "token"
    __table_args__ = (Index("token_of_person", "person_id"),)

    id: Mapped[str] = key()
    created_at: Mapped[datetime] = created()
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    project_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), ForeignKey("project.id"))
    """None: every project of the person."""
    label: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
