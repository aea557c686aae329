"""Who is in a project, as what; invitations; where its events are sent."""

from __future__ import annotations

import re
from typing import get_args

from fastapi.responses import Response

from trivium.human.desk import invitations, projects, webhooks
from trivium.human.desk.errors import Invalid
from trivium.human.desk.settings import settings_of
from trivium.human.store.people import Party, Role
from trivium.studio.here import Here
from trivium.studio.hooks import check_address
from trivium.studio.routes import get, post

WAITING_SHOWN = 12


def _shown(here: Here, slug: str, link: str = "", hook_secret: str = "") -> Response:
    standing = here.project(slug, "manage")
    project_id = standing.project.id
    text = here.request.query_params.get("text", "")
    members = projects.members(here.db, here.actor, project_id, text=text)
    waiting = invitations.waiting(here.db, here.actor, project_id)
    settings = settings_of(standing.project)
    start = {
        "title": standing.project.title, "purpose": standing.project.purpose, "status": standing.project.status,
        "overlap": settings.overlap, "lease_minutes": settings.lease_minutes, "method": settings.method,
        "qa_party": settings.qa_party, "internal_share": settings.internal_qa.share,
        "client_share": settings.client_qa.share,
    }  # fmt: skip
    return here.page(
        "members.html", members=here.leaf(members), text=text, link=link, hook_secret=hook_secret,
        waiting=waiting[:WAITING_SHOWN], num_waiting=len(waiting), asked=here.given(),
        given=here.given(**start) if "overlap" in here.form else start,
        hooks=webhooks.told(here.db, here.actor, project_id),
        parties=[(key, here.say(key)) for key in get_args(Party)],
        roles=[(key, here.say(key)) for key in get_args(Role)],
    )  # fmt: skip


@get("/p/{slug}/members")
def members_page(here: Here, slug: str) -> Response:
    """Show members, settings and webhooks."""
    return _shown(here, slug)


def _party_and_role(here: Here) -> tuple[Party, Role]:
    party, role = here.field("party"), here.field("role")
    if party not in get_args(Party) or role not in get_args(Role):
        raise Invalid({"party": "choose a party and a role of the lists"})
    if (party, role) == ("client", "writer"):
        raise Invalid({"role": "the client writes nothing; choose another role or party"})
    return party, role  # type: ignore[return-value]


@post("/p/{slug}/members", again=members_page)
def invite(here: Here, slug: str) -> Response:
    """Make a link that is shown once."""
    standing = here.project(slug, "manage")
    party, role = _party_and_role(here)
    secret = invitations.invite(here.db, here.actor, standing.project.id, party, role)
    here.db.flush()
    return _shown(here, slug, link=f"{str(here.request.base_url).rstrip('/')}/join/{secret}")


@post("/p/{slug}/invitations/{invitation_id}/remove", again=members_page)
def take_back(here: Here, slug: str, invitation_id: str) -> Response:
    """Make a link good for nothing that nobody has used yet."""
    standing = here.project(slug, "manage")
    invitations.take_back(here.db, here.actor, standing.project.id, invitation_id)
    return here.to(f"/p/{slug}/members", here.say("Taken back. The link leads nowhere now."))


@post("/p/{slug}/members/{person_id}", again=members_page)
def set_member(here: Here, slug: str, person_id: str) -> Response:
    """Make somebody another kind of member."""
    standing = here.project(slug, "manage")
    party, role = _party_and_role(here)
    projects.set_member(here.db, here.actor, standing.project.id, person_id, party=party, role=role)
    return here.to(f"/p/{slug}/members", here.say("Set."))


@post("/p/{slug}/members/{person_id}/remove", again=members_page)
def remove_member(here: Here, slug: str, person_id: str) -> Response:
    """End a membership; work done stays."""
    standing = here.project(slug, "manage")
    projects.remove_member(here.db, here.actor, standing.project.id, person_id)
    return here.to(f"/p/{slug}/members", here.say("Removed. What they did stays."))


@post("/p/{slug}/webhooks", again=members_page)
def add_hook(here: Here, slug: str) -> Response:
    """Send the project's events to an address; the secret is shown once."""
    standing = here.project(slug, "manage")
    address = check_address(here.field("url"), private=here.settings.private_hooks)
    topics = [one for one in re.split(r"[\s,]+", here.field("topics")) if one]
    row = webhooks.create(here.db, here.actor, standing.project.id, address, topics)
    return _shown(here, slug, hook_secret=row.secret)


@post("/p/{slug}/webhooks/{hook_id}/again", again=members_page)
def send_again(here: Here, slug: str, hook_id: str) -> Response:
    """Try once more what was given up."""
    standing = here.project(slug, "manage")
    number = webhooks.again(here.db, here.actor, standing.project.id, hook_id)
    return here.to(f"/p/{slug}/members", here.say("{n} messages are tried again.", n=number))


@post("/p/{slug}/webhooks/{hook_id}/remove", again=members_page)
def remove_hook(here: Here, slug: str, hook_id: str) -> Response:
    """Send nothing there any more."""
    standing = here.project(slug, "manage")
    webhooks.remove(here.db, here.actor, standing.project.id, hook_id)
    return here.to(f"/p/{slug}/members", here.say("Removed."))
