"""A request's bearer token to an actor inside one transaction, committed before the answer goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from trivium.human.desk import projects, tokens
from trivium.human.desk.actor import Ability, Actor, Standing
from trivium.human.desk.errors import NotAllowed, SignInFailed
from trivium.human.store.database import Database

T = TypeVar("T")
_scheme = HTTPBearer(auto_error=False, description="A token made on the profile page; its scopes bound what it may do.")


class Bearer:
    """Who asks, and the transactions they ask in."""

    def __init__(self, database: Database, secret: str) -> None:
        """Keep the secret; it is looked up inside each transaction, so a revoked token ends at once."""
        self.database = database
        self._secret = secret

    def read(self, work: Callable[[Session, Actor], T]) -> T:
        """Do what only reads."""
        return self.database.look(
            lambda db: work(db, _scoped(tokens.bearer(db, self._secret), "read", "work", "manage", "deliver"))
        )

    def write(self, work: Callable[[Session, Actor], T]) -> T:
        """Do what changes something, again where two clashed."""
        return self.database.run(
            lambda db: work(db, _scoped(tokens.bearer(db, self._secret), "work", "manage", "deliver"))
        )

    def at_work(self, work: Callable[[Session, Actor], T]) -> T:
        """Do what somebody does with their own work, again where two clashed."""
        return self.database.run(lambda db: work(db, _scoped(tokens.bearer(db, self._secret), "work")))


def _scoped(actor: Actor, *any_of: str) -> Actor:
    if actor.scopes is not None and not actor.scopes & set(any_of):
        raise NotAllowed(f"this token may not do that: it needs one of {', '.join(any_of)}")
    return actor


def _bearer(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]) -> Bearer:
    if given is None:
        raise SignInFailed("wanted a bearer token", do="make one on your profile page")
    return Bearer(request.app.state.database, given.credentials)


Asking = Annotated[Bearer, Depends(_bearer)]


def in_project(db: Session, actor: Actor, slug: str, ability: Ability = "see") -> Standing:
    """Return the actor's standing in the project of that name, if they have the ability there."""
    standing = projects.by_slug(db, actor, slug)
    if not standing.can(ability):
        raise NotAllowed(f"a {standing.role} of the {standing.party} party may not do that here, or the token may not")
    return standing
