"""Work goes its rounds: writing, internal review, the client's review, rework, acceptance."""

from __future__ import annotations

from sqlalchemy import select

from human.desk.desk_sentences import all_of, batch_of, label_everything, write_everything
from human.desk.people_of_the_house import house, written
from trivium.human.desk import assignment, batches, review, writing
from trivium.human.desk.review import Review
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.store.database import Database
from trivium.human.store.work import AggregateRow, Batch, Item, Reply

ALL = SamplingPlan(share=1.0)


def test_a_pair_goes_from_writer_by_rework_to_accepted(database: Database) -> None:
    with database.write() as db:
        h = house(db, "demonstration", settings=ProjectSettings(internal_qa=ALL, client_qa=ALL))
        batch = batches.open_batch(db, h.lead, h.id)
        assert batches.plan_cells(db, h.lead, batch.id) == 8
        batches.start(db, h.lead, batch.id)
    write_everything(database, h, ["writer1", "writer2", "writer3"])
    with database.write() as db:
        assert all_of(db, batch.id) == {"internal_qa": 8}
        first = assignment.lease(db, h.checker, h.id)
        assert first is not None
        assert first.step == "qa_internal"
        review.submit(db, h.checker, first.assignment_id, Review("reject", ["too_vague"], "say who, please"))
        returned = first.item_id
    while True:
        with database.write() as db:
            work = assignment.lease(db, h.checker, h.id)
            if work is None:
                break
            review.submit(db, h.checker, work.assignment_id, Review("accept"))
    with database.write() as db:
        assert db.get_one(Batch, batch.id).state == "rework"
        item = db.get_one(Item, returned)
        author = next(a for a in h.actors.values() if a.person_id == item.author_id)
        others = [h.writer1, h.writer2, h.writer3]
        others.remove(author)
        assert all(assignment.lease(db, other, h.id) is None for other in others)
        again = assignment.lease(db, author, h.id)
        assert again is not None
        assert (again.item_id, again.round, again.returned[0].note) == (returned, 2, "say who, please")
        task = item.attrs["task_type"]
        writing.submit(db, author, again.assignment_id, written(99, task, reply="The emperor's people built it."))
        assert db.get_one(Batch, batch.id).state == "internal_qa"
    with database.write() as db:
        work = assignment.lease(db, h.checker, h.id)
        assert work is not None
        assert work.item_id == returned
        review.submit(db, h.checker, work.assignment_id, Review("fix", fixed="The emperor's masons built it."))
        assert db.get_one(Batch, batch.id).state == "client_qa"
        assert assignment.lease(db, h.checker, h.id) is None
    for _ in range(8):
        with database.write() as db:
            work = assignment.lease(db, h.client, h.id)
            assert work is not None
            assert work.step == "qa_client"
            review.submit(db, h.client, work.assignment_id, Review("accept"))
    with database.read() as db:
        assert db.get_one(Batch, batch.id).state == "accepted"
        assert all_of(db, batch.id) == {"accepted": 8}
        texts = db.scalars(select(Reply.content).where(Reply.item_id == returned).order_by(Reply.round, Reply.revision))
        assert len(list(texts)) == 3


def test_a_ranking_goes_from_labellers_to_mean_ranks_and_on(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=3, internal_qa=SamplingPlan(share=0),
                                                             client_qa=SamplingPlan(share=0)))  # fmt: skip
        batch = batch_of(db, h, num_items=4, num_replies=4)
        batches.start(db, h.lead, batch.id)
    assert label_everything(database, h, [f"labeller{n}" for n in range(1, 6)]) == 12
    with database.read() as db:
        assert all_of(db, batch.id) == {"accepted": 4}
        for row in db.scalars(select(AggregateRow)):
            assert (row.n, row.result["winner"], row.result["loser"]) == (3, 0, 3)
            assert row.result["mean_ranks"] == [1.0, 2.0, 3.0, 4.0]
