"""Every address of the API by everybody: a route that is added must be put into the matrix, or a test here fails."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from human.desk.people_of_the_house import requirement
from studio.test_pages import EVERYBODY, MEMBERS, PEOPLE
from trivium.human.desk import people, projects, tokens
from trivium.human.store.database import Database
from trivium.human.store.people import Person

SCOPES = ("read", "work", "manage", "deliver")
PROJECT = "/api/v1/projects/{slug}"
MAY: dict[str, set[str]] = {
    f"POST {PROJECT}/prompts": {"lead"},
    f"GET {PROJECT}/batches": {"lead", "client"},
    f"POST {PROJECT}/batches": {"lead"},
    f"POST {PROJECT}/batches/{{ordinal}}/start": {"lead"},
    f"POST {PROJECT}/guard-decisions": {"lead"},
    f"GET {PROJECT}/guidelines": EVERYBODY,
    f"POST {PROJECT}/guidelines": {"lead"},
    f"POST {PROJECT}/guidelines/{{version}}/acknowledgement": EVERYBODY,
    f"GET {PROJECT}/requirements": {"lead", "client"},
    f"POST {PROJECT}/requirements": {"lead"},
    f"GET {PROJECT}/coverage": {"lead", "client"},
    f"GET {PROJECT}/events": {"lead"},
    f"GET {PROJECT}/quality": {"lead", "client"},
    f"GET {PROJECT}/deliveries": {"lead", "client"},
    f"POST {PROJECT}/deliveries": {"lead"},
    f"POST {PROJECT}/deliveries/checks": {"lead"},
    f"POST {PROJECT}/deliveries/{{milestone}}/cleared": {"lead"},
    f"POST {PROJECT}/deliveries/{{milestone}}/answer": {"client"},
    f"GET {PROJECT}/deliveries/{{milestone}}/archive": {"lead", "client"},
    f"POST {PROJECT}/lease": EVERYBODY,
}
"""Address below a project → who may ask it; whoever is no member hears that there is no such project."""
SCOPE: dict[str, str] = {
    f"POST {PROJECT}/lease": "work", f"GET {PROJECT}/deliveries": "deliver",
    f"GET {PROJECT}/deliveries/{{milestone}}/archive": "deliver",
    f"POST {PROJECT}/deliveries/{{milestone}}/answer": "deliver",
}  # fmt: skip
"""The scope an address needs, where it is neither `read` (GET) nor `manage` (the rest)."""
OWN = {
    "GET /api/v1/work/{assignment_id}", "PUT /api/v1/work/{assignment_id}/draft",
    "POST /api/v1/work/{assignment_id}/writing", "POST /api/v1/work/{assignment_id}/ranking",
    "POST /api/v1/work/{assignment_id}/review", "POST /api/v1/work/{assignment_id}/judgement",
    "POST /api/v1/work/{assignment_id}/skip", "POST /api/v1/work/{assignment_id}/release",
}  # fmt: skip
"""Addresses of a piece of work: for nobody but its holder."""
ANYBODY = {"GET /api/v1/me", "GET /api/v1/projects"}
BODIES: dict[str, Any] = {
    "prompts": [], "guard-decisions": [], "batches": {}, "guidelines": {"markdown": "# More"},
    "requirements": {"requirement": requirement()},
    "deliveries": {"milestone": "m"}, "checks": {"milestone": "m"}, "cleared": {"items": ["x"]},
    "answer": {"answer": "accept", "signature": "nobody"}, "lease": {},
    "draft": {"content": {}, "rev": 0}, "writing": {"reply": "x", "attrs": {}}, "ranking": {},
    "review": {"verdict": "accept"}, "judgement": {"verdict": "unsure"}, "skip": {"reason": "x"},
}  # fmt: skip


def addresses(client: TestClient) -> set[str]:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def token(house: Database, name: str, *scopes: str) -> dict[str, str]:
    def make(db: Any) -> str:
        row = db.scalar(select(Person).where(Person.pseudonym == name))
        return tokens.create(db, people.actor_of(db, row.id), "test", scopes or SCOPES)

    return {"authorization": f"Bearer {house.run(make)}"}


def ask(client: TestClient, address: str, slug: str, headers: dict[str, str], work: str = "none") -> int:
    """Return the status; 409 where it is not the person that is refused but a milestone by its checks."""
    method, path = address.split()
    path = path.replace("{slug}", slug).replace("{assignment_id}", work)
    path = path.replace("{ordinal}", "99").replace("{version}", "99").replace("{milestone}", "none")
    body = BODIES.get(path.rsplit("/", 1)[-1]) if method != "GET" else None
    answer = client.request(method, path, json=body, headers=headers)
    return 409 if answer.status_code == 403 and "may not" not in answer.text else answer.status_code


def test_every_address_stands_in_the_matrix(client: TestClient) -> None:
    assert addresses(client) == {*MAY, *OWN, *ANYBODY}


@pytest.mark.parametrize("slug", sorted(MEMBERS))
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_role_is_answered_where_the_matrix_says_and_nowhere_else(
    client: TestClient, house: Database, role: str, slug: str
) -> None:
    headers = token(house, PEOPLE[role])
    wrong = []
    for address, roles in MAY.items():
        status = ask(client, address, slug, headers)
        if role not in MEMBERS[slug]:
            fine = status == 404
        elif role in roles:
            fine = status not in (401, 403)
        else:
            fine = status == 403
        if not fine:
            wrong.append((address, status))
    assert not wrong


@pytest.mark.parametrize(("role", "address", "needed"), [
    *(("lead", address, SCOPE.get(address) or ("manage" if address.startswith("POST") else "read"))
      for address, roles in MAY.items() if "lead" in roles and roles is not EVERYBODY),
    ("client", f"POST {PROJECT}/deliveries/{{milestone}}/answer", "deliver"),
    ("labeller", f"POST {PROJECT}/lease", "work"),
])  # fmt: skip
def test_a_scope_opens_what_it_names_and_nothing_beside(
    client: TestClient, house: Database, role: str, address: str, needed: str
) -> None:
    open_to = {scope for scope in SCOPES
               if ask(client, address, "everyday-help", token(house, PEOPLE[role], scope)) != 403}  # fmt: skip
    assert open_to == {needed}


def test_a_token_without_the_scope_of_work_does_nothing_with_its_person_s_work(
    client: TestClient, house: Database
) -> None:
    work = token(house, "heron-12", "work")
    held = client.post("/api/v1/projects/everyday-help/lease", json={"step": "label"}, headers=work).json()
    others = token(house, "heron-12", "read", "manage", "deliver")
    for address in sorted(
        {*OWN, f"POST {PROJECT}/guidelines/{{version}}/acknowledgement"} - {"GET /api/v1/work/{assignment_id}"}
    ):
        assert ask(client, address, "everyday-help", others, held["assignment_id"]) == 403, address
    assert client.get(f"/api/v1/work/{held['assignment_id']}", headers=others).json() == held


def test_who_has_left_a_project_reads_nothing_of_it_any_more(client: TestClient, house: Database) -> None:
    heron = token(house, "heron-12")
    held = client.post("/api/v1/projects/everyday-help/lease", json={"step": "label"}, headers=heron).json()

    def leave(db: Any) -> None:
        lark, gone = (
            db.scalars(select(Person).where(Person.pseudonym == name)).one() for name in ("lark-01", "heron-12")
        )
        actor = people.actor_of(db, lark.id)
        projects.remove_member(db, actor, projects.by_slug(db, actor, "everyday-help").project.id, gone.id)

    house.run(leave)
    address = f"/api/v1/work/{held['assignment_id']}"
    assert client.get(address, headers=heron).status_code == 404
    answer = client.post(f"{address}/ranking", json={"digits": [1, 2, 3, 4]}, headers=heron)
    assert (answer.status_code, answer.json()["message"]) == (404, "there is no such project")


def test_nobody_but_its_holder_reaches_a_piece_of_work(client: TestClient, house: Database) -> None:
    heron = token(house, "heron-12")
    held = client.post("/api/v1/projects/everyday-help/lease", json={"step": "label"}, headers=heron).json()
    for name in sorted(PEOPLE.values()):
        if name == "heron-12":
            continue
        headers = token(house, name)
        for address in OWN:
            assert ask(client, address, "everyday-help", headers, held["assignment_id"]) == 404, (name, address)
    again = client.get(f"/api/v1/work/{held['assignment_id']}", headers=heron).json()
    assert again == held, "what others tried changed nothing"


def test_an_answer_to_a_stranger_is_the_same_for_a_project_that_is_and_one_that_is_not(
    client: TestClient, house: Database
) -> None:
    gull = token(house, "gull-20")
    for address in MAY:
        method, path = address.split()
        asked = [re.sub(r"\{(?!slug)\w+\}", "1", path).replace("{slug}", slug) for slug in ("plain-words", "no-such")]
        body = BODIES.get(path.rsplit("/", 1)[-1]) if method != "GET" else None
        there, nowhere = (client.request(method, one, json=body, headers=gull) for one in asked)
        assert (there.status_code, there.text) == (nowhere.status_code, nowhere.text), address
