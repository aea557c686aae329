"""What people see when the database or the disk fails below them, and that their work is whole when it is back."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.keys import Keys
from sqlalchemy import event, func, select

from databases import Cluster, postgresql_cluster
from studio.browsers import Chromium, listening
from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare
from trivium.human.store.people import Person
from trivium.human.store.work import Judgement
from trivium.studio import broken, demo


def num_ranked(database: Database, name: str) -> int:
    with database.read() as db:
        query = select(func.count()).select_from(Judgement).join(Person, Person.id == Judgement.person_id)
        return int(db.scalar(query.where(Person.pseudonym == name, Judgement.step == "label")) or 0)


@pytest.fixture
def served(chromium: Chromium) -> Iterator[tuple[Cluster, Database]]:
    """A demo on a PostgreSQL server of its own, whose disk is waited for, with a browser at it."""
    with postgresql_cluster() as cluster:
        database = Database(cluster.url(cluster.make()))
        prepare(database)
        assert demo.fill(database)
        with listening(database) as address:
            chromium.at = address
            chromium.size(1280)
            yield cluster, database
            chromium.driver.get("about:blank")
        database.close()


def put_in_order(window: Chromium) -> None:
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4")
    window.driver.execute_script("for (const box of document.querySelectorAll('.likert input[value=\"3\"]')) box.click();")


def test_work_goes_on_when_a_server_that_was_killed_is_back(
    served: tuple[Cluster, Database], chromium: Chromium
) -> None:
    cluster, database = served
    chromium.come_in("heron-12")
    chromium.open("/p/everyday-help/rank")
    before, first = num_ranked(database, "heron-12"), chromium.path
    put_in_order(chromium)
    chromium.press(Keys.CONTROL + Keys.ENTER)
    chromium.until(lambda: chromium.path != first)
    chromium.press("1")
    chromium.until(lambda: chromium.text("#draft").startswith("Draft saved"))
    assert cluster.server is not None
    cluster.server.send_signal(signal.SIGKILL)
    cluster.server.wait(20)
    second = chromium.path
    put_in_order(chromium)
    chromium.press("n", "Kept while nobody answers.", Keys.CONTROL + Keys.ENTER)
    chromium.until(lambda: chromium.one("#lost").is_displayed())
    assert "goes out by itself" in chromium.text("#lost")
    page = httpx.get(f"{chromium.at}/sign-in", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert f"{broken.GONE}." in page.text
    assert "<h1>Not just now</h1>" in page.text
    told = httpx.get(f"{chromium.at}/api/v1/me", headers={"Authorization": "Bearer x"})
    assert (told.status_code, told.json()["message"]) == (503, broken.GONE)
    assert chromium.path == second
    cluster.start()
    chromium.until(lambda: chromium.path != second)
    assert "Sent." in chromium.text("body")
    assert num_ranked(database, "heron-12") == before + 2
    with database.read() as db:
        last = db.scalars(select(Judgement).where(Judgement.step == "label").order_by(Judgement.created_at.desc())).first()
        assert last is not None
        assert last.note == "Kept while nobody answers."


@contextmanager
def each_connection(database: Database, *statements: str) -> Iterator[None]:
    """Let every connection begin with these statements while the block runs."""

    def begin(connection: Any, _: object) -> None:
        for statement in statements:
            connection.execute(statement)

    database.engine.dispose()
    event.listen(database.engine, "connect", begin)
    yield
    event.remove(database.engine, "connect", begin)
    database.engine.dispose()


@contextmanager
def full(database: Database) -> Iterator[None]:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with each_connection(database, f"PRAGMA max_page_count = {pages}"):
        yield


@contextmanager
def closed(database: Database) -> Iterator[None]:
    with each_connection(database, "PRAGMA query_only = ON"):
        yield


@contextmanager
def held(database: Database) -> Iterator[None]:
    other = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with each_connection(database, "PRAGMA busy_timeout = 20"):
        yield
    other.close()


@pytest.mark.parametrize(("trouble", "says"), [(full, broken.FULL), (closed, broken.CLOSED), (held, broken.BUSY)])
def test_what_the_disk_does_not_take_is_told_in_one_sentence_and_taken_later(
    house: Database,
    visit: Callable[[str | None], Visitor],
    trouble: Callable[[Database], Any],
    says: str,
) -> None:
    lead = visit("lark-01")
    form = {"csrf": lead.token("/p/plain-words/guideline/edit"), "markdown": "Afterwards. " * 8_000, "after": "1"}
    address = "/p/plain-words/guideline"
    with trouble(house):
        asked = lead.client.post(address, data=form, follow_redirects=False)
        assert asked.status_code == 503
        assert f"{says}." in asked.text
        assert asked.text.count("<h1") == 1
        script = lead.client.post(address, data=form, headers={"Accept": "application/json"})
        assert (script.status_code, script.json()["message"]) == (503, says)
        assert lead.get("/").status_code == 200, "what is there can still be read"
    assert "Afterwards." not in lead.get("/p/plain-words/guideline?version=2").text
    assert lead.client.post(address, data=form, follow_redirects=False).status_code == 303
    assert "Afterwards." in lead.get("/p/plain-words/guideline?version=2").text


def test_our_own_mistake_is_a_page_too(house: Database, visit: Callable[[str | None], Visitor], monkeypatch: pytest.MonkeyPatch) -> None:
    lead = visit("lark-01")
    lead.client._transport.raise_server_exceptions = False  # type: ignore[attr-defined]

    def wrong(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("trivium.studio.pages.home.home.open_work", wrong)
    answer = lead.get("/", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert f"{broken.BROKEN}." in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert lead.get("/", headers={"Accept": "application/json"}).json()["message"] == broken.BROKEN
