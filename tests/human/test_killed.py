"""SIGKILL during any write, of the program or of the database server, loses nothing that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import func, select, update

from databases import Cluster, Databases, postgresql_cluster
from human.desk.desk_sentences import batch_of, label_everything
from human.desk.people_of_the_house import House, house
from human.desk.true_always import assert_true_always
from trivium.human.delivery.read import verify
from trivium.human.desk import batches, deliveries
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.store.columns import now
from trivium.human.store.database import Database
from trivium.human.store.projects import Guideline, PoolPrompt
from trivium.human.store.work import Assignment, Item, Judgement, Reply

PROGRAM = Path(__file__).with_name("killed.py")
LEAD = Path(__file__).with_name("killed_lead.py")
NONE = SamplingPlan(share=0)
OVERLAP = 2


def filled(database: Database, num_items: int) -> House:
    """Return a house with items that wait for two labellers each."""
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=OVERLAP, internal_qa=NONE, client_qa=NONE))
        batches.start(db, h.lead, batch_of(db, h, num_items=num_items, num_replies=3).id)
    return h


def started(database: Database, h: House, name: str) -> subprocess.Popen[str]:
    """Start a labeller's program and wait until it is ready."""
    actor = h.actors[name]
    return run(PROGRAM, database.url, h.id, actor.person_id, actor.pseudonym)


def run(file: Path, *given: str) -> subprocess.Popen[str]:
    """Start a program and wait until it is ready."""
    command = [sys.executable, str(file), *given]
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env=os.environ | paths)  # fmt: skip
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"
    return program


def whole_lines(out: str) -> list[str]:
    """Return the lines that were written to their end: the last one may be cut off by the kill."""
    return out.split("\n")[:-1]


def assert_kept(database: Database, said: list[str]) -> None:
    """Check that every acknowledged line is in the database."""
    with database.read() as db:
        assert_true_always(db, OVERLAP)
        judged = set(db.scalars(select(Judgement.assignment_id)))
        holds = {row.id: row for row in db.scalars(select(Assignment))}
    sent = {line.split()[1] for line in said if line.startswith("sent ")}
    assert sent <= judged
    for line in said:
        if line.startswith("draft "):
            _, hold, text = line.strip().split(maxsplit=2)
            assert hold in judged or holds[hold].draft == {"note": text}


def finish(database: Database, h: House) -> None:
    """Let what the dead held run out, and check that the living can do all that is left."""
    with database.write() as db:
        db.execute(update(Assignment).where(Assignment.state == "leased").values(lease_until=now()))
    label_everything(database, h, ["labeller1", "labeller2", "labeller3", "labeller4"])
    with database.read() as db:
        assert set(db.scalars(select(Item.state))) == {"accepted"}
        assert_true_always(db, OVERLAP)


def test_killed_labellers_lose_nothing_acknowledged(databases: Databases) -> None:
    rng = random.Random(7)
    database = databases.new()
    h = filled(database, num_items=24)
    said: list[str] = []
    for number in range(4):
        program = started(database, h, f"labeller{1 + number}")
        time.sleep(rng.uniform(0.05, 0.4))
        program.send_signal(signal.SIGKILL)
        out, _ = program.communicate()
        said += whole_lines(out)
        assert_kept(database, said)
    finish(database, h)


def test_a_killed_lead_loses_no_prompt_guideline_batch_review_or_milestone_that_was_acknowledged(
    databases: Databases,
) -> None:
    rng = random.Random(3)
    database = databases.new()
    with database.write() as db:
        whole = ProjectSettings(overlap=1, internal_qa=SamplingPlan(share=1), client_qa=NONE)
        h = house(db, "comparison", settings=whole)
    people = [text for name in ("lead", "labeller1", "checker") for text in (h.actors[name].person_id, h.actors[name].pseudonym)]
    said: list[str] = []
    for number, num_lines in enumerate((1, 4, 7)):  # so that on a slow machine too it was in each of its rooms
        program = run(LEAD, database.url, h.id, str(100 * number), *people)
        assert program.stdout is not None
        said += [program.stdout.readline().rstrip("\n") for _ in range(num_lines)]
        time.sleep(rng.uniform(0.0, 0.4))
        program.send_signal(signal.SIGKILL)
        out, _ = program.communicate()
        said += whole_lines(out)
        assert_all_there(database, h, said)
    assert {line.split()[0] for line in said} >= {"pool", "guideline", "batch", "sent"}


def assert_all_there(database: Database, h: House, said: list[str]) -> None:
    """Check that what a lead's program said it did is done, whole, and that nothing is half done."""
    with database.write() as db:  # what the dead program held is given back at once
        db.execute(update(Assignment).where(Assignment.state == "leased").values(lease_until=now()))
    with database.read() as db:
        assert_true_always(db, 1)
        judged = set(db.scalars(select(Judgement.assignment_id)))
        prompts = set(db.scalars(select(PoolPrompt.id)))
        for what, *ids in map(str.split, said):
            if what == "pool":
                assert set(ids) <= prompts
            elif what == "guideline":
                assert db.get_one(Guideline, ids[0]).status in ("published", "retired")
            elif what == "batch":
                items = db.scalars(select(Item).where(Item.batch_id == ids[0])).all()
                assert len(items) == 2
                assert db.scalar(select(func.count()).where(Reply.item_id.in_([one.id for one in items]))) == 4
            elif what in ("sent", "reviewed"):
                assert ids[0] in judged
            else:
                assert verify(deliveries.all_files(db, ids[0])) == ids[1]
        for row in deliveries.listed(db, h.lead, h.id):
            assert row.state == "draft" or verify(deliveries.all_files(db, row.id)) == row.manifest["whole"]


def test_a_killed_database_server_loses_nothing_acknowledged() -> None:
    with postgresql_cluster() as cluster:
        database = Databases(cluster, cluster.folder).new()
        h = filled(database, num_items=24)
        program = started(database, h, "labeller1")
        assert program.stdout is not None
        said = [program.stdout.readline().removesuffix("\n") for _ in range(6)]
        crash(cluster)
        out, _ = program.communicate()
        said += whole_lines(out)
        database.close()
        cluster.start()
        assert sum(line.startswith("sent ") for line in said) >= 2
        assert_kept(database, said)
        finish(database, h)
        database.close()


def crash(cluster: Cluster) -> None:
    """Kill the server and all its processes at once, as a power cut would."""
    assert cluster.server is not None
    parent = cluster.server.pid
    children = [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    for pid in (parent, *children):
        os.kill(pid, signal.SIGKILL)
    cluster.server.wait()
    time.sleep(0.5)
    (cluster.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
