"""The requirement: its frozen versions, and the lines of the next one."""

from __future__ import annotations

from fastapi.responses import Response

from trivium.core.errors import InputError
from trivium.human.coverage import Requirement, starting_requirement
from trivium.human.desk import specs
from trivium.human.desk.errors import Invalid
from trivium.studio import cells
from trivium.studio.here import Here
from trivium.studio.numbers import whole
from trivium.studio.routes import get, post


@get("/p/{slug}/requirement")
def requirement_page(here: Here, slug: str) -> Response:
    """Show the versions, and a text to write the next from."""
    standing = here.project(slug, "manage")
    rows = specs.versions(here.db, here.actor, standing.project.id)
    asked = whole(here.request.query_params.get("version"))
    spec = next((row for row in rows if row.version == asked), rows[0] if rows else None)
    start = spec.body if spec else starting_requirement(10).model_dump(mode="json")
    return here.page("requirement.html", versions=rows, spec=spec, body=here.field("body") or cells.lines(start))


@post("/p/{slug}/requirement", again=requirement_page)
def write_requirement(here: Here, slug: str) -> Response:
    """Keep the draft, or freeze it for good."""
    standing = here.project(slug, "manage")
    body = cells.parsed(str(here.form.get("body") or ""))
    try:
        Requirement.model_validate(body)
    except (ValueError, InputError) as error:
        raise Invalid({"body": first_message(error)}) from error
    row = specs.draft(here.db, here.actor, standing.project.id, body)
    if here.field("do") == "freeze":
        specs.freeze(here.db, here.actor, standing.project.id, row.id)
        return here.to(f"/p/{slug}/coverage", here.say("Requirement {n} is frozen.", n=row.version))
    return here.to(f"/p/{slug}/requirement", here.say("The draft is kept."))


def first_message(error: Exception) -> str:
    """Return what a person reads of a validation error."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(error)
