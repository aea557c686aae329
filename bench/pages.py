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
from urllib.parse import urlencode

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


class Line:
    """One labeller's connection, kept open. A client library would cost more than the pages that are measured."""

    def __init__(self, port: int, secret: str) -> None:
        """Keep the cookie; nothing is opened yet."""
        self.port, self.cookie = port, f"{SESSION_COOKIE}={secret}"
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
        """Return status, headers and text of an answer."""
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{self.port}", f"cookie: {self.cookie}"]
        if method == "POST":
            lines += ["accept: application/json", "content-type: application/x-www-form-urlencoded"]
            lines += [f"content-length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", body]).encode())
        status, *headers = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        found = {name.lower(): value for name, value in (line.split(": ", 1) for line in headers)}
        text = await self.reader.readexactly(int(found.get("content-length", 0)))
        return int(status.split()[1]), found, text.decode()

    async def open(self, path: str) -> str:
        """Return a page, wherever it leads."""
        status, headers, text = await self.ask("GET", path)
        while status in (302, 303, 307):
            status, headers, text = await self.ask("GET", headers["location"])
        if status != 200:
            raise Refused(f"{status} at {path}")
        return text

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()


class Refused(Exception):  # noqa: N818 -- what was said, not what is wrong with us
    """An answer that is no page."""


class Labeller:
    """One labeller's browser."""

    def __init__(self, port: int, secret: str, number: int) -> None:
        """Keep the line; `number` is the labeller's own stream of chance."""
        self.line, self.number, self.token = Line(port, secret), number, token_of(secret)
        self.rng, self.times = random.Random(number), Times()

    async def work(self, start: float, seconds: float) -> None:
        """Open the page at every moment that was fixed; rank what it shows."""
        for moment in moments(self.number, seconds):
            due = start + moment
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                await self.turn(due)
            except (Refused, OSError, asyncio.IncompleteReadError) as error:
                self.times.errors.append(f"{type(error).__name__}: {error}"[:200])
                self.line = Line(self.line.port, self.line.cookie.partition("=")[2])
        self.line.close()

    async def turn(self, due: float) -> None:
        """Open the page and send an order in, as its form would."""
        text = await self.line.open(f"/p/{SLUG}/rank")
        done = time.perf_counter()
        self.times.asked.append(done - due)
        found = re.search(r'<form id="ranking" action="([^"]+)"', text)
        if found is None:
            return
        due = done + self.rng.random() * MAX_THINK_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        letters = [reply_name(place) for place in range(NUM_REPLIES)]
        form = {FIELD: self.token} | {f"rank-{letter}": str(1 + place) for place, letter in enumerate(letters)}
        form |= {f"mark-{axis}-{letter}": "3" for axis in ABILITIES for letter in letters}
        status, _, said = await self.line.ask("POST", found[1], urlencode(form))
        if status != 200:
            raise Refused(f"{status}: {said}")
        self.times.sent.append(time.perf_counter() - due)
        self.times.acknowledged.append(found[1].rpartition("/")[2])


async def crowd(port: int, secrets: list[str], seconds: float) -> list[Times]:
    """Let everybody work for a while."""
    for _ in range(300):
        try:
            await Line(port, "").open("/sign-in")
            break
        except OSError:
            await asyncio.sleep(0.1)
    labellers = [Labeller(port, secret, number) for number, secret in enumerate(secrets)]
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
        began = time.process_time()
        times = asyncio.run(crowd(port, secrets, given.seconds))
        visiting = time.process_time() - began
        server.terminate()
        server.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        table = {"people": given.people, "items": given.items, "overlap": given.overlap, "seconds": given.seconds,
                 "CPU seconds, server": round(cpu, 1),
                 "CPU seconds, visitors": round(visiting, 1),
                 **summary(times, given.seconds), **counts(database, times)}  # fmt: skip
        database.close()
    met = holds(table, BAR_MS)
    kind = "PostgreSQL" if given.postgresql else "SQLite"
    print(json.dumps({"pages, database": kind, **table, f"p95 <= {BAR_MS:.0f} ms": met}, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
