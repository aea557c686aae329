"""The JSON API under `/api/v1`: the same desk as the pages, for programs with a scoped token."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from sqlalchemy.exc import DataError

from trivium.core.errors import TriviumError
from trivium.human.store.database import Database
from trivium.studio.api.deliveries import router as deliveries
from trivium.studio.api.material import router as material
from trivium.studio.api.projects import router as projects
from trivium.studio.api.quality import router as quality
from trivium.studio.api.work import router as work
from trivium.studio.csrf import UNKEPT
from trivium.studio.routes import status_of
from trivium.studio.settings import StudioSettings

PREFIX = "/api/v1"


class Refused(BaseModel):
    """Why the answer is no, and what to do about it."""

    message: str
    do: str
    fields: dict[str, str]
    """Field → what is wrong with it."""


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refused, "description": "No token, or one that is unknown, revoked or too old"},
    403: {"model": Refused, "description": "Not for this person, or not for this token; or a check says stop"},
    404: {"model": Refused, "description": "Not there, or not for this person to know"},
    409: {"model": Refused, "description": "It does not fit what is there now"},
    413: {"description": "More than is taken at once"},
    422: {"model": Refused, "description": "Something in what was sent is missing or wrong"},
    503: {"model": Refused, "description": "The database is away or full; what was acknowledged is kept"},
}


def add_api(app: FastAPI, database: Database, settings: StudioSettings) -> None:
    """Add the API's addresses, its description at /api/v1/openapi.json, and its errors as JSON."""
    for part in (projects, material, work, quality, deliveries):
        app.include_router(part, prefix=PREFIX, responses=REFUSALS)
    described = APIRouter()

    @described.get("/openapi.json", include_in_schema=False)
    def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    app.include_router(described, prefix=PREFIX)

    @app.exception_handler(TriviumError)
    async def refused(_: Request, error: TriviumError) -> Response:
        fields = getattr(error, "fields", {})
        headers = {"WWW-Authenticate": "Bearer"} if status_of(error) == 401 else None
        body = {"message": error.message, "do": error.do, "fields": dict(fields)}
        return JSONResponse(body, status_of(error), headers)

    @app.exception_handler(DataError)
    async def unkept(_: Request, __: DataError) -> Response:
        return JSONResponse({"message": UNKEPT, "do": "", "fields": {}}, 422)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        fields = {".".join(map(str, one["loc"][1:])) or "body": str(one["msg"]) for one in error.errors()}
        return JSONResponse({"message": "; ".join(f"{name}: {said}" for name, said in fields.items()), "do": "",
                             "fields": fields}, 422)  # fmt: skip
