"""The Studio's pages under the load of a large project: how long a labeller waits for the next item.

    python -m bench.pages [--people 200] [--items 20000] [--overlap 5] [--seconds 60] [--workers 1] [--postgresql [URL]]

The server is `trivium studio`, as it is started by hand. Everybody signs in and opens the ranking page first, one after
the other within some seconds; these pages are whole ones and are told apart (`open ms`). Then each asks every two
seconds, at moments fixed before (`bench.labellers`): they send in the order of the item before them, as the page's
script does, and the answer is the next item, freshly leased, as the page shows it. So an asking is both: the order kept
on the disk, and the parts of the page with the next item. Its time counts from its moment until the last byte is there,
so who waits behind a slow answer is counted too. The visitors run on the same cores as the server and the database.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import uvloop

from bench.labellers import ABILITIES, NUM_REPLIES, SLUG, Times, counts, fill, moments, percentiles, summary
from bench.lease import arguments, database_of, holds
from trivium.human.desk import people
from trivium.human.desk.actor import Actor
from trivium.human.rubrics import reply_name
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare
from trivium.human.store.people import Person
from trivium.studio.csrf import FIELD, SESSION_COOKIE, token_of

BAR_MS = 200.0
"""p95 of a page."""
OPEN_SECONDS = 15.0
"""Within which everybody opens the page, one after the other."""
TICKS = os.sysconf("SC_CLK_TCK")


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
        self.port, self.secret = port, secret
        self.head = f"host: 127.0.0.1:{port}\r\ncookie: {SESSION_COOKIE}={secret}\r\n"
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, more: str = "", body: str = "") -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and text of an answer."""
        if self.reader is None or self.writer is None or self.reader.at_eof():  # the server hung up while one read
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 18)
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{self.head}{more}\r\n{body}".encode())
        status, *headers = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        found = {name.lower(): value for name, value in (line.split(": ", 1) for line in headers)}
        page = await self.reader.readexactly(int(found.get("content-length", 0)))
        if found.get("connection") == "close":
            self.close()
            self.reader = None
        return int(status.split()[1]), found, page

    def close(self) -> None:
        """Hang up."""
        if self.writer is not None:
            self.writer.close()


class Refused(Exception):  # noqa: N818 -- what was said, not what is wrong with us
    """An answer that is no page."""


def between(page: bytes, before: bytes, after: bytes = b'"') -> str:
    """Return what stands between two marks."""
    start = page.index(before) + len(before)
    return page[start : page.index(after, start)].decode()


class Labeller:
    """One labeller's browser, with the ranking page open."""

    def __init__(self, port: int, secret: str, number: int) -> None:
        """Keep the line; `number` says when this labeller asks."""
        self.line, self.number, self.times = Line(port, secret), number, Times()
        letters = [reply_name(place) for place in range(NUM_REPLIES)]
        order = {f"rank-{letter}": str(1 + place) for place, letter in enumerate(letters)}
        marks = {f"mark-{axis}-{letter}": "3" for axis in ABILITIES for letter in letters}
        self.form = {FIELD: token_of(secret), **order, **marks, "note": "", "active_seconds": "2", "pasted": "0"}
        self.place = self.desk = ""
        self.opened: list[float] = []

    async def open(self) -> None:
        """Open the page, wherever it leads."""
        began = time.perf_counter()
        status, headers, page = await self.line.ask("GET", f"/p/{SLUG}/rank")
        while status in (302, 303, 307):
            status, headers, page = await self.line.ask("GET", headers["location"])
        if status != 200:
            raise Refused(f"{status}: {page[:200]!r}")
        self.opened.append(time.perf_counter() - began)
        self.place, self.desk = between(page, b'<form id="ranking" action="'), between(page, b'data-desk="')

    async def work(self, start: float, seconds: float) -> None:
        """Ask at every moment that was fixed."""
        for moment in moments(self.number, seconds):
            due = start + moment
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                await self.turn(due)
            except (Refused, OSError, asyncio.IncompleteReadError) as error:
                self.times.errors.append(f"{type(error).__name__}: {error}"[:200])
                self.line = Line(self.line.port, self.line.secret)
        self.line.close()

    async def turn(self, due: float) -> None:
        """Send the order of the item that is shown in, and get the next one."""
        hold = self.place.rpartition("/")[2]
        body = urlencode({**self.form, "assignment": hold})
        more = "accept: application/json\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        more += f"x-desk: {self.desk}\r\ncontent-length: {len(body)}\r\n"
        status, headers, page = await self.line.ask("POST", self.place, more, body)
        self.times.asked.append(time.perf_counter() - due)
        if status != 200 or "content-location" not in headers:
            raise Refused(f"{status}: {page[:200]!r}")
        self.times.acknowledged.append(hold)
        self.place = between(page, b'<form id="ranking" action="')
        if self.place != headers["content-location"]:
            raise Refused(f"{headers['content-location']} shows {self.place}")


