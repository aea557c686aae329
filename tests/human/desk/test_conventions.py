"""Numbers mean one thing everywhere: length buckets come from one function, rank 1 is best, higher scores are better."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from human.desk.desk_sentences import SCALES, batch_of, digits_of
from human.desk.people_of_the_house import MARKS, house
from trivium.human.desk import assignment, batches, pool, ranking, submissions, writing
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.ranking import Order
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.desk.writing import Written
from trivium.human.store.database import Database
from trivium.human.store.projects import PoolPrompt
from trivium.human.store.work import AggregateRow, Item, Judgement, Mark, Reply
from trivium.records import Prompt, prompt_length

NONE = SamplingPlan(share=0)


@pytest.mark.parametrize(("num_words", "bucket"), [(99, "short"), (100, "medium"), (500, "medium"), (501, "long")])
def test_the_pool_and_a_writer_s_marks_have_their_bucket_from_one_function(
    database: Database, num_words: int, bucket: str
) -> None:
    text = " ".join(["word"] * num_words)
    with database.write() as db:
        h = house(db, "demonstration", settings=ProjectSettings(internal_qa=NONE, client_qa=NONE))
        prompt_id = pool.add(db, h.lead, h.id, [NewPrompt(Prompt.of(text, origin="dataset", source="t"))]).ids[0]
        row = db.get_one(PoolPrompt, prompt_id)
        assert (row.num_words, row.word_counter) == (num_words, "white space"), "who counted stands beside the count"
        assert row.bucket == prompt_length(text) == bucket
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
        work = assignment.lease(db, h.writer1, h.id)
        assert work is not None
        attrs = {**MARKS, "task_type": str(work.attrs["task_type"]), "prompt_length": "short"}
        sent = Written(prompt=f"{text} now", reply="A reply.", attrs=attrs)
        if prompt_length(sent.prompt) == "short":
            writing.submit(db, h.writer1, work.assignment_id, sent)
            assert db.get_one(Item, work.item_id).attrs["prompt_length"] == "short"
        else:  # what the writer says of the length counts for nothing
            with pytest.raises(Exception, match="short"):
                writing.submit(db, h.writer1, work.assignment_id, sent)


def test_a_prompt_without_spaces_is_as_long_as_its_words_and_says_who_counted(database: Database) -> None:
    text = "我喜欢北京。" * 40
    with database.write() as db:
        h = house(db, "demonstration")
        prompt_id = pool.add(db, h.lead, h.id, [NewPrompt(Prompt.of(text, origin="dataset", source="t"))]).ids[0]
        row = db.get_one(PoolPrompt, prompt_id)
        assert (row.num_words, row.word_counter, row.bucket) == (120, "white space, ICU dictionaries", "medium")


def test_rank_one_is_best_and_higher_scores_are_better_from_the_page_to_the_mean(database: Database) -> None:
    rules = ProjectSettings(overlap=2, internal_qa=NONE, client_qa=NONE)
    with database.write() as db:
        h = house(db, "comparison", settings=rules)
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=3).id)
    for name in ("labeller1", "labeller2"):
        with database.write() as db:
            work = assignment.lease(db, h.actors[name], h.id)
            assert work is not None
            digits = digits_of(work.replies)  # `reply 0.0` gets 1: it is the best
            marks = {axis: [float(6 - digit) for digit in digits] for axis in SCALES}
            ranking.submit(db, h.actors[name], work.assignment_id, Order(digits, marks=marks))
    with database.read() as db:
        query = select(Reply.content, Mark.axis, Mark.value).join(Reply, Reply.id == Mark.response_id)
        kept = {(text, axis, value) for text, axis, value in db.execute(query)}
        assert ("reply 0.0", "rank", 1.0) in kept
        assert ("reply 0.0", "helpful", 5.0) in kept
        assert ("reply 0.2", "rank", 3.0) in kept
        assert ("reply 0.2", "helpful", 3.0) in kept
        found = db.scalars(select(AggregateRow)).one().result
        item_id = db.scalars(select(Item.id)).one()
        for one in submissions.of_items(db, [item_id]):
            assert one.ranks is not None
            best = one.ranks.index(1)
            assert one.replies[best] == "reply 0.0"
            assert one.scores["helpful"][best] == max(score for score in one.scores["helpful"] if score is not None)
    assert found["mean_ranks"][found["winner"]] == min(found["mean_ranks"]) == 1.0
    assert found["mean_ranks"][found["loser"]] == max(found["mean_ranks"]) == 3.0


def test_the_database_itself_knows_no_rank_before_the_first(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1, internal_qa=NONE, client_qa=NONE))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        marks = {axis: [3.0, 3.0] for axis in SCALES}
        ranking.submit(db, h.labeller1, work.assignment_id, Order(digits_of(work.replies), marks=marks))
        db.flush()
        judgement = db.scalars(select(Judgement.id)).one()
        db.add(Mark(judgement_id=judgement, response_id=None, axis="rank", value=0.0))
        with pytest.raises(IntegrityError):
            db.flush()
        db.rollback()
