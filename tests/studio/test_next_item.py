"""An order that is answered with the next item: what the page gets, and that the order is kept whatever comes after."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from studio.visitors import Visitor
from trivium.human.desk import guidelines
from trivium.human.store.database import Database
from trivium.human.store.projects import Project
from trivium.human.store.work import Judgement, Reply

Visit = Callable[[str | None], Visitor]
PART_IDS = ["place", "progress", "draft", "main", "skip-dialog"]


class Desk:
    """A ranking page that stands open."""

    def __init__(self, heron: Visitor) -> None:
        self.heron, self.page = heron, heron.get("/p/everyday-help/rank")
        self.path, self.at = self.page.url.path, self.found('data-desk="([^"]+)"')

    def found(self, pattern: str) -> str:
        match = re.search(pattern, self.page.text)
        assert match, pattern
        return match.group(1)

    def send(self, **headers: str) -> httpx.Response:
        """Send the order in as the page's script does."""
        form: dict[str, Any] = {"csrf": self.found('name="csrf" value="([^"]+)"')}
        for name, value in re.findall(r'type="radio" name="((?:rank|mark)-[^"]+)" value="(\d)"', self.page.text):
            form.setdefault(name, value)
        return self.heron.client.post(
            self.path, data=form, headers={"accept": "application/json", "x-desk": self.at, **headers}
        )


@pytest.fixture
def desk(visit: Visit) -> Desk:
    return Desk(visit("heron-12"))


def num_sent(house: Database) -> int:
    with house.read() as db:
        return db.scalar(select(func.count()).select_from(Judgement).where(Judgement.step == "label")) or 0


def test_an_order_is_answered_with_the_parts_of_the_next_item(desk: Desk, house: Database) -> None:
    before = num_sent(house)
    answer = desk.send()
    assert answer.status_code == 200
    assert [name for name in re.findall(r' id="([\w-]+)"', answer.text) if name in PART_IDS] == PART_IDS
    assert "<html" not in answer.text
    assert num_sent(house) == before + 1
    address = answer.headers["content-location"]
    assert address != desk.path
    assert f'action="{address}"' in answer.text
    with house.read() as db:
        models = {one for one in db.scalars(select(Reply.model_ref).distinct()) if one}
    assert models
    assert not any(word in answer.text for word in (*models, "mean_rank", "is_gold", "contested"))
    whole = desk.heron.get(address)
    assert whole.url.path == address
    for part in ("rank-board", "blockquote"):
        shape = re.compile(rf"<{part}.*?</{part}>", re.DOTALL)
        assert shape.findall(whole.text) == shape.findall(answer.text)


def test_an_order_sent_twice_counts_once_and_gets_the_same_item(desk: Desk, house: Database) -> None:
    before = num_sent(house)
    first, second = desk.send(), desk.send()
    assert first.headers["content-location"] == second.headers["content-location"]
    assert num_sent(house) == before + 1


@pytest.mark.parametrize("headers", [{"x-desk": ""}, {"x-desk": "another"}])
def test_a_page_of_another_desk_is_sent_on_to_load_the_next_one(
    desk: Desk, house: Database, headers: dict[str, str]
) -> None:
    before = num_sent(house)
    assert desk.send(**headers).json() == {"next": "/p/everyday-help/rank"}
    assert num_sent(house) == before + 1


def test_a_page_in_another_language_is_loaded_anew(desk: Desk) -> None:
    desk.heron.post("/profile/habits", {"locale": "de"})
    assert desk.send().json() == {"next": "/p/everyday-help/rank"}


def test_an_order_that_is_refused_says_so_and_gives_no_item(desk: Desk, house: Database) -> None:
    before = num_sent(house)
    desk.page = desk.heron.get(desk.path)
    answer = desk.heron.client.post(
        desk.path, data={"csrf": desk.found('name="csrf" value="([^"]+)"')},
        headers={"accept": "application/json", "x-desk": desk.at},
    )  # fmt: skip
    assert answer.status_code == 422
    assert "rank-A" in answer.json()["fields"]
    assert num_sent(house) == before


@pytest.mark.parametrize("trouble", ["paused", "unread"])
def test_an_order_is_kept_where_no_next_item_is_given(
    desk: Desk, house: Database, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    before = num_sent(house)
    if trouble == "paused":
        with house.write() as db:
            db.execute(update(Project).where(Project.slug == "everyday-help").values(status="paused"))
    else:
        monkeypatch.setattr("trivium.studio.pages.rank.assignment.lease", _unread)
    assert desk.send().json() == {"next": "/p/everyday-help/rank"}
    assert num_sent(house) == before + 1


def _unread(*_: Any, **__: Any) -> None:
    raise guidelines.NotAcknowledged("a guideline", 2)
