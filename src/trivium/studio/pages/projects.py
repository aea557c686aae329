"""Opening a project, its settings, and the address that leads to where one's work in it begins."""

from __future__ import annotations

import secrets

from fastapi.responses import Response

from trivium.human.desk import projects
from trivium.human.desk.actor import keep
from trivium.human.desk.errors import Invalid
from trivium.human.desk.settings import checked, settings_of
from trivium.studio.here import Here
from trivium.studio.navigation import first_place
from trivium.studio.pages.members import members_page
from trivium.studio.routes import get, post

KINDS = (
    ("demonstration", "Write demonstrations", "prompts and replies, with marks, through two reviews"),
    ("comparison", "Rank replies", "people order, score or give a thumb to the replies to a prompt, each alone"),
    ("redteam", "Attack", "prompts that make a model fail, with what it said"),
    ("guard_review", "Judge", "what the server’s guard stopped or let pass: rightly, wrongly, or unsure"),
)

SHARES = {"internal_qa.share": "internal_share", "client_qa.share": "client_share"}
"""Setting → the field of the page that sets it."""


@get("/p/{slug}")
def project_page(here: Here, slug: str) -> Response:
    """Lead to the page where the visitor's work begins."""
    return here.to(first_place(here.project(slug)))


@get("/projects/new")
def new_project(here: Here) -> Response:
    """Ask what the project is to be."""
    keep(here.actor)
    return here.page("project_new.html", given=here.given(), kinds=KINDS)


@post("/projects", again=new_project)
def open_project(here: Here) -> Response:
    """Open it; whoever opens it leads it."""
    kind = here.field("kind")
    if kind not in {key for key, _, _ in KINDS}:
        raise Invalid({"kind": "choose what people do in it"})
    settings = checked({
        "overlap": here.number("overlap", 5), "qa_party": here.field("qa_party", "partner"),
        # Drawn, because from a seed that is known a labeller could reckon the order of the replies back.
        "seed": secrets.randbelow(2**31),
    })  # fmt: skip
    project = projects.create(here.db, here.actor, here.field("slug"), here.field("title"), kind, settings)  # type: ignore[arg-type]
    return here.to(f"/p/{project.slug}/guideline/edit", here.say("The project is open. Say what people are to do."))


@post("/p/{slug}/settings", again=members_page)
def keep_settings(here: Here, slug: str) -> Response:
    """Set what a lead may set."""
    standing = here.project(slug, "manage")
    project = standing.project
    before = settings_of(project).model_dump()
    before["internal_qa"]["share"] = _share(here, "internal_share")
    before["client_qa"]["share"] = _share(here, "client_share")
    before |= {
        "overlap": here.number("overlap", before["overlap"]),
        "lease_minutes": here.number("lease_minutes", before["lease_minutes"]),
        "method": here.field("method", before["method"]),
        "qa_party": here.field("qa_party", before["qa_party"]),
    }
    try:
        settings = checked(before)
    except Invalid as error:
        raise Invalid({SHARES.get(name, name): text for name, text in error.fields.items()}) from error
    projects.configure(here.db, here.actor, project.id, settings)
    projects.describe(here.db, here.actor, project.id, here.field("title"), here.field("purpose"))
    status = here.field("status", project.status)
    if status not in ("active", "paused", "closed"):
        raise Invalid({"status": "choose active, paused or closed"})
    if status != project.status:
        projects.set_status(here.db, here.actor, project.id, status)  # type: ignore[arg-type]
    return here.to(f"/p/{slug}/members", here.say("Kept."))


def _share(here: Here, name: str) -> float:
    try:
        return float(here.field(name).replace(",", "."))
    except ValueError as error:
        raise Invalid({name: f"wanted a share between 0 and 1, found {here.field(name)[:40]!r}"}) from error
