"""`trivium studio --workers 2` as a user starts it: two processes answer over one database, and nothing is done twice."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from databases import Databases, postgresql_cluster
from human.desk.people_of_the_house import House, house
from trivium.human.desk import batches, generation, people, pool
from trivium.human.desk.batches import NewReply
from trivium.human.desk.generation import Sampling
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.settings import ProjectSettings
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Assignment, Batch, Judgement
from trivium.records import Prompt
from trivium.studio.csrf import SESSION_COOKIE, token_of

NUM_ITEMS, OVERLAP = 12, 3
PATIENCE_SECONDS = 120
FIELD = re.compile(r'type="radio" name="((?:rank|mark)-[^"]+)" value="(\d)"')


def fill(database: Database) -> House:
    """Make a project whose items wait for labellers, and a batch that waits for a model which is not there."""
    with database.write() as db:
        made = house(db, "comparison", settings=ProjectSettings(overlap=OVERLAP))
        for source, replies in (("file", True), ("model", False)):
            new = [NewPrompt(Prompt.of(f"Question {n} of a {source}?", origin="dataset", source=source)) for n in range(NUM_ITEMS)]
            batch = batches.open_batch(db, made.lead, made.id)
            items = batches.add_prompts(db, made.lead, batch.id, pool.add(db, made.lead, made.id, new).ids)
            if replies:
                batches.put_replies(db, batch.id, {one: [NewReply(f"{k} of {one}", model_ref="m") for k in range(4)] for one in items})
            else:
                generation.request(db, made.lead, batch.id, "no/such-model", Sampling())
            batches.start(db, made.lead, batch.id)
    return made


class Served:
    """The program, and who uses it."""

    def __init__(self, database: Database, runs: Path) -> None:
        self.database, self.house = database, fill(database)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = ["studio", "--workers", "2", "--database", database.url, "--port", str(self.port), "--runs", str(runs)]
        self.program = subprocess.Popen([sys.executable, "-m", "trivium", *command], stderr=subprocess.DEVNULL)

    def workers(self) -> set[int]:
        """Return the processes that answer."""
        found = set()
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent, line = int(status.read_text().rpartition(")")[2].split()[1]), (status.parent / "cmdline").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.program.pid and "spawn_main" in line:
                found.add(int(status.parent.name))
        return found

    def browser(self, name: str) -> httpx.Client:
        """Return somebody's browser; each of its questions opens a connection, so that any process may answer."""
        with self.database.write() as db:
            person = db.scalars(select(Person).where(Person.pseudonym == f"{name}-00")).one()
            secret = people.begin(db, person).secret
        browser = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, follow_redirects=True,
                               limits=httpx.Limits(max_keepalive_connections=0))  # fmt: skip
        browser.cookies.set(SESSION_COOKIE, secret, domain="127.0.0.1")
        browser.headers["x-csrf-token"] = token_of(secret)
        return browser

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/sign-in", follow_redirects=True).status_code == 200
        except httpx.HTTPError:
            return False


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("workers")
    if request.param == "sqlite":
        yield from serving(Databases(None, folder), folder)
    else:
        with postgresql_cluster(durable=False) as cluster:
            yield from serving(Databases(cluster, folder), folder)


def serving(made: Databases, folder: Path) -> Iterator[Served]:
    served = Served(made.new(), folder / "runs")
    try:
        until(served.answers)
        yield served
    finally:
        served.program.send_signal(signal.SIGTERM)
        try:
            served.program.wait(timeout=30)
        finally:
            served.program.kill()
        made.close()


def label(served: Served, name: str) -> list[str]:
    """Rank until nothing is left, each order answered with the next item; return the holds whose order was kept."""
    browser, kept = served.browser(name), []
    page = browser.get("/p/plain-words/rank")
    address = page.url.path if "/rank/" in page.url.path else ""
    desk = re.search(r'data-desk="([^"]+)"', page.text)
    text = page.text
    while address and desk:
        form: dict[str, str] = {}
        for field, value in FIELD.findall(text):
            form.setdefault(field, value)
        answer = browser.post(address, data=form, headers={"accept": "application/json", "x-desk": desk[1]})
        assert answer.status_code == 200, answer.text
        kept.append(address.rpartition("/")[2])
        address, text = answer.headers.get("content-location", ""), answer.text
    browser.close()
    return kept


def test_people_who_rank_at_two_processes_get_each_item_as_often_as_wanted_and_none_is_lost(served: Served) -> None:
    names = [f"labeller{n}" for n in range(1, 6)]
    with ThreadPoolExecutor(len(names)) as crowd:
        kept = [hold for holds in crowd.map(lambda name: label(served, name), names) for hold in holds]
    assert len(kept) == len(set(kept)) == NUM_ITEMS * OVERLAP
    with served.database.read() as db:
        assert set(kept) <= set(db.scalars(select(Judgement.assignment_id)))
        items = Counter(db.scalars(select(Assignment.item_id).where(Assignment.state == "submitted")))
    assert set(items.values()) == {OVERLAP}


def test_who_sends_something_in_is_free_to_be_answered_by_any_process_next_time(served: Served) -> None:
    with served.browser("labeller7") as browser:
        assert "connection" not in browser.get("/").headers
        assert browser.post("/sign-out", follow_redirects=False).headers.get("connection") == "close"


def test_what_one_process_could_not_do_is_told_by_all_and_tried_again_by_one(served: Served) -> None:
    lead = served.browser("lead")
    with served.database.read() as db:
        batch = db.scalars(select(Batch).where(Batch.ordinal == 2)).one()
    address = f"/p/plain-words/batches/{batch.ordinal}"
    until(lambda: "cannot go on" in lead.get(address).text)
    for _ in range(6):
        assert "cannot go on" in lead.get(address).text
    assert lead.post(f"{address}/retry").status_code == 200
    until(lambda: "cannot go on" in lead.get(address).text)
    lead.close()


def test_a_process_that_is_killed_is_started_again_and_nobody_notices(served: Served) -> None:
    until(lambda: len(served.workers()) == 2)
    before = served.workers()
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(served.workers() - before) == 1)
    until(served.answers)
    browser = served.browser("labeller6")
    assert {browser.get("/").status_code for _ in range(4)} == {200}
    browser.close()
