"""E-mail and password to a session, a session's cookie to an actor; who comes in, who leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, keep
from trivium.human.desk.errors import Conflict, Invalid, SignInFailed, TooMany, Unknown
from trivium.human.desk.pseudonyms import new_pseudonym
from trivium.human.desk.secrets import hash_password, new_secret, password_fits, secret_hash
from trivium.human.store.columns import core, now
from trivium.human.store.journal_write import note
from trivium.human.store.listing import Listing
from trivium.human.store.people import Attempt, Person, SignIn

SESSION_DAYS = 14
TRIES = 8
TRY_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Signed:
    """A session just begun: the cookie's secret, shown once."""

    actor: Actor
    secret: str


@dataclass(frozen=True)
class Visit:
    """A request's session: who, and how they like the page."""

    actor: Actor
    locale: str
    single_keys: bool


def nobody_yet(db: Session) -> bool:
    """Say whether the house has no person: then the first to come in keeps it."""
    return db.scalar(select(Person.id).limit(1)) is None


def register(db: Session, email: str, password: str, *, name: str | None = None, keeper: bool = False) -> Person:
    """Make a person with a fresh pseudonym. Called for the first person, by `invitations.accept`, and by set-up."""
    address = _address(email)
    if db.scalar(select(Person.id).where(Person.email == address)) is not None:
        raise Conflict("this e-mail is in use already", do="sign in with it")
    person = Person(
        email=address, name=(name or "").strip() or None, password_hash=hash_password(password), keeper=keeper,
        pseudonym=new_pseudonym(db),
    )  # fmt: skip
    db.add(person)
    db.flush()
    note(db, person.id, "person.registered", f"person:{person.id}")
    return person


@dataclass(frozen=True)
class Known:
    """Whose e-mail it is, and the hash of their password; both None where it is nobody's."""

    person_id: str | None
    password_hash: str | None


def known(db: Session, email: str) -> Known:
    """Return who has this e-mail."""
    person = db.scalar(select(Person).where(Person.email == email.strip().lower()))
    return Known(person.id, person.password_hash) if person else Known(None, None)


def must_fit(found: Known, password: str) -> None:
    """Refuse a wrong password. A wrong e-mail is told alike and takes as long; that is a tenth of a second, so it is
    asked while no transaction is open.
    """
    if not password_fits(found.password_hash, password) or found.person_id is None:
        raise SignInFailed("e-mail or password is wrong", do="try again, or ask for a new invitation")


def enter(db: Session, found: Known) -> Signed:
    """Begin a session of somebody whose password fitted, if it is their password still."""
    person = db.get(Person, found.person_id)
    if person is None or person.password_hash != found.password_hash:
        raise SignInFailed("e-mail or password is wrong", do="try again, or ask for a new invitation")
    if person.status != "active":
        raise SignInFailed("this account is suspended", do="ask who keeps the house")
    if person.email is not None:
        db.execute(delete(Attempt).where(Attempt.key == secret_hash(person.email)))
    return begin(db, person)


def refuse_guessing(db: Session, email: str) -> None:
    """Raise TooMany where this e-mail was tried too often of late: after eight tries a quarter of an hour must pass.
    Called before `must_fit`, and again before `enter`, because tries may come at the same time.
    """
    tries = select(func.count()).where(
        Attempt.key == secret_hash(email.strip().lower()), Attempt.created_at > now() - TRY_WINDOW
    )
    if (db.scalar(tries) or 0) >= TRIES:
        raise TooMany("too many tries with this e-mail", do="wait a quarter of an hour")


def remember_failure(db: Session, email: str) -> None:
    """Count a failed try; in a transaction of its own, because the failed one is rolled back."""
    db.add(Attempt(key=secret_hash(email.strip().lower())))
    db.execute(delete(Attempt).where(Attempt.created_at < now() - 4 * TRY_WINDOW))


def begin(db: Session, person: Person) -> Signed:
    """Begin a fresh session for the person: an id known before sign-in is never taken over."""
    secret = new_secret()
    db.add(SignIn(id=secret_hash(secret), person_id=person.id, expires_at=now() + timedelta(days=SESSION_DAYS)))
    db.execute(delete(SignIn).where(SignIn.expires_at < now()))
    note(db, person.id, "person.signed_in", f"person:{person.id}")
    return Signed(_actor(person), secret)


