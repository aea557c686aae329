"""The Studio's pages under the load of a large project: how long a labeller waits for one.

    python -m bench.pages [--people 200] [--items 20000] [--overlap 5] [--seconds 60] [--postgresql [URL]]

Every labeller opens the ranking page every two seconds (`bench.labellers` says when), sends an order in within half a
second, and opens the next, over HTTP, against one server process as `trivium studio` runs it. Printed are the
percentiles of the time until the whole page is there, and until an order is acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import re
import resource
import socket
import sys
import tempfile
import time
from pathlib import Path

import httpx
import uvicorn

from bench.labellers import ABILITIES, MAX_THINK_SECONDS, NUM_REPLIES, SLUG, Times, counts, fill, moments, summary
from bench.lease import arguments, database_of, holds
from trivium.human.desk import people
from trivium.human.desk.actor import Actor
from trivium.human.rubrics import reply_name
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare
from trivium.human.store.people import Person
from trivium.studio.app import create_app
from trivium.studio.csrf import FIELD, SESSION_COOKIE, token_of
from trivium.studio.settings import StudioSettings

BAR_MS = 200.0
"""p95 of a page."""


def serve(url: str, port: int) -> None:
    """Be the server, in a process of its own."""
    app = create_app(StudioSettings(url), Database(url))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", server_header=False)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sessions(database: Database, actors: list[Actor]) -> list[str]:
    """Sign everybody in and return the secrets of their cookies."""
    with database.write() as db:
        return [people.begin(db, db.get_one(Person, actor.person_id)).secret for actor in actors]


class Labeller:
    """One labeller's browser."""

    def __init__(self, client: httpx.AsyncClient, secret: str, number: int) -> None:
        """Keep the cookie; `number` is the labeller's own stream of chance."""
        self.client, self.number = client, number
        self.cookie = {"cookie": f"{SESSION_COOKIE}={secret}"}
        self.token = token_of(secret)
        self.rng, self.times = random.Random(number), Times()

    async def work(self, start: float, seconds: float) -> None:
        """Open the page at every moment that was fixed; rank what it shows."""
        for moment in moments(self.number, seconds):
            due = start + moment
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                await self.turn(due)
            except httpx.HTTPError as error:
                self.times.errors.append(f"{type(error).__name__}: {error}"[:200])

    async def turn(self, due: float) -> None:
        """Open the page and send an order in, as its form would."""
        answer = await self.client.get(f"/p/{SLUG}/rank", headers=self.cookie)
        while answer.is_redirect:  # by hand: the client would leave the cookie out
            answer = await self.client.get(answer.headers["location"], headers=self.cookie)
        answer.raise_for_status()
        done = time.perf_counter()
        self.times.asked.append(done - due)
        found = re.search(r'<form id="ranking" action="([^"]+)"', answer.text)
        if found is None:
            return
        due = done + self.rng.random() * MAX_THINK_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        letters = [reply_name(place) for place in range(NUM_REPLIES)]
        form = {FIELD: self.token} | {f"rank-{letter}": str(1 + place) for place, letter in enumerate(letters)}
        form |= {f"mark-{axis}-{letter}": "3" for axis in ABILITIES for letter in letters}
        headers = {**self.cookie, "accept": "application/json"}
        answer = await self.client.post(found[1], data=form, headers=headers)
        answer.raise_for_status()
        self.times.sent.append(time.perf_counter() - due)
        self.times.acknowledged.append(found[1].rpartition("/")[2])


async def crowd(port: int, secrets: list[str], seconds: float) -> list[Times]:
    """Let everybody work for a while."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        for _ in range(300):
            try:
                await client.get("/sign-in")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
        labellers = [Labeller(client, secret, number) for number, secret in enumerate(secrets)]
        start = time.perf_counter() + 0.5
        await asyncio.gather(*(one.work(start, seconds) for one in labellers))
    return [one.times for one in labellers]


def main() -> int:
    """Measure and print; 1 when the bar is missed."""
    given = arguments(__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of(given.postgresql, Path(folder)) as url:
        database = Database(url)
        prepare(database)
        _, actors = fill(database, given.people, given.items, given.overlap)
        secrets = sessions(database, actors)
        port = free_port()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(url, port), daemon=True)
        server.start()
        times = asyncio.run(crowd(port, secrets, given.seconds))
        server.terminate()
        server.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        table = {"people": given.people, "items": given.items, "overlap": given.overlap, "seconds": given.seconds,
                 "CPU seconds, server": round(cpu, 1),
                 "CPU seconds, visitors": round(time.process_time(), 1),
                 **summary(times, given.seconds), **counts(database, times)}  # fmt: skip
        database.close()
    met = holds(table, BAR_MS)
    kind = "PostgreSQL" if given.postgresql else "SQLite"
    print(json.dumps({"pages, database": kind, **table, f"p95 <= {BAR_MS:.0f} ms": met}, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
