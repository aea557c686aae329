"""One process at a time: the lock that says which of several does the work that nobody asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from sqlalchemy import text

from trivium.human.store.database import Database
from trivium.human.store.sole import Sole

HOLDER = """
import sys, time
from trivium.human.store.database import Database
from trivium.human.store.sole import Sole
assert Sole(Database(sys.argv[1]), "jobs").hold()
print("held", flush=True)
time.sleep(600)
"""


def gets(sole: Sole) -> bool:
    """Say whether it can be had: PostgreSQL notices a moment later that who had it is gone."""
    for _ in range(500):
        if sole.hold():
            return True
        time.sleep(0.02)
    return False


def test_one_at_a_time_has_it_and_keeps_it_until_it_lets_go(database: Database) -> None:
    first, second, other = Sole(database, "jobs"), Sole(database, "jobs"), Sole(database, "letters")
    assert first.hold()
    assert not second.hold()
    assert other.hold()
    assert first.hold()
    first.release()
    assert gets(second)
    assert not first.hold()
    second.release()
    other.release()
    first.release()


def test_the_death_of_who_has_it_lets_go(database: Database) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, database.url], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    mine = Sole(database, "jobs")
    assert not mine.hold()
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert gets(mine)
    mine.release()


def test_who_lost_the_line_to_the_database_does_not_have_it_any_more(database: Database) -> None:
    if database.is_sqlite:
        return  # a file is not lost
    first, second = Sole(database, "jobs"), Sole(database, "jobs")
    assert first.hold()
    with database.engine.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        )
    assert gets(second)
    assert not first.hold()
    assert not first.hold()
    second.release()
    assert gets(first)
    first.release()
