"""Turns functions over `Here` into addresses: one transaction each, and each refusal of the desk into its page.

A page is `@get("/p/{slug}/rank") def rank(here, slug)`; what changes something is `@post(…)` and gets its form only
after the door has looked at the token. A page that was refused is shown again by the function named in `again`.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, DBAPIError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.routing import Route

from trivium.core.errors import InputError, RefusedError, StorageError, TriviumError
from trivium.human.desk import people
from trivium.human.desk.errors import Conflict, Invalid, NotAcknowledged, NotAllowed, SignInFailed, TooMany, Unknown
from trivium.human.states import HandError, StateError
from trivium.human.store.database import ATTEMPTS, Database, clashed
from trivium.studio import csrf
from trivium.studio.answer import rendered
from trivium.studio.here import Here
from trivium.studio.problems import problem, sentence
from trivium.studio.settings import StudioSettings

Function = Callable[..., Response]
Onward = Callable[..., Response | None]
Sent = tuple[FormData, dict[str, Any]]


@dataclass(frozen=True)
class Page:
    """An address and what stands behind it."""

    method: Literal["GET", "POST"]
    path: str
    function: Function
    writes: bool
    signed_in: bool
    again: Function | None = None
    failed: Callable[[Database, FormData], None] | None = None
    """What is written down, in a transaction of its own, where a sign-in failed."""
    ahead: Callable[[Database, FormData], Any] | None = None
    """What takes long and is done before the transaction; the function is given what it returned."""
    onward: Onward | None = None
    """What may be answered with instead, in a transaction of its own, once what was sent is kept; None for nothing."""


PAGES: list[Page] = []
SQLITE_WRITERS = 2
"""Threads of a process that serve pages which write to SQLite. One of them writes; the other waits for the disk, for
its lock, or makes a page's text. The more there are, the longer the one waits for the interpreter after every question
that it asks, with everybody behind its lock. On PostgreSQL others write meanwhile, and fewer threads are slower.
"""


def get(path: str, *, writes: bool = False, signed_in: bool = True) -> Callable[[Function], Function]:
    """Serve an address; `writes` where opening it takes a hold on work."""

    def add(function: Function) -> Function:
        PAGES.append(Page("GET", path, function, writes, signed_in))
        return function

    return add


def post(
    path: str,
    *,
    signed_in: bool = True,
    again: Function | None = None,
    failed: Callable[[Database, FormData], None] | None = None,
    ahead: Callable[[Database, FormData], Any] | None = None,
    onward: Onward | None = None,
) -> Callable[[Function], Function]:
    """Take a form at an address; `again` shows its page once more where the form is refused, `ahead` is done before the
    transaction, `onward` shows at once what comes after it.
    """

    def add(function: Function) -> Function:
        PAGES.append(Page("POST", path, function, True, signed_in, again, failed, ahead, onward))
        return function

    return add


TOLD_AT_ONCE = 2
"""So many fields are told in the one sentence of a refusal; where more are wrong, each stands at its field only."""
STATUS: tuple[tuple[type[TriviumError], int], ...] = (
    (Unknown, 404),
    (NotAllowed, 403),
    (SignInFailed, 401),
    (TooMany, 429),
    (Conflict, 409),
    (Invalid, 422),
    (HandError, 403),
    (StateError, 409),
    (csrf.CrossSiteError, 403),
    (StorageError, 503),
    (RefusedError, 403),
    (TriviumError, 422),
)


def status_of(error: TriviumError) -> int:
    """Return the HTTP status that says what kind of no this is."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def endpoint(
    page: Page, database: Database, settings: StudioSettings, writers: CapacityLimiter | None = None
) -> Callable[[Request], Awaitable[Response]]:
    """Return the ASGI endpoint of a page. `writers` bounds how many write at once, where that is bounded."""
    serving = partial(to_thread.run_sync, limiter=writers if page.writes else None)

    async def answer(request: Request) -> Response:
        sent: Sent = (FormData(), {})
        if page.method == "POST":
            try:
                sent = await csrf.posted(request)
            except TriviumError as error:
                return await run_in_threadpool(_refusal, page, database, settings, request, error)
            except HTTPException as error:  # the form parser's own no: too many fields, broken parts
                wrong = InputError(str(error.detail))
                return await run_in_threadpool(_refusal, page, database, settings, request, wrong)
        try:
            return await serving(partial(_serve, page, database, settings, request, sent))
        finally:
            await sent[0].close()

    return answer


