"""The whole Studio is killed again and again while people work: what was acknowledged must be there, and nothing twice.

    python -m bench.kills [--kills 30] [--people 20] [--items 1000] [--overlap 5] [--workers 2] [--postgresql [URL]]

`trivium studio` and all its processes get SIGKILL at random moments, a second or three after it answers, and it is
started again. Labellers rank and keep drafts meanwhile; a lead imports prompts, publishes guidelines, writes remarks
and adds webhooks. Whoever hears nothing sends the same again, as a browser does. After every kill the database is asked
for all that anybody was told is kept, that no item has more people than wanted, and that the chain of events holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

import uvloop
from sqlalchemy import func, select

from bench.labellers import SLUG, fill
from bench.lease import arguments, database_of
from bench.pages import Labeller, Line, Refused, between, free_port, sessions
from trivium.human.desk import audit, people
from trivium.human.desk.actor import Actor
from trivium.human.store.database import Database
from trivium.human.store.journal import Webhook
from trivium.human.store.migrate import prepare
from trivium.human.store.people import Person
from trivium.human.store.projects import Guideline, PoolPrompt
from trivium.human.store.work import Assignment, Comment, Item, Judgement
from trivium.studio.csrf import FIELD, token_of

GONE = (OSError, asyncio.IncompleteReadError)
PAUSE_SECONDS = 0.05
FORM = "content-type: application/x-www-form-urlencoded\r\n"
KINDS = ("orders", "drafts", "prompts", "guidelines", "remarks", "webhooks")
Kept = dict[str, set[str]]
"""What → the names of what was said to be kept."""


class Worker(Labeller):
    """A labeller who keeps a draft of every item before sending it in, and lets no lost line stop them."""

    def __init__(self, port: int, secret: str, number: int, kept: Kept) -> None:
        """Keep where to write down what was acknowledged."""
        super().__init__(port, secret, number)
        self.kept, self.again = kept, 0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                if not self.place:
                    await self.open()
                await self.draft()
                await self.turn(time.perf_counter())
                self.kept["orders"].add(self.times.acknowledged[-1])
                await asyncio.sleep(PAUSE_SECONDS)
            except (*GONE, Refused, ValueError) as error:
                self.again += 1
                self.line.close()
                self.line = Line(self.line.port, self.line.secret)
                if isinstance(error, Refused | ValueError):
                    self.place = ""  # what was sent was kept after all: the page says what is next
                await asyncio.sleep(PAUSE_SECONDS)

    async def draft(self) -> None:
        """Keep a draft; where an earlier one is kept already, leave it."""
        body = json.dumps({"content": {"note": self.place}, "rev": 0, "seconds": 1})
        more = f"accept: application/json\r\ncontent-type: application/json\r\nx-csrf-token: {self.form[FIELD]}\r\n"
        more += f"content-length: {len(body)}\r\n"
        status, _, said = await self.line.ask("POST", f"{self.place}/draft", more, body)
        if status == 200:
            self.kept["drafts"].add(self.place.rpartition("/")[2])
        elif status != 409:
            raise Refused(f"{status}: {said[:200]!r}")


class Lead:
    """The lead, who imports, publishes, remarks and adds webhooks, one after the other."""

    def __init__(self, port: int, secret: str, item: str, kept: Kept) -> None:
        """Keep the line and where to write down what was acknowledged."""
        self.line, self.token, self.item, self.kept = Line(port, secret), token_of(secret), item, kept

    async def run(self) -> None:
        """Work until cancelled."""
        number = 0
        while True:
            number += 1
            for what in (self.bring, self.publish, self.remark, self.hook):
                try:
                    await what(number)
                except GONE:
                    self.line.close()
                    self.line = Line(self.line.port, self.line.secret)
                await asyncio.sleep(PAUSE_SECONDS)

    async def send(self, path: str, form: dict[str, str]) -> bool:
        """Send a form; say whether it was taken."""
        body = urlencode({FIELD: self.token, **form})
        status, _, _ = await self.line.ask("POST", path, f"{FORM}content-length: {len(body)}\r\n", body)
        return status in (200, 303)

    async def bring(self, number: int) -> None:
        """Import two prompts from a file."""
        names = [f"Brought {number}.{place}" for place in range(2)]
        rows = "\n".join(json.dumps({"instruction": name, "output": "y"}) for name in names)
        fields = {FIELD: self.token, "format": "alpaca", "origin": "dataset", "source": "s"}
        parts = [f'--B\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
        head = '--B\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
        body = "".join((*parts, head, rows, "\r\n--B--\r\n"))
        more = f"content-type: multipart/form-data; boundary=B\r\ncontent-length: {len(body)}\r\n"
        status, _, _ = await self.line.ask("POST", f"/p/{SLUG}/pool/import", more, body)
        if status == 200:
            self.kept["prompts"].update(names)

    async def publish(self, number: int) -> None:
        """Publish a guideline."""
        _, _, page = await self.line.ask("GET", f"/p/{SLUG}/guideline/edit")
        after = re.search(rb'name="after" value="(\d+)"', page)
        text = f"# Guideline {number}"
        form = {"markdown": text, "changelog": "", "rubric": "order", "do": "publish"}
        if after and await self.send(f"/p/{SLUG}/guideline", {**form, "after": after[1].decode()}):
            self.kept["guidelines"].add(text)

    async def remark(self, number: int) -> None:
        """Write a remark."""
        if await self.send(f"/p/{SLUG}/items/{self.item}/comments", {"body": f"Remark {number}"}):
            self.kept["remarks"].add(f"Remark {number}")

    async def hook(self, number: int) -> None:
        """Add a webhook; every other one is removed again."""
        body = urlencode({FIELD: self.token, "url": f"https://example.org/{number}"})
        more = f"{FORM}content-length: {len(body)}\r\n"
        status, _, page = await self.line.ask("POST", f"/p/{SLUG}/webhooks", more, body)
        if status == 200:
            found = between(page, f'action="/p/{SLUG}/webhooks/'.encode(), b"/remove")
            self.kept["webhooks"].add(f"https://example.org/{number}")
            if number % 2:
                self.kept["webhooks"].discard(f"https://example.org/{number}")  # it may be gone without a word
                await self.send(f"/p/{SLUG}/webhooks/{found}/remove", {})


def started(url: str, port: int, workers: int) -> subprocess.Popen[bytes]:
    """Start the program in a session of its own, so that all its processes can be killed at once."""
    given = ["--database", url, "--port", str(port), "--workers", str(workers)]
    command = [sys.executable, "-m", "trivium", "studio", *given]
    return subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)


def missing(database: Database, kept: Kept, keeper: Actor, overlap: int) -> dict[str, object]:
    """Return what must be zero: what was acknowledged and is not there, people beyond the overlap, a broken chain."""
    with database.read() as db:
        judged = set(db.scalars(select(Judgement.assignment_id)))
        drafts = {row.id for row in db.scalars(select(Assignment)) if row.id in judged or row.draft_rev > 0}
        found = {
            "orders": judged, "drafts": drafts,
            "prompts": set(db.scalars(select(PoolPrompt.search_text))),
            "guidelines": set(db.scalars(select(Guideline.markdown).where(Guideline.status != "draft"))),
            "remarks": set(db.scalars(select(Comment.body))), "webhooks": set(db.scalars(select(Webhook.url))),
        }  # fmt: skip
        holds = select(func.count()).where(Assignment.state.in_(("leased", "submitted"))).group_by(Assignment.item_id)
        beyond = sum(number > overlap for number in db.scalars(holds))
        twice = len(list(db.scalars(select(Judgement.assignment_id)))) - len(judged)
        project = db.scalars(select(Item.project_id).limit(1)).one()
        whole = audit.verify(db, keeper, project).whole
    lost = {name: len(names - found[name]) for name, names in kept.items()}
    return {"lost": sum(lost.values()), "beyond overlap": beyond, "kept twice": twice, "chain broken": int(not whole)}


async def measure(url: str, given: argparse.Namespace) -> dict[str, object]:
    """Kill and start again, so many times."""
    database, rng = Database(url), random.Random(given.seed)
    prepare(database)
    _, actors = fill(database, given.people, given.items, given.overlap)
    with database.write() as db:
        row = db.scalars(select(Person).where(Person.keeper)).one()
        keeper, secret = Actor(row.id, row.pseudonym, True), people.begin(db, row).secret
        item = db.scalars(select(Item.id).limit(1)).one()
    port, kept = free_port(), {name: set() for name in KINDS}
    crowd = [Worker(port, one, number, kept) for number, one in enumerate(sessions(database, actors))]
    tasks = [asyncio.create_task(one.run()) for one in (*crowd, Lead(port, secret, item, kept))]
    wrong: Counter[str] = Counter()
    program = started(url, port, given.workers)
    for _ in range(given.kills):
        while not await answers(port):
            await asyncio.sleep(0.05)
        await asyncio.sleep(rng.uniform(1, 3))
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        so_far = {what: set(names) for what, names in kept.items()}
        wrong.update(await asyncio.to_thread(missing, database, so_far, keeper, given.overlap))
        program = started(url, port, given.workers)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    failed = [repr(task.exception()) for task in tasks if not task.cancelled() and task.exception()]
    os.killpg(program.pid, signal.SIGKILL)
    program.wait()
    wrong.update(missing(database, kept, keeper, given.overlap))
    database.close()
    return {
        "kills": given.kills, "workers": given.workers, "people": given.people,
        "acknowledged": {what: len(names) for what, names in kept.items()},
        "sent again": sum(one.again for one in crowd), "visitors failed": failed, **wrong,
    }  # fmt: skip


async def answers(port: int) -> bool:
    """Say whether the Studio answers."""
    line = Line(port, "")
    try:
        return (await line.ask("GET", "/sign-in"))[0] == 200
    except GONE:
        return False
    finally:
        line.close()


def main() -> int:
    """Kill and print; 1 where anything is missing or too much."""
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(people=20, items=1_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of(given.postgresql, Path(folder)) as url:
        table = uvloop.run(measure(url, given))
    print(json.dumps({"database": "PostgreSQL" if given.postgresql else "SQLite", **table}, indent=1))
    return int(any(table[name] for name in ("lost", "beyond overlap", "kept twice", "chain broken", "visitors failed")))


if __name__ == "__main__":
    sys.exit(main())
