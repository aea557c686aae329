"""Settings to the web app: pages, static files, the API, all behind one guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import resources

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from trivium.core.version import code_version
from trivium.human.desk import people
from trivium.human.store.database import Database
from trivium.studio import csrf, pages_index
from trivium.studio.answer import rendered
from trivium.studio.api import add_api
from trivium.studio.broken import add_broken
from trivium.studio.guard import Guard
from trivium.studio.here import Here
from trivium.studio.jobs import Jobs
from trivium.studio.problems import problem
from trivium.studio.render import compiled
from trivium.studio.routes import routes
from trivium.studio.settings import StudioSettings


def create_app(settings: StudioSettings, database: Database) -> ASGIApp:
    """Return the Studio over a database whose tables are up to date."""
    app = studio(settings, database)
    return Guard(app, hosts=settings.hosts, form_bytes=settings.form_bytes, upload_bytes=settings.upload_bytes)


def studio(settings: StudioSettings, database: Database) -> FastAPI:
    """Return the app without its guard: for the tests that walk its addresses."""
    pages_index.load()
    jobs = Jobs(database, settings)

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(_warm, database)
        jobs.start()
        yield
        jobs.stop()

    app = FastAPI(title="Trivium Studio", version="1", lifespan=alive, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.database, app.state.settings = database, settings
    static = str(resources.files("trivium.studio") / "static")
    app.mount("/static", StaticFiles(directory=static, packages=[("trivium", "looks")]), name="static")
    app.router.routes.extend(routes(database, settings))  # first, because addresses are tried one after the other
    add_api(app, database, settings)

    @app.exception_handler(HTTPException)
    async def not_there(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"message": str(error.detail), "do": "", "fields": {}}, error.status_code)
        words = {404: "there is no such page", 405: "this page cannot be asked that way"}
        return _page(request, database, settings, words.get(error.status_code, str(error.detail)), error.status_code)

    add_broken(app, settings)
    return app


def _warm(database: Database) -> None:
    """Do before the first visitor what is done once: otherwise all who come first wait for it, some with a lock."""
    compiled()
    code_version()
    with suppress(DBAPIError):  # a database that is away is told to who comes
        database.open()


def _page(request: Request, database: Database, settings: StudioSettings, message: str, status: int) -> Response:
    with database.read() as db:
        visit = people.visit(db, request.cookies.get(csrf.SESSION_COOKIE))
        here = Here(request, db, settings, visit)
        answer = problem(here, here.words.told(message), "", status)
    return rendered(answer)
