"""The Studio's pages under the load of a large project: how long a labeller waits for one.

    python -m bench.pages [--people 200] [--seconds 60]

Every person opens the ranking page, and two seconds after it has come they open it again, over HTTP, against one server
process with the filled demo. Printed are the percentiles of the time until the whole page is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import tempfile
import time
from pathlib import Path

import httpx
import uvicorn
from sqlalchemy import select

from trivium.human.desk import guidelines, people, projects
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare
from trivium.human.store.people import Person
from trivium.studio import demo
from trivium.studio.app import create_app
from trivium.studio.csrf import SESSION_COOKIE
from trivium.studio.settings import StudioSettings

PAUSE_SECONDS = 2.0
PORT = 8877


def serve(url: str) -> None:
    """Be the server, in a process of its own."""
    app = create_app(StudioSettings(url), Database(url, pool_size=40))
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="error")


def sessions(database: Database, number: int) -> list[str]:
    """Add labellers to the demo and return a session of each."""

    def work(db):
        lark = people.actor_of(db, db.scalar(select(Person.id).where(Person.pseudonym == "lark-01")))
        project = projects.by_slug(db, lark, "everyday-help").project
        guideline = guidelines.must_be_published(db, project.id)
        found = []
        for place in range(number):
            row = Person(pseudonym=f"load-{place:03}")
            db.add(row)
            db.flush()
            projects.add_member(db, lark.person_id, project.id, row.id, party="internal", role="labeller")
            guidelines.acknowledge(db, people.actor_of(db, row.id), project.id, guideline.id)
            found.append(people.begin(db, row).secret)
        return found

    return database.run(work)


async def person(secret: str, until: float, waits: list[float]) -> None:
    """Open the page, wait, open it again."""
    async with httpx.AsyncClient(cookies={SESSION_COOKIE: secret}, follow_redirects=True, timeout=60) as client:
        await asyncio.sleep(random.random() * PAUSE_SECONDS)
        while time.monotonic() < until:
            begun = time.monotonic()
            answer = await client.get(f"http://127.0.0.1:{PORT}/p/everyday-help/rank")
            answer.raise_for_status()
            waits.append(time.monotonic() - begun)
            await asyncio.sleep(PAUSE_SECONDS)


async def crowd(secrets: list[str], seconds: float) -> list[float]:
    """Let everybody work for a while."""
    waits: list[float] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(person(secret, until, waits) for secret in secrets))
    return waits


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(str(Path(folder) / "load.db"))
        prepare(database)
        demo.fill(database)
        secrets = sessions(database, asked.people)
        server = multiprocessing.Process(target=serve, args=(database.url,), daemon=True)
        server.start()
        time.sleep(5)
        waits = sorted(asyncio.run(crowd(secrets, asked.seconds)))
        server.terminate()
        at = {f"p{share}": round(1000 * waits[int(len(waits) * share / 100)], 1) for share in (50, 95, 99)}
        print(json.dumps({"people": asked.people, "pages": len(waits), "milliseconds": at}))


if __name__ == "__main__":
    main()
