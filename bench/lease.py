"""The queue of the Studio under the load of a large project: how long a lease takes, and that none goes beyond overlap.

    python -m bench.lease [--people 200] [--items 20000] [--overlap 5] [--seconds 60] [--postgresql [URL]]

Every labeller asks for work every two seconds, ranks it within half a second and asks again (`bench.labellers` says
when). Each has a thread, as in a server. The database is a file, used by one process, or PostgreSQL, used by two as two
Studios beside each other would on two cores (`--processes`). Printed are the percentiles of `lease` and of `submit` as
the labeller waits for them, queueing included, and the counts that must hold.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bench.labellers import ABILITIES, MAX_THINK_SECONDS, Times, counts, fill, moments, summary
from trivium.core.errors import TriviumError
from trivium.human.desk import assignment, ranking
from trivium.human.desk.actor import Actor
from trivium.human.desk.ranking import Order
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare

BARS_MS = {"SQLite": 100.0, "PostgreSQL": 50.0}
"""p95 of `lease`."""
START_SECONDS = 8.0
"""Until every process is there."""
FAILURES = (TriviumError, DBAPIError, PoolTimeout)


class Labeller:
    """One labeller's thread."""

    def __init__(self, database: Database, project_id: str, actor: Actor, number: int) -> None:
        """Keep who works where; `number` is the labeller's own stream of chance."""
        self.database, self.project_id, self.actor, self.number = database, project_id, actor, number
        self.rng, self.times = random.Random(number), Times()

    def work(self, start: float, seconds: float) -> None:
        """Ask at every moment that was fixed; rank what was given."""
        for moment in moments(self.number, seconds):
            due = start + moment
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                self.turn(due)
            except FAILURES as error:
                self.times.errors.append(f"{type(error).__name__}: {error}"[:200])

    def turn(self, due: float) -> None:
        """Take work and send it in."""
        work = self.database.run(lambda db: assignment.lease(db, self.actor, self.project_id))
        done = time.perf_counter()
        self.times.asked.append(done - due)
        if work is None:
            return
        due = done + self.rng.random() * MAX_THINK_SECONDS
        time.sleep(max(0.0, due - time.perf_counter()))
        digits = [int(reply.rpartition(".")[2]) + 1 for reply in work.replies]
        order = Order(digits, marks={axis: [3.0] * len(digits) for axis in ABILITIES})
        self.database.run(lambda db: ranking.submit(db, self.actor, work.assignment_id, order))
        self.times.sent.append(time.perf_counter() - due)
        self.times.acknowledged.append(work.assignment_id)


@dataclass(frozen=True)
class Part:
    """Those labellers who work through one process."""

    url: str
    project_id: str
    people: tuple[tuple[int, Actor], ...]
    """Each with their number."""
    start: float
    """On the machine's monotonic clock, which all processes share."""
    seconds: float


def work(part: Part) -> tuple[float, list[Times]]:
    """Let them work, a thread each; return this process's CPU seconds, and their times."""
    database = Database(part.url)
    labellers = [Labeller(database, part.project_id, actor, number) for number, actor in part.people]
    threads = [threading.Thread(target=one.work, args=(part.start, part.seconds)) for one in labellers]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, part.start - time.perf_counter()))
    began = time.process_time()
    for thread in threads:
        thread.join()
    spent = time.process_time() - began
    database.close()
    return spent, [one.times for one in labellers]


def measure(database: Database, given: argparse.Namespace, num_processes: int) -> dict[str, object]:
    """Fill the database, let everybody work for a while, and return the table."""
    prepare(database)
    project_id, people = fill(database, given.people, given.items, given.overlap)
    numbered = tuple(enumerate(people))
    start = time.perf_counter() + START_SECONDS
    parts = [Part(database.url, project_id, numbered[place::num_processes], start, given.seconds)
             for place in range(num_processes)]  # fmt: skip
    with multiprocessing.get_context("spawn").Pool(num_processes) as pool:
        done = pool.map(work, parts, chunksize=1)
    crowd = [times for _, part in done for times in part]
    return {
        "processes": num_processes, "people": given.people, "items": given.items, "overlap": given.overlap,
        "seconds": given.seconds, "CPU seconds": round(sum(spent for spent, _ in done), 1),
        **summary(crowd, given.seconds), **counts(database, crowd),
    }  # fmt: skip


@contextmanager
def database_of(url: str | None, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database: the one given, one of a server of our own (`own`), or a new file (None)."""
    if url != "own":
        yield url or str(folder / "load.db")
        return
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from databases import postgresql_cluster

    with postgresql_cluster() as cluster:
        yield cluster.url(cluster.make())


def arguments(description: str) -> argparse.ArgumentParser:
    """Return what both measurements ask."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--overlap", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument(
        "--postgresql", nargs="?", const="own", metavar="URL",
        help="an empty database, or a server of our own where no URL is given; without it SQLite is measured",
    )  # fmt: skip
    return parser


def main() -> int:
    """Measure SQLite, or the server whose URL is given; 1 when the bar is missed."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, help="how many work on the database: 1 with SQLite, 2 with PostgreSQL")
    given = parser.parse_args()
    kind = "PostgreSQL" if given.postgresql else "SQLite"
    with tempfile.TemporaryDirectory() as folder, database_of(given.postgresql, Path(folder)) as url:
        database = Database(url)
        table = measure(database, given, given.processes or (2 if given.postgresql else 1))
        database.close()
    met = holds(table, BARS_MS[kind])
    print(json.dumps({"database": kind, **table, f"p95 <= {BARS_MS[kind]:.0f} ms": met}, indent=1))
    return 0 if met else 1


def holds(table: dict[str, object], bar_ms: float) -> bool:
    """Say whether the p95 keeps its bar, everybody who was due was answered, and nothing is lost or beyond."""
    ask = table["ask ms"]
    assert isinstance(ask, dict)
    wrong = any(table[name] for name in ("errors", "beyond overlap", "counter wrong", "lost"))
    return ask["n"] == table["due"] and not wrong and ask["p95"] <= bar_ms


if __name__ == "__main__":
    sys.exit(main())
