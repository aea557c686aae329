"""The queue of the Studio under the load of a large project: how long a lease takes, and that none goes beyond overlap.

    python -m bench.lease [--people 200] [--items 20000] [--overlap 5] [--seconds 60] [--postgresql [URL]]

Every labeller asks for work every two seconds, ranks it within half a second and asks again (`bench.labellers` says
when). Each has a thread, as in a server; the database is a file (SQLite, synchronous=FULL) or a server. Printed are the
percentiles of `lease` and of `submit` as the labeller waits for them, queueing included, and the counts that must hold.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


def measure(database: Database, num_people: int, num_items: int, overlap: int, seconds: float) -> dict[str, object]:
    """Fill the database, let everybody work for a while, and return the table."""
    prepare(database)
    project_id, people = fill(database, num_people, num_items, overlap)
    labellers = [Labeller(database, project_id, actor, number) for number, actor in enumerate(people)]
    start, began = time.perf_counter() + 0.5, time.process_time()
    threads = [threading.Thread(target=one.work, args=(start, seconds)) for one in labellers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    crowd = [one.times for one in labellers]
    return {
        "people": num_people, "items": num_items, "overlap": overlap, "seconds": seconds,
        "CPU seconds": round(time.process_time() - began, 1), **summary(crowd, seconds), **counts(database, crowd),
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
    given = arguments(__doc__.splitlines()[0]).parse_args()
    kind = "PostgreSQL" if given.postgresql else "SQLite"
    with tempfile.TemporaryDirectory() as folder, database_of(given.postgresql, Path(folder)) as url:
        database = Database(url)
        table = measure(database, given.people, given.items, given.overlap, given.seconds)
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
