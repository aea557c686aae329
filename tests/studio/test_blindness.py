"""What a labeller can reach before sending says nothing of models, other people's marks, or which items are gold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from sqlalchemy import select

from studio.visitors import Visitor
from trivium.human.desk import people, tokens
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Item, Reply
from trivium.studio.demo import LABELLERS
from trivium.studio.routes import PAGES

Visit = Callable[[str | None], Visitor]
OTHERS = [name for name in LABELLERS if name != "heron-12"]


def betrayals(text: str, model: str) -> list[str]:
    """Return what in a text would tell: the model, another labeller, an aggregate, gold."""
    found = [name for name in OTHERS if name in text]
    found += [word for word in (model, "mean rank", "mean_rank", "is_gold", '"winner"', '"contested"') if word in text]
    if re.search(r"\bgold\b", text, re.I):
        found.append("gold")
    return found


def secrets_of(database: Database) -> tuple[str, set[str]]:
    with database.read() as db:
        model = db.scalar(select(Reply.model_ref).where(Reply.model_ref.is_not(None)))
        assert model
        assert db.scalar(select(Item.id).where(Item.is_gold)) is not None, (
            "the demo has gold items, else this proves nothing"
        )
        return model, set(db.scalars(select(Item.id).where(Item.is_gold)))


def test_no_page_that_a_labeller_can_reach_tells(visit: Visit, house: Database) -> None:
    model, _ = secrets_of(house)
    heron = visit("heron-12")
    waiting, seen = ["/", "/p/everyday-help/rank"], set()
    token = heron.token("/profile")
    addresses = [page.path.replace("{slug}", "everyday-help") for page in PAGES if page.method == "GET"]
    waiting += [re.sub(r"\{\w+\}", "none", address) for address in addresses]
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = heron.get(path)
        assert not betrayals(answer.text, model), path
        waiting += [link for link in re.findall(r'href="(/[^"#]*)"', answer.text) if not link.startswith("/static/")]
        for address in re.findall(r'(?:action|data-draft|hx-post|hx-get)="(/[^"]*)"', answer.text):
            if address.endswith(("/sign-out", "/erase", "/skip")):
                continue
            sent = heron.client.post(address, data={"csrf": token}, follow_redirects=False)
            assert not betrayals(sent.text, model), address
    assert len(seen) > 40


def test_a_gold_item_looks_like_any_other(visit: Visit, house: Database) -> None:
    _, gold = secrets_of(house)
    heron = visit("heron-12")
    shapes: dict[bool, set[str]] = {True: set(), False: set()}
    for _ in range(12):
        page = heron.get("/p/everyday-help/rank")
        if "/rank/" not in page.url.path:
            break
        hold = page.url.path.rsplit("/", 1)[-1]
        with house.read() as db:
            from trivium.human.store.work import Assignment

            item = db.get_one(Assignment, hold).item_id
        words = re.sub(r">[^<]+<", "><", re.sub(r"[0-9a-f]{32,64}|\d+", "", page.text))
        shapes[item in gold].add(re.sub(r"<(?:p|strong|em|ul|ol|li|br)[ />].*?>", "", words))
        heron.post(f"{page.url.path}/skip", {"reason": "other"}, page=page.url.path)
    assert shapes[True], "no gold item came"
    tags = {key: {frozenset(re.findall(r"<(\w+)", shape)) for shape in value} for key, value in shapes.items()}
    assert tags[True] <= tags[False]


def test_no_answer_of_the_api_tells(client, house: Database) -> None:
    model, _ = secrets_of(house)

    def make(db):
        row = db.scalar(select(Person).where(Person.pseudonym == "heron-12"))
        return tokens.create(db, people.actor_of(db, row.id), "test", ["read", "work"])

    secret = house.run(make)
    client.headers["authorization"] = f"Bearer {secret}"
    held = client.post("/api/v1/projects/everyday-help/lease", json={"step": "label"})
    assert held.status_code == 200
    work = held.json()
    assert len(work["replies"]) == 4
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert len(paths) > 20
    for path, methods in paths.items():
        address = path.replace("{slug}", "everyday-help").replace("{assignment_id}", work["assignment_id"])
        address = re.sub(r"\{\w+\}", "1", address)
        for method in methods:
            if address.endswith(("/skip", "/release")):
                continue
            answer = client.request(method, address, json={} if method in ("post", "put") else None)
            assert not betrayals(answer.text, model), (method, path)
    assert not betrayals(json.dumps(work), model)