def visit(db: Session, secret: str | None) -> Visit | None:
    """Return the session behind a cookie's secret, or None where there is none any more."""
    if not secret:
        return None
    row = db.connection().execute(_VISIT, {"secret": secret_hash(secret), "moment": now()}).one_or_none()
    return Visit(Actor(row.id, row.pseudonym, row.keeper), row.locale, row.single_keys) if row else None


_PEOPLE, _SIGN_INS = core(Person), core(SignIn)
_VISIT = (
    select(_PEOPLE.c.id, _PEOPLE.c.pseudonym, _PEOPLE.c.keeper, _PEOPLE.c.locale, _PEOPLE.c.single_keys)
    .join(_SIGN_INS, _SIGN_INS.c.person_id == _PEOPLE.c.id)
    .where(_SIGN_INS.c.id == bindparam("secret"), _SIGN_INS.c.expires_at > bindparam("moment"))
    .where(_PEOPLE.c.status == "active")
)
"""Built once, because every request asks it."""


def sign_out(db: Session, secret: str) -> None:
    """End the session."""
    db.execute(delete(SignIn).where(SignIn.id == secret_hash(secret)))


def change_password(db: Session, actor: Actor, old: str, new: str) -> Signed:
    """Set another password, end every session of the person, and begin a fresh one."""
    person = _person(db, actor.person_id)
    if not password_fits(person.password_hash, old):
        raise Invalid({"old": "this is not your password"})
    person.password_hash = hash_password(new)
    db.execute(delete(SignIn).where(SignIn.person_id == person.id))
    note(db, person.id, "person.changed_password", f"person:{person.id}")
    return begin(db, person)


def set_habits(db: Session, actor: Actor, *, locale: str | None = None, single_keys: bool | None = None) -> None:
    """Keep the language of the interface, and whether single keys act."""
    person = _person(db, actor.person_id)
    if locale is not None:
        person.locale = locale[:16]
    if single_keys is not None:
        person.single_keys = single_keys


def suspend(db: Session, actor: Actor, person_id: str, *, back: bool = False) -> None:
    """Shut a person out and end their sessions, or let them in again."""
    keep(actor)
    person = _person(db, person_id)
    if person.status == "erased":
        raise Conflict("this person was erased")
    if person.id == actor.person_id:
        raise Conflict("nobody suspends themselves")
    person.status = "active" if back else "suspended"
    db.execute(delete(SignIn).where(SignIn.person_id == person.id))
    note(db, actor.person_id, "person.let_in" if back else "person.suspended", f"person:{person.id}")


def end_sessions(db: Session, person_id: str) -> None:
    """End every session of a person."""
    db.execute(delete(SignIn).where(SignIn.person_id == person_id))


def everybody(db: Session, actor: Actor) -> Listing[Person]:
    """Return all people of the house, by pseudonym."""
    keep(actor)
    return Listing(db, select(Person).order_by(Person.pseudonym), lambda row: row[0])


def actor_of(db: Session, person_id: str) -> Actor:
    """Return the actor that an active person is: for set-up, the demo and tests."""
    person = _person(db, person_id)
    if person.status != "active":
        raise SignInFailed("this account is not active")
    return _actor(person)


def set_keeper(db: Session, actor: Actor, person_id: str, *, keeper: bool) -> None:
    """Give or take the keys of the house; at least one person keeps them."""
    keep(actor)
    person = _person(db, person_id)
    others = db.scalar(
        select(func.count()).where(Person.keeper, Person.status == "active", Person.id != person_id)
    )
    if not keeper and not others:
        raise Conflict("somebody must keep the house", do="give the keys to somebody else first")
    db.execute(update(Person).where(Person.id == person.id).values(keeper=keeper))
    note(db, actor.person_id, "person.keeper", f"person:{person.id}", keeper=keeper)


def _actor(person: Person) -> Actor:
    return Actor(person.id, person.pseudonym, person.keeper)


def _person(db: Session, person_id: str) -> Person:
    person = db.get(Person, person_id)
    if person is None:
        raise Unknown("there is no such person")
    return person


def _address(email: str) -> str:
    address = email.strip().lower()
    local, at, host = address.rpartition("@")
    if not (at and local and host) or len(address) > 320 or any(c.isspace() for c in address):
        raise Invalid({"email": f"wanted an e-mail address, found {email.strip()[:60]!r}"})
    return address
