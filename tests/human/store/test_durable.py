"""What is acknowledged is on the disk: a flush that began after the commit has ended, one for all who waited."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from databases import Databases
from trivium.human.store import durable
from trivium.human.store.database import Database
from trivium.human.store.durable import Durability
from trivium.human.store.people import Person


def test_everybody_waits_for_a_flush_that_began_after_them_and_many_share_one() -> None:
    num_begun = num_ended = 0
    go = threading.Event()
    covered: list[bool] = []

    def flush() -> None:
        nonlocal num_begun, num_ended
        num_begun += 1
        go.wait(10)
        num_ended += 1

    durability = Durability(flush)

    def commit() -> None:
        begun_before = num_begun
        durability.wait()
        covered.append(num_ended > begun_before)  # a flush that began after this commit has ended

    threads = [threading.Thread(target=commit) for _ in range(20)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert covered == [True] * 20
    assert num_begun <= 20


def test_a_flush_that_fails_is_told_to_who_waits_for_it_and_the_next_tries_again() -> None:
    fails = [True, False]

    def flush() -> None:
        if fails.pop(0):
            raise OSError("the disk is gone")

    durability = Durability(flush)
    with pytest.raises(OSError, match="the disk is gone"):
        durability.wait()
    durability.wait()
    assert fails == []


def test_sqlite_s_log_is_flushed_after_the_commit_and_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trivium.human.store.migrate import prepare

    database = Database(str(tmp_path / "studio.db"))
    prepare(database)
    seen: list[int] = []

    def flushed(_: int) -> None:
        other = Database(database.url)
        with other.read() as db:  # another connection sees it: it was committed before
            seen.append(len(db.execute(text("SELECT id FROM person")).all()))
        other.close()

    monkeypatch.setattr(durable, "_sync", flushed)
    with database.write() as db:
        db.add(Person(pseudonym="wren-01"))
        db.flush()
        assert seen == []
    assert seen == [1]
    database.close()


def test_people_who_end_items_of_one_batch_at_once_do_not_wait_for_each_other_for_ever(databases: Databases) -> None:
    from human.desk.desk_sentences import all_of, batch_of, order_of
    from human.desk.people_of_the_house import house
    from trivium.human.desk import assignment, batches, ranking
    from trivium.human.desk.settings import ProjectSettings, SamplingPlan

    database = databases.new()
    none = SamplingPlan(share=0)
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1, internal_qa=none, client_qa=none))
        batch = batch_of(db, h, num_items=42, num_replies=2)
        batches.start(db, h.lead, batch.id)
    wrong: list[Exception] = []
    together = threading.Barrier(7)

    def work(name: str) -> None:
        try:
            for _ in range(6):
                together.wait(30)
                with database.write() as db:  # not `run`, which would try again and hide it
                    held = assignment.lease(db, h.actors[name], h.id)
                    assert held is not None
                    ranking.submit(db, h.actors[name], held.assignment_id, order_of(held.replies))
        except Exception as error:  # noqa: BLE001 -- a thread's failure is told by the test
            wrong.append(error)
            together.abort()

    threads = [threading.Thread(target=work, args=(f"labeller{number}",)) for number in range(1, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    with database.read() as db:
        assert all_of(db, batch.id) == {"accepted": 42}
