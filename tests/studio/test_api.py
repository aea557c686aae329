from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from trivium.human.desk import people, tokens
from trivium.human.store.database import Database
from trivium.human.store.people import Person

As = Callable[..., TestClient]


@pytest.fixture
def asking(client: TestClient, house: Database) -> As:
    def made(name: str, *scopes: str) -> TestClient:
        def make(db):
            row = db.scalar(select(Person).where(Person.pseudonym == name))
            return tokens.create(
                db, people.actor_of(db, row.id), "test", scopes or ("read", "work", "manage", "deliver")
            )

        client.headers["authorization"] = f"Bearer {house.run(make)}"
        return client

    return made


def test_without_a_token_nothing_is_said(client: TestClient) -> None:
    answer = client.get("/api/v1/projects")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    client.headers["authorization"] = "Bearer trv_wrong"
    assert client.get("/api/v1/projects").status_code == 401


def test_a_cookie_is_no_token(client: TestClient) -> None:
    from studio.visitors import Visitor

    lark = Visitor(client, "lark-01")
    assert lark.get("/api/v1/projects").status_code == 401


def test_a_token_does_what_its_scopes_say_and_no_more(asking: As) -> None:
    reader = asking("lark-01", "read")
    assert reader.get("/api/v1/projects").status_code == 200
    assert reader.post("/api/v1/projects/plain-words/prompts", json=[]).status_code == 403
    assert reader.post("/api/v1/projects/plain-words/lease", json={}).status_code == 403


def test_a_labeller_takes_ranks_and_gets_a_receipt_that_is_the_same_twice(asking: As) -> None:
    heron = asking("heron-12")
    work = heron.post("/api/v1/projects/everyday-help/lease", json={"step": "label"}).json()
    address = f"/api/v1/work/{work['assignment_id']}"
    kept = heron.put(f"{address}/draft", json={"content": {"rank-A": "1"}, "rev": work["draft_rev"]})
    assert kept.json() == {"rev": work["draft_rev"] + 1}
    assert heron.put(f"{address}/draft", json={"content": {}, "rev": work["draft_rev"]}).status_code == 409
    wrong = heron.post(f"{address}/ranking", json={"digits": [1, 2]})
    assert wrong.status_code == 422
    scores = {axis: [3, 3, 3, 3] for axis in ("helpful", "honest", "harmless")}
    sent = {"digits": [1, 3, 3, 2], "marks": scores, "seconds": 30}
    first = heron.post(f"{address}/ranking", json=sent)
    assert first.status_code == 200, first.text
    assert heron.post(f"{address}/ranking", json=sent).json() == first.json()


def test_a_lead_fills_the_pool_opens_a_batch_and_reads_the_board(asking: As) -> None:
    lark = asking("lark-01")
    rows = [
        {"messages": [{"role": "user", "content": f"Which of these is number {n}?"}], "source": "api"} for n in range(3)
    ]
    added = lark.post("/api/v1/projects/everyday-help/prompts", json=rows)
    assert added.status_code == 201, added.text
    ids = added.json()["ids"]
    items = [{"prompt_id": one, "replies": [{"content": "a"}, {"content": "b"}]} for one in ids]
    opened = lark.post("/api/v1/projects/everyday-help/batches", json={"items": items})
    assert opened.status_code == 201, opened.text
    assert opened.json()["states"] == {"labelling": 3}
    board = lark.get("/api/v1/projects/everyday-help/batches").json()
    assert board[0]["ordinal"] == opened.json()["ordinal"]


def test_an_unknown_field_is_named(asking: As) -> None:
    answer = asking("lark-01").post(
        "/api/v1/projects/everyday-help/guidelines", json={"markdown": "x", "colour": "red"}
    )
    assert answer.status_code == 422
    assert "colour" in answer.json()["fields"]


def test_the_description_names_every_address_with_its_answers(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["components"]["securitySchemes"]
    for path, methods in described["paths"].items():
        assert path.startswith("/api/v1/")
        for method in methods.values():
            assert method["summary"]
            assert method["description"]
            for status in ("401", "403", "404", "409", "422", "503"):
                schema = method["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Refused"}


def test_a_refusal_is_what_the_description_says(asking: As) -> None:
    lark = asking("lark-01")
    wanted = set(lark.get("/api/v1/openapi.json").json()["components"]["schemas"]["Refused"]["required"])
    place = "/api/v1/projects/everyday-help/deliveries"
    answers = {
        401: lark.get("/api/v1/me", headers={"authorization": "Bearer trv_no"}),
        404: lark.get("/api/v1/projects/no-such/batches"),
        409: lark.post(f"{place}/checks", json={"milestone": "m1", "contents": {}}),
        422: lark.post(place, json={"milestone": 7}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status, answer.text
        assert set(answer.json()) == wanted
    heron = asking("heron-12").get(f"{place}")
    assert (heron.status_code, set(heron.json())) == (403, wanted)


def test_the_quality_of_a_project_is_what_its_page_shows(asking: As) -> None:
    from studio.visitors import Visitor

    lark = asking("lark-01", "read")
    found = lark.get("/api/v1/projects/everyday-help/quality").json()
    order = found["axes"][0]
    assert order["axis"] == "order"
    page = Visitor(lark, "lark-01").get("/p/everyday-help/quality").text
    assert f"{order['pairs_agreed']['value'] * 100:.1f}" in page
    assert {one["person"] for one in found["people"]} == set(found["noise"]) >= {"heron-12", "finch-07"}
    assert found["diversity"]["undefined"] is not None or found["diversity"]["groups"]
    assert all(one["kendall_w"]["value"] is not None or one["kendall_w"]["undefined"] for one in found["axes"])
