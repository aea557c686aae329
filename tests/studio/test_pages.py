"""Every address by everybody: who may open it, who may send to it, and that each page stands."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.people import Membership, Person
from trivium.human.store.projects import Project
from trivium.studio import pages_index
from trivium.studio.routes import PAGES

pages_index.load()
Visit = Callable[[str | None], Visitor]
PEOPLE = {
    "lead": "lark-01", "writer": "tern-04", "labeller": "heron-12", "reviewer": "owl-31", "client": "stork-09",
    "judge": "gull-20",
}  # fmt: skip
EVERYBODY = set(PEOPLE)
DEMONSTRATION, COMPARISON, GUARD = "plain-words", "everyday-help", "door-watch"
MEMBERS = {
    DEMONSTRATION: {"lead", "writer", "reviewer", "client"},
    COMPARISON: {"lead", "labeller", "reviewer", "client"},
    GUARD: {"lead", "judge"},
}
MAY: dict[str, set[str]] = {
    "write": {"writer"}, "rank": {"labeller", "judge"}, "judge": {"labeller", "judge"},
    "review": {"reviewer", "client"}, "adjudicate": {"lead"}, "coverage": {"lead", "client"},
    "coverage.csv": {"lead", "client"}, "batches": {"lead", "client"}, "guideline": EVERYBODY, "requirement": {"lead"},
    "quality": {"lead", "client"}, "deliveries": {"lead", "client"}, "pool": {"lead"}, "members": {"lead"},
    "log": {"lead"}, "items": {"lead", "reviewer", "client"}, "settings": {"lead"}, "invitations": {"lead"}, "webhooks": {"lead"},
}  # fmt: skip
"""The first part of an address below a project → who may open it; below it the same people or fewer."""
FEWER: dict[str, set[str]] = {
    "/p/{slug}/guideline/edit": {"lead"}, "/p/{slug}/guideline/{version}/publish": {"lead"},
    "POST /p/{slug}/guideline": {"lead"}, "POST /p/{slug}/batches": {"lead"},
    "/p/{slug}/batches/{ordinal}/start": {"lead"}, "/p/{slug}/batches/{ordinal}/retry": {"lead"},
    "/p/{slug}/batches/{ordinal}/stop": {"lead"},
    "/p/{slug}/items/{item_id}/take-out": {"lead"}, "/p/{slug}/items/{item_id}/give": {"lead"},
    "POST /p/{slug}/deliveries": {"lead"}, "/p/{slug}/deliveries/{milestone}/cleared": {"lead"},
    "/p/{slug}/deliveries/{milestone}/answer": {"client"},
}  # fmt: skip
IN_PROJECT = [page for page in PAGES if page.path.startswith("/p/{slug}/")]


def allowed(method: str, path: str) -> set[str]:
    place = path.split("/")[3]
    return FEWER.get(f"{method} {path}") or FEWER.get(path) or MAY[place]


SEATS: dict[tuple[str, str], set[str]] = {
    ("client", "viewer"): {"coverage", "coverage.csv", "batches", "guideline", "deliveries"},
    ("partner", "viewer"): {"coverage", "coverage.csv", "batches", "guideline", "deliveries"},
    ("internal", "viewer"): {"coverage", "coverage.csv", "batches", "guideline", "deliveries"},
    ("client", "writer"): {"guideline"},
    ("client", "labeller"): {"guideline", "rank", "judge"},
    ("internal", "reviewer"): {"guideline"},  # the partner makes the first review here
    ("client", "reviewer"): {"guideline", "items", "review"},
}
"""Seats that nobody of the demo has → what may be opened from there; nothing but work and remarks may be sent."""
WORK = {"rank", "judge", "review", "write", "items"}


@pytest.mark.parametrize("seat", sorted(SEATS), ids="-".join)
def test_each_seat_that_nobody_of_the_demo_has_opens_what_is_its_own(
    visit: Visit, house: Database, seat: tuple[str, str]
) -> None:
    def sit(db: Session) -> None:
        owl = db.scalar(select(Person.id).where(Person.pseudonym == "owl-31"))
        where = select(Project.id).where(Project.slug == DEMONSTRATION).scalar_subquery()
        mine = (Membership.person_id == owl, Membership.project_id == where)
        db.execute(update(Membership).where(*mine).values(party=seat[0], role=seat[1]))

    house.run(sit)
    owl, wrong = visit("owl-31"), []
    token = owl.token("/profile")
    for page in IN_PROJECT:
        address = re.sub(r"\{\w+\}", "none", page.path.replace("{slug}", DEMONSTRATION))
        place = page.path.split("/")[3]
        if page.method == "GET":
            status = owl.get(address, follow_redirects=False).status_code
            may = place in SEATS[seat] and FEWER.get(page.path) is None
        else:
            status = owl.client.post(address, data={"csrf": token}, follow_redirects=False).status_code
            may = (place in SEATS[seat] & WORK and page.path not in FEWER) or page.path.endswith("/read")
        if (status == 403) is may:
            wrong.append((page.method, page.path, status))
    assert not wrong


@pytest.mark.parametrize("slug", sorted(MEMBERS))
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_role_opens_what_is_theirs_and_nothing_else(visit: Visit, role: str, slug: str) -> None:
    visitor = visit(PEOPLE[role])
    token = visitor.token("/profile")
    wrong = []
    for page in IN_PROJECT:
        address = re.sub(r"\{\w+\}", "none", page.path.replace("{slug}", slug))
        if page.method == "GET":
            status = visitor.get(address, follow_redirects=False).status_code
        else:
            status = visitor.client.post(address, data={"csrf": token}, follow_redirects=False).status_code
        if role not in MEMBERS[slug]:
            fine = status == 404
        elif role in allowed(page.method, page.path):
            fine = status != 403
        else:
            fine = status == 403
        if not fine:
            wrong.append((page.method, page.path, status))
    assert not wrong


def test_every_address_below_a_project_stands_in_the_matrix() -> None:
    for page in IN_PROJECT:
        assert allowed(page.method, page.path)


def test_without_a_session_every_page_leads_to_the_door(visit: Visit) -> None:
    guest = visit(None)
    for page in PAGES:
        if page.method == "GET" and page.signed_in:
            answer = guest.get(re.sub(r"\{\w+\}", "none", page.path), follow_redirects=False)
            assert answer.status_code == 303, page.path
            assert answer.headers["location"].startswith("/sign-in"), page.path


def links(text: str) -> set[str]:
    return {link for link in re.findall(r'href="(/[^"#]*)"', text) if not link.startswith("/static/")}


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_every_link_that_somebody_is_shown_opens(visit: Visit, role: str) -> None:
    visitor = visit(PEOPLE[role])
    waiting, seen = ["/"], set()
    while waiting and len(seen) < 120:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = visitor.get(path.replace("&amp;", "&"))
        assert answer.status_code == 200, path
        if "text/html" in answer.headers["content-type"]:
            assert answer.text.count("<h1") == 1, path
            assert 'id="main"' in answer.text, path
            waiting += sorted(links(answer.text) - seen)
    assert len(seen) > 3


def test_the_first_person_of_a_house_keeps_it_and_opens_a_project(tmp_path) -> None:
    from starlette.testclient import TestClient

    from trivium.human.store import migrate
    from trivium.human.store.database import Database
    from trivium.studio.app import create_app
    from trivium.studio.settings import StudioSettings

    database = Database(str(tmp_path / "new.db"))
    migrate.prepare(database)
    first = Visitor(TestClient(create_app(StudioSettings(database.url), database), base_url="http://localhost"))
    assert first.get("/").url.path == "/welcome"
    wrong = first.post("/welcome", {"email": "nonsense", "password": "short"}, page="/welcome")
    assert wrong.status_code == 422
    assert "wanted an e-mail address" in wrong.text
    done = first.post("/welcome", {"email": "a@example.org", "password": "a long enough password"}, page="/welcome")
    assert done.status_code == 303
    assert first.post("/welcome", {"email": "b@example.org", "password": "a long enough password"}).status_code == 403
    opened = first.post(
        "/projects", {"title": "Mine", "slug": "mine", "kind": "comparison", "overlap": "2"}, page="/projects/new"
    )
    assert opened.headers["location"] == "/p/mine/guideline/edit"
    for place in ("batches", "quality", "deliveries", "pool", "members", "log", "guideline", "rank"):
        status = first.get(f"/p/mine/{place}").status_code
        assert status == (403 if place == "rank" else 200), place
    link = re.search(r"/join/[\w-]+", first.post("/p/mine/members", {"party": "internal", "role": "labeller"}).text)
    assert link is not None
    first.post("/sign-out")
    first.client.cookies.clear()
    joined = first.post(
        link.group(), {"email": "c@example.org", "password": "a long enough password"}, page=link.group()
    )
    assert joined.status_code == 303
    assert first.get(link.group()).status_code == 404, "an invitation works once"
    database.close()
