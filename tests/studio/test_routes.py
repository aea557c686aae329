"""Every address that changes something commits, then waits for the disk, and only then answers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import event, select
from starlette.testclient import TestClient

from studio.test_api_roles import token
from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Batch, Item
from trivium.studio import pages_index
from trivium.studio.routes import PAGES

Visit = Callable[[str | None], Visitor]
pages_index.load()
POSTS = [page for page in PAGES if page.method == "POST" and not page.path.endswith(("/sign-out", "/erase"))]
FORM = {
    "title": "Title", "purpose": "p", "overlap": "3", "lease_minutes": "30", "internal_share": "0.5", "client_share": "0.5",
    "method": "mean_rank", "status": "active", "markdown": "# Text", "changelog": "c", "rubric": "order", "after": "1",
    "do": "publish", "body": "task_type=extraction 3", "party": "partner", "role": "writer", "read": "1", "label": "l",
    "scopes": "read", "locale": "en", "url": "https://example.org/hook", "slug": "new", "kind": "comparison",
    "qa_party": "partner", "milestone": "m9", "consent": "1", "reason": "other", "size": "1", "next": "/",
}  # fmt: skip


@pytest.fixture
def story(house: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happened to the database, in order: commits, and waits for the disk."""
    told: list[str] = []
    event.listen(house.engine, "commit", lambda _: told.append("commit"))
    wait = house._durability.wait

    def waited() -> None:
        wait()
        told.append("on the disk")

    monkeypatch.setattr(house._durability, "wait", waited)
    return told


def addresses(house: Database, path: str, slug: str) -> str:
    """Return an address of a page with things that are there."""
    with house.read() as db:
        item = db.scalars(select(Item.id).join(Batch, Batch.id == Item.batch_id).order_by(Item.id).limit(1)).one()
        person = db.scalars(select(Person.id).where(Person.pseudonym == "finch-07")).one()
    given = {"slug": slug, "item_id": item, "person_id": person, "ordinal": "1", "version": "1", "milestone": "m1",
             "pseudonym": "lark-01"}  # fmt: skip
    return re.sub(r"\{(\w+)\}", lambda found: given.get(found[1], "none"), path)


@pytest.mark.parametrize("slug", ["plain-words", "everyday-help"])
def test_every_form_waits_for_the_disk_after_its_commit(
    visit: Visit, house: Database, story: list[str], slug: str
) -> None:
    lark, changed = visit("lark-01"), set()
    for page in POSTS:
        csrf = lark.token("/profile")
        story.clear()
        lark.client.post(addresses(house, page.path, slug), data={"csrf": csrf, **FORM}, follow_redirects=False)
        if "commit" in story:
            changed.add(page.path)
            assert story[-1] == "on the disk", page.path
    assert len(changed) > 9, changed


def test_taking_work_keeping_a_draft_and_sending_it_in_wait_for_the_disk(visit: Visit, story: list[str]) -> None:
    heron = visit("heron-12")
    story.clear()
    page = heron.get("/p/everyday-help/rank")
    assert (story[0], story[-1]) == ("commit", "on the disk")
    form: dict[str, str] = {}
    for name, value in re.findall(r'type="radio" name="((?:rank|mark)-[^"]+)" value="(\d)"', page.text):
        form.setdefault(name, value)
    headers = {"x-csrf-token": heron.token(page.url.path), "accept": "application/json"}
    for address, sent in (("/draft", {"json": {"content": {}, "rev": 0, "seconds": 1}}), ("", {"data": form})):
        story.clear()
        answer = heron.client.post(page.url.path + address, headers=headers, **sent)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        assert story == ["commit", "on the disk"]
    desk = re.search(r'data-desk="([^"]+)"', heron.get("/p/everyday-help/rank").text)
    page = heron.get("/p/everyday-help/rank")
    assert desk is not None
    story.clear()
    answer = heron.client.post(page.url.path, headers={**headers, "x-desk": desk[1]}, data=form)
    assert "content-location" in answer.headers
    assert story == ["commit", "commit", "on the disk"]  # the order, the next item, and one wait for both


def test_every_answer_of_the_api_that_changes_something_waits_for_the_disk(
    client: TestClient, house: Database, story: list[str]
) -> None:
    client.headers.update(token(house, "lark-01"))
    base = "/api/v1/projects/everyday-help"
    prompts = [{"messages": [{"role": "user", "content": "What is new?"}], "source": "s"}]
    for method, address, body in (
        ("POST", f"{base}/prompts", prompts),
        ("POST", f"{base}/guidelines", {"markdown": "# New", "publish": True}),
        ("POST", "/api/v1/projects/door-watch/guard-decisions",
         [{"messages": prompts[0]["messages"], "reply": "r", "guard": "g", "blocked": True, "category": "c", "consent": "t"}]),
    ):  # fmt: skip
        story.clear()
        answer = client.request(method, address, json=body)
        assert answer.status_code == 201, answer.text
        assert story == ["commit", "on the disk"], address


def test_nothing_but_the_pages_commits_without_waiting() -> None:
    from inspect import getsource

    from trivium.human.store import database
    from trivium.studio import jobs, replies, routes
    from trivium.studio.api import bearer

    assert getsource(routes).count("flush=False") == 2  # the page and what comes after it; both before `flush`
    for module in (jobs, replies, bearer):
        assert "flush=False" not in getsource(module)
    assert getsource(database).count(".commit()") == 1
