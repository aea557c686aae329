"""What a labeller can reach before sending says nothing of models, other people's marks, or which items are gold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from sqlalchemy import event, select

from studio.visitors import Visitor
from trivium.human.desk import people, projects, tokens, webhooks
from trivium.human.store.database import Database
from trivium.human.store.journal import Outbox
from trivium.human.store.people import Person
from trivium.human.store.projects import Project
from trivium.human.store.work import Assignment, Item, Judgement, Reply
from trivium.studio.demo_rank import LABELLERS
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


def every_third_is_gold(database: Database) -> set[str]:
    """Let every third item that waits be a gold one, and return all gold ones: which come first is drawn by their ids."""
    with database.write() as db:
        waiting = select(Item).where(Item.step == "label", Item.taken < Item.wanted)
        for item in list(db.scalars(waiting.order_by(Item.priority, Item.draw)))[::3]:
            item.is_gold, item.gold = True, {"ranks": [1, 2, 3, 4]}
    return secrets_of(database)[1]


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
    gold = every_third_is_gold(house)
    heron = visit("heron-12")
    shapes: dict[bool, set[str]] = {True: set(), False: set()}
    for _ in range(12):
        page = heron.get("/p/everyday-help/rank")
        if "/rank/" not in page.url.path:
            break
        hold = page.url.path.rsplit("/", 1)[-1]
        with house.read() as db:
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


def rank_next(heron: Visitor) -> str:
    """Open the next item, keep a draft of it, send an order in; return the address."""
    page = heron.get("/p/everyday-help/rank")
    form: dict[str, str] = {}
    for name, value in re.findall(r'type="radio" name="((?:rank|mark)-[^"]+)" value="(\d)"', page.text):
        form.setdefault(name, value)
    token = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert token is not None
    draft = {"content": {"note": "so far"}, "rev": 0, "seconds": 1}
    kept = heron.client.post(f"{page.url.path}/draft", json=draft, headers={"x-csrf-token": token.group(1)})
    assert kept.status_code == 200, kept.text
    sent = heron.client.post(page.url.path, data={"csrf": token.group(1), **form}, follow_redirects=False)
    assert sent.status_code == 303
    return page.url.path


def test_no_message_that_leaves_the_house_tells_of_an_order_more_than_that_there_is_one(
    visit: Visit, house: Database
) -> None:
    model, _ = secrets_of(house)

    def listen(db) -> None:
        lark = people.actor_of(db, db.scalar(select(Person.id).where(Person.pseudonym == "lark-01")))
        project = projects.by_slug(db, lark, "everyday-help").project
        webhooks.create(db, lark, project.id, "https://example.org/hook")

    house.run(listen)
    heron = visit("heron-12")
    for _ in range(4):
        rank_next(heron)
    with house.read() as db:
        told = [row.payload for row in db.scalars(select(Outbox))]
        marks = {row.id for row in db.scalars(select(Judgement))}
    assert sum(one["type"] == "label.submitted" for one in told) == 4
    for one in told:
        assert not betrayals(json.dumps(one), model)
        assert not marks & set(re.findall(r"[0-9a-f]{32}", json.dumps(one)))
        assert not {"ranks", "marks", "verdict", "note", "aggregate"} & set(one["data"])


def test_a_gold_item_asks_the_database_the_same_questions_so_that_time_does_not_tell(
    visit: Visit, house: Database
) -> None:
    gold = every_third_is_gold(house)
    heron, asked = visit("heron-12"), []
    event.listen(house.engine, "before_cursor_execute", lambda *args: asked.append(re.sub(r"\d+", "", args[2])))
    found: dict[bool, set[tuple[str, ...]]] = {True: set(), False: set()}
    for number in range(14):
        asked.clear()
        hold = rank_next(heron).rsplit("/", 1)[-1]
        questions = tuple(asked)
        with house.read() as db:
            item = db.get_one(Item, db.get_one(Assignment, hold).item_id)
        if number and item.done < item.wanted:  # the first fills caches, and who comes last ends the item
            found[item.id in gold].add(questions)
    assert found[True], "no gold item came"
    assert found[False], "nothing but gold came"
    assert found[True] <= found[False]


def test_what_is_kept_of_a_person_tells_nothing_of_which_reply_is_which(visit: Visit, house: Database) -> None:
    model, _ = secrets_of(house)
    heron = visit("heron-12")
    page = str(heron.get("/p/everyday-help/rank").url.path)
    told = json.loads(heron.get("/profile/export").text)
    [hold] = [one for one in told["work"] if one["id"] == page.rsplit("/", 1)[-1]]
    assert not {"order", "order_seed"} & set(hold)
    assert not betrayals(json.dumps(told), model)


def test_the_order_shown_cannot_be_reckoned_from_what_a_labeller_knows(visit: Visit, house: Database) -> None:
    lark = visit("lark-01")
    for slug in ("one", "two"):
        sent = {"slug": slug, "title": slug, "kind": "comparison", "overlap": "3", "qa_party": "partner"}
        assert lark.post("/projects", sent, page="/projects/new").status_code == 303
    with house.read() as db:
        seeds = {one.settings["seed"] for one in db.scalars(select(Project).where(Project.slug.in_(("one", "two"))))}
    assert len(seeds) == 2
    assert 0 not in seeds