async def crowd(port: int, secrets: list[str], seconds: float, server: int) -> tuple[list[Labeller], dict[str, float]]:
    """Let everybody open the page and then work for a while; return them, and the CPU seconds of that while."""
    for _ in range(600):
        try:
            await Line(port, "").ask("GET", "/sign-in")
            break
        except OSError:
            await asyncio.sleep(0.1)
    labellers = [Labeller(port, secret, number) for number, secret in enumerate(secrets)]
    for one in labellers:
        due = time.perf_counter() + OPEN_SECONDS / len(labellers)
        await one.open()
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    before, visiting = cpu_seconds(server), time.process_time()
    start = time.perf_counter() + 0.5
    await asyncio.gather(*(one.work(start, seconds) for one in labellers))
    return labellers, {"server": cpu_seconds(server) - before, "visitors": time.process_time() - visiting}


def cpu_seconds(root: int) -> float:
    """Return what a process and all that it started have taken so far, by `/proc` (Linux)."""
    rows = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            found = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        rows[int(file.parent.name)] = (int(found[1]), sum(map(int, found[11:13])))
    family, grown = {root}, True
    while grown:
        more = {pid for pid, (parent, _) in rows.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return sum(ticks for pid, (_, ticks) in rows.items() if pid in family) / TICKS


def loop_ms() -> float:
    """Return how long a fixed loop takes now, the median of twenty: a machine is not always equally fast."""
    times = []
    for _ in range(20):
        began, found = time.perf_counter(), 0
        for number in range(400_000):
            found += number * number % 7
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 1)


def measure(url: str, given: argparse.Namespace) -> dict[str, object]:
    """Fill the database, start the server, let everybody work, and return the table."""
    database = Database(url)
    prepare(database)
    _, actors = fill(database, given.people, given.items, given.overlap)
    secrets, port, before = sessions(database, actors), free_port(), loop_ms()
    server = subprocess.Popen([sys.executable, "-m", "trivium", "studio", "--database", url, "--port", str(port),
                               "--workers", str(given.workers)])  # fmt: skip
    try:
        labellers, cpu = uvloop.run(crowd(port, secrets, given.seconds, server.pid))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    times = [one.times for one in labellers]
    num_turns = sum(len(one.asked) for one in times)
    table = {
        "workers": given.workers, "people": given.people, "items": given.items, "overlap": given.overlap,
        "seconds": given.seconds, "loop ms": [before, loop_ms()],
        "open ms": percentiles([took for one in labellers for took in one.opened]),
        "CPU ms a turn": {name: round(1000 * spent / max(1, num_turns), 2) for name, spent in cpu.items()},
        **summary(times, given.seconds), **counts(database, times),
    }  # fmt: skip
    database.close()
    return table


def main() -> int:
    """Measure and print; 1 when the bar is missed."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=1, help="how many processes answer")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database_of(given.postgresql, Path(folder)) as url:
        table = measure(url, given)
    met = holds(table, BAR_MS)
    kind = "PostgreSQL" if given.postgresql else "SQLite"
    print(json.dumps({"pages, database": kind, **table, f"p95 <= {BAR_MS:.0f} ms": met}, indent=1))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