def routes(database: Database, settings: StudioSettings) -> list[Route]:
    """Return every page as a route."""
    writers = CapacityLimiter(SQLITE_WRITERS) if database.is_sqlite else None
    return [
        Route(
            page.path, endpoint(page, database, settings, writers), methods=[page.method], name=page.function.__name__
        )
        for page in PAGES
    ]


def _serve(page: Page, database: Database, settings: StudioSettings, request: Request, sent: Sent) -> Response:
    """Answer in one transaction; where two clashed, once more."""
    for attempt in range(ATTEMPTS):
        try:
            return _once(page, database, settings, request, sent)
        except TriviumError as error:
            if page.failed is not None and isinstance(error, SignInFailed):
                page.failed(database, sent[0])
            return _refusal(page, database, settings, request, error, sent[0])
        except DataError:
            return _refusal(page, database, settings, request, InputError(csrf.UNKEPT), sent[0])
        except DBAPIError as error:
            if attempt == ATTEMPTS - 1 or not clashed(error):
                raise
            time.sleep(0.01 * 2**attempt)
    raise AssertionError("the loop returns or raises")


def _once(page: Page, database: Database, settings: StudioSettings, request: Request, sent: Sent) -> Response:
    secret = request.cookies.get(csrf.SESSION_COOKIE)
    given = {} if page.ahead is None else {"ahead": page.ahead(database, sent[0])}
    with database.write(flush=False) if page.writes else database.read() as db:
        visit = people.visit(db, secret)
        here = Here(request, db, settings, visit, *sent)
        if page.signed_in and visit is None:
            return _to_the_door(here)
        answer = page.function(here, **request.path_params, **given)
    answer = rendered(_onward(page, database, here) or answer)
    if page.writes:
        database.flush()
    return answer


def _onward(page: Page, database: Database, before: Here) -> Response | None:
    """Return what comes after what was sent, which is kept already: a no here is told where one goes on to."""
    if page.onward is None or not before.desk:
        return None
    try:
        with database.write(flush=False) as db:
            here = Here(before.request, db, before.settings, before.visit, standing=before.standing)
            return page.onward(here, **_known(page.onward, before.request.path_params))
    except TriviumError:
        return None


def _to_the_door(here: Here) -> Response:
    if here.wants_json:
        return JSONResponse(
            {"message": here.say("You were signed out; sign in in another tab, your work is kept here."), "fields": {}},
            401,
        )
    if here.request.method == "GET":
        return here.to(f"/sign-in?next={here.request.url.path}")
    return here.to("/sign-in")


def _refusal(
    page: Page,
    database: Database,
    settings: StudioSettings,
    request: Request,
    error: TriviumError,
    form: FormData | None = None,
) -> Response:
    """Say no in the way that was asked: as JSON to a script, as the same page once more, or as a page of its own."""
    with database.read() as db:
        here = Here(request, db, settings, people.visit(db, request.cookies.get(csrf.SESSION_COOKIE)))
        answer = _no(page, here, error, form)
    return rendered(answer)


def _no(page: Page, here: Here, error: TriviumError, form: FormData | None) -> Response:
    status, values = status_of(error), here.request.path_params
    if isinstance(error, NotAcknowledged):
        return here.to(f"/p/{values.get('slug', '')}/guideline?read={error.guideline_id}&next={here.request.url.path}")
    told = here.words.told
    fields = {name: told(text) for name, text in (error.fields if isinstance(error, Invalid) else {}).items()}
    message, do = told(error.message), told(error.do)
    if here.wants_json:
        if len(fields) > TOLD_AT_ONCE:
            message = here.say("Something is missing or wrong; see below.")
        return JSONResponse({"message": message, "do": do, "fields": fields}, status)
    if page.again is not None and form is not None and status in (401, 409, 422, 429):
        said = here.say("Something is missing or wrong; see below.")
        if not fields:
            said = " ".join(filter(None, (sentence(message), sentence(do))))
        shown = replace(here, form=form, errors=fields, refused=said)
        answer = page.again(shown, **_known(page.again, values))
        answer.status_code = status
        return answer
    return problem(here, message, do, status)


def _known(function: Onward, values: Mapping[str, Any]) -> dict[str, Any]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount + function.__code__.co_kwonlyargcount]
    return {name: value for name, value in values.items() if name in names}
