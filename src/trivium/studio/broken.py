"""Turns what broke below the pages into one sentence and its status: a database that is gone, a disk that is full.

Whatever is told here was not kept; what was acknowledged before is. A page of work that hears 503 holds what one did
and sends it again by itself, so that it goes on when the database does.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from trivium.studio.answer import rendered
from trivium.studio.here import Here
from trivium.studio.problems import problem
from trivium.studio.settings import StudioSettings

FULL = "The disk of the Studio is full; nothing that was acknowledged is lost"
CLOSED = "The Studio’s database cannot be written just now; nothing that was acknowledged is lost"
BUSY = "Another program holds the Studio’s database; nothing that was acknowledged is lost"
GONE = "The Studio’s database does not answer just now; nothing that was acknowledged is lost"
BROKEN = "Something broke on our side; nothing that was acknowledged is lost"
AGAIN = "try again in a moment, and tell who keeps the house if it stays"

_SIGNS = (
    (("disk is full", "no space left", "disk quota"), FULL),
    (("readonly database", "read-only", "permission denied", "unable to open"), CLOSED),
    (("locked",), BUSY),
)
_DISK = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: CLOSED, errno.EACCES: CLOSED, errno.EPERM: CLOSED}
_STATES = {"53100": FULL, "25006": CLOSED}
"""PostgreSQL's names for a full disk and a server that only reads."""


def sentence_of(error: SQLAlchemyError | OSError) -> str | None:
    """Return what a database's or a disk's error means to people; None where it is our own mistake.

    >>> sentence_of(OSError(errno.ENOSPC, "No space left on device")) == FULL
    True
    """
    if isinstance(error, OSError):
        return _DISK.get(error.errno or 0)
    if not isinstance(error, DBAPIError):
        return GONE if isinstance(error, NoneFree) else None  # every connection waits for a server that is gone
    state, text = str(getattr(error.orig, "sqlstate", None) or ""), str(error.orig).lower()
    if state in _STATES:
        return _STATES[state]
    if error.connection_invalidated or state.startswith(("57P", "08")):
        return GONE
    found = next((said for signs, said in _SIGNS if any(sign in text for sign in signs)), None)
    return found or (GONE if isinstance(error, OperationalError) else None)


def answer_broken(request: Request, settings: StudioSettings, said: str, status: int) -> Response:
    """Return the no in the way that was asked, without the database: nobody is known, and the browser's language
    holds.
    """
    here = Here(request, cast(Session, None), settings, None)
    if request.url.path.startswith("/api/") or here.wants_json:
        api = request.url.path.startswith("/api/")
        told = (lambda text: text) if api else here.words.told
        answer: Response = JSONResponse({"message": told(said), "do": told(AGAIN), "fields": {}}, status)
    else:
        answer = rendered(problem(here, here.words.told(said), here.words.told(AGAIN), status))
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


def add_broken(app: FastAPI, settings: StudioSettings) -> None:
    """Let the app say what broke; what is our own mistake goes to the server's log besides."""

    async def unkept(request: Request, error: Exception) -> Response:
        assert isinstance(error, SQLAlchemyError | OSError)
        said = sentence_of(error)
        if said is None:
            raise error
        return answer_broken(request, settings, said, 503)

    async def broken(request: Request, _: Exception) -> Response:
        return answer_broken(request, settings, BROKEN, 500)

    handlers: tuple[tuple[type[Exception], Callable[[Request, Exception], Awaitable[Response]]], ...]
    handlers = ((SQLAlchemyError, unkept), (OSError, unkept), (Exception, broken))
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)
