"""The door: coming in, the first person of the house, an invitation, going out, and the demo's open door."""

from __future__ import annotations

from typing import Any

from fastapi.responses import Response
from starlette.datastructures import FormData

from trivium.human.desk import invitations, people
from trivium.human.desk.errors import NotAllowed, Unknown
from trivium.human.store.database import Database
from trivium.human.store.projects import Project
from trivium.studio import csrf
from trivium.studio.demo_people import DEMO_PEOPLE, person_called
from trivium.studio.here import Here
from trivium.studio.routes import get, post


def inside(address: str) -> str:
    """Return an address of this house, or home: nobody is sent elsewhere by a link.

    >>> inside("/p/a/rank"), inside("//evil.example"), inside("https://evil.example")
    ('/p/a/rank', '/', '/')
    """
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address if ours and address.isprintable() else "/"


@get("/sign-in", signed_in=False)
def sign_in_page(here: Here) -> Response:
    """Show the door; the first to come makes the house theirs."""
    if people.nobody_yet(here.db):
        return here.to("/welcome")
    if here.visit is not None and not here.refused:
        return here.to("/")
    return here.page(
        "sign_in.html",
        next=inside(here.field("next") or here.request.query_params.get("next", "/")),
        email=here.field("email"),
        demo_people=DEMO_PEOPLE if here.settings.demo else (),
    )


def _remember(database: Database, form: FormData) -> None:
    """Count a wrong try, in a transaction of its own: the one that failed is gone."""
    email = form.get("email")
    if isinstance(email, str) and email:
        database.run(lambda db: people.remember_failure(db, email))


def _knock(database: Database, form: FormData) -> people.Known:
    """Look whether the password fits, while nobody waits behind us: with SQLite one writes at a time."""
    email, password = (value if isinstance(value, str) else "" for value in (form.get("email"), form.get("password")))
    database.look(lambda db: people.refuse_guessing(db, email))
    found = database.look(lambda db: people.known(db, email))
    people.must_fit(found, password)
    return found


@post("/sign-in", signed_in=False, again=sign_in_page, failed=_remember, ahead=_knock)
def sign_in(here: Here, ahead: people.Known) -> Response:
    """Begin a session with an id that nobody knew before."""
    people.refuse_guessing(here.db, here.field("email"))
    signed = people.enter(here.db, ahead)
    if old := here.request.cookies.get(csrf.SESSION_COOKIE):
        people.sign_out(here.db, old)
    return here.begin(signed, inside(here.field("next", "/")))


@post("/sign-out")
def sign_out(here: Here) -> Response:
    """End the session, here and in the browser."""
    people.sign_out(here.db, here.request.cookies.get(csrf.SESSION_COOKIE, ""))
    answer = here.to("/sign-in")
    answer.delete_cookie(csrf.SESSION_COOKIE)
    answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@get("/welcome", signed_in=False)
def welcome_page(here: Here) -> Response:
    """Let the first person in."""
    if not people.nobody_yet(here.db):
        return here.to("/sign-in")
    return here.page(
        "join.html", given=here.given(), heading=here.say("This Studio is new"), button=here.say("Open it"), to="",
        known=False,
        says=here.say("Whoever comes first keeps the house: opens projects and invites the others."),
    )  # fmt: skip


@post("/welcome", signed_in=False, again=welcome_page)
def welcome(here: Here) -> Response:
    """Make the keeper of the house."""
    if not people.nobody_yet(here.db):
        raise NotAllowed("somebody keeps this house already", do="ask them for an invitation")
    person = people.register(
        here.db, here.field("email"), str(here.form.get("password") or ""), name=here.field("name") or None, keeper=True
    )
    return here.begin(people.begin(here.db, person), "/")


@get("/join/{secret}", signed_in=False)
def join_page(here: Here, secret: str) -> Response:
    """Show what one is invited to."""
    row = invitations.look(here.db, secret)
    as_what = (
        f"{here.say(row.role)}, {here.say(row.party)}" if row.role and row.party else here.say("a person of the house")
    )
    says = here.say("You come as: {what}.", what=as_what)
    project = here.db.get(Project, row.project_id) if row.project_id else None
    facts: dict[str, Any] = {"heading": here.say("You are invited"), "says": says}
    facts["to"] = project.title if project else ""
    if here.visit is not None:
        return here.page("join_known.html", **facts)
    return here.page("join.html", given=here.given(), button=here.say("Come in"), known=True, **facts)


@post("/join/{secret}", signed_in=False, again=join_page)
def join(here: Here, secret: str) -> Response:
    """Take the invitation, with a new account or the one that is signed in."""
    if here.visit is not None:
        invitations.accept_signed_in(here.db, here.actor, secret)
        return here.to("/", here.say("You are in."))
    signed = invitations.accept(
        here.db, secret, here.field("email"), str(here.form.get("password") or ""), here.field("name") or None
    )
    return here.begin(signed, "/")


@post("/demo/{pseudonym}", signed_in=False)
def come_in_as(here: Here, pseudonym: str) -> Response:
    """Come in as one of the simulated people: only where the Studio was started as a demo."""
    if not here.settings.demo:
        raise Unknown("there is no such page")
    if old := here.request.cookies.get(csrf.SESSION_COOKIE):
        people.sign_out(here.db, old)
    return here.begin(people.begin(here.db, person_called(here.db, pseudonym)), "/")
