"""The log of a project, and the check of its chain."""

from __future__ import annotations

from fastapi.responses import Response

from trivium.human.desk import audit
from trivium.studio.here import Here
from trivium.studio.numbers import whole
from trivium.studio.routes import get


@get("/p/{slug}/log")
def log_page(here: Here, slug: str) -> Response:
    """Show a hundred events; `?check=1` reads the whole chain again."""
    standing = here.project(slug, "see_audit")
    asked = here.request.query_params
    rows = audit.events(here.db, here.actor, standing.project.id, before=whole(asked.get("before")))
    return here.page(
        "log.html", entries=rows, older=rows[-1].seq if len(rows) == audit.PAGE else None,
        checked=audit.verify(here.db, here.actor, standing.project.id) if asked.get("check") else None,
    )  # fmt: skip
