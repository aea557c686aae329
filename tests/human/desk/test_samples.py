"""A review looks at the sample that was drawn; a bad sample makes it look at everything."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from human.desk.desk_sentences import all_of, batch_of, label_everything
from human.desk.people_of_the_house import House, house
from trivium.core.seed import stream
from trivium.human.desk import assignment, batches, review
from trivium.human.desk.review import Review
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.store.database import Database
from trivium.human.store.journal import Event
from trivium.human.store.work import Batch, Item

NONE = SamplingPlan(share=0)
SEED = 5


def labelled(database: Database, plan: SamplingPlan, num_items: int = 10) -> tuple[House, str]:
    """Return a house and a batch that one labeller ranked, whose internal review goes by this plan."""
    rules = ProjectSettings(overlap=1, internal_qa=plan, client_qa=NONE, seed=SEED)
    with database.write() as db:
        h = house(db, "comparison", settings=rules)
        batch = batch_of(db, h, num_items=num_items, num_replies=2)
        batches.start(db, h.lead, batch.id)
    assert label_everything(database, h, ["labeller1"]) == num_items
    return h, batch.id


def reviewed(database: Database, h: House, verdicts: str, by: str = "checker") -> list[str]:
    """Review one item for each letter, `a` accept or `r` return; return their ids."""
    items = []
    for verdict in verdicts:
        with database.write() as db:
            work = assignment.lease(db, h.actors[by], h.id)
            assert work is not None
            items.append(work.item_id)
            said = Review("accept") if verdict == "a" else Review("reject", ["order_not_justified"])
            review.submit(db, h.actors[by], work.assignment_id, said)
    return items


def nothing_to_review(database: Database, h: House) -> bool:
    with database.write() as db:
        return assignment.lease(db, h.checker, h.id) is None


@pytest.mark.parametrize(("share", "least", "drawn"), [(0.25, 1, 3), (0.3, 1, 3), (0.05, 2, 2), (1.0, 1, 10), (0.0, 3, 0)])
def test_as_many_are_drawn_as_the_plan_says_and_anybody_can_draw_them_again(
    database: Database, share: float, least: int, drawn: int
) -> None:
    _, batch_id = labelled(database, SamplingPlan(share=share, least=least))
    with database.read() as db:
        kept = db.get_one(Batch, batch_id).plan["internal_qa"]
        items = list(db.scalars(select(Item.id).where(Item.batch_id == batch_id).order_by(Item.id)))
        chosen = set(db.scalars(select(Item.id).where(Item.batch_id == batch_id, Item.sampled)))
    assert (kept["sample"], kept["of"], kept["share"], kept["seed"]) == (drawn, 10, share, SEED)
    order = stream(kept["seed"], "sample", batch_id, "internal_qa").permutation(10)[:drawn]
    assert chosen == {items[int(place)] for place in order}


def test_what_is_not_in_the_sample_passes_unseen(database: Database) -> None:
    h, batch_id = labelled(database, SamplingPlan(share=0.3, max_returned_share=0.5))
    with database.read() as db:
        chosen = set(db.scalars(select(Item.id).where(Item.batch_id == batch_id, Item.sampled)))
    assert set(reviewed(database, h, "aaa")) == chosen
    assert nothing_to_review(database, h)
    with database.read() as db:
        assert all_of(db, batch_id) == {"accepted": 10}


def test_a_bad_sample_is_enlarged_to_the_whole_batch_once(database: Database) -> None:
    h, batch_id = labelled(database, SamplingPlan(share=0.3, max_returned_share=0.5))
    sample = reviewed(database, h, "rra")
    rest = reviewed(database, h, "aaaaaaa")
    assert not set(rest) & set(sample)
    with database.read() as db:
        batch = db.get_one(Batch, batch_id)
        assert (batch.plan["internal_qa"]["enlarged"], batch.plan["internal_qa"]["sample"]) == (True, 10)
        assert batch.state == "rework"
        actions = list(db.scalars(select(Event.action).where(Event.target == f"batch:{batch_id}")))
        assert actions.count("internal_qa.enlarged") == 1
    assert label_everything(database, h, ["labeller1"]) == 2
    for who in ("checker", "client"):  # also by whom the plan gives nothing to see
        assert set(reviewed(database, h, "aa", who)) == set(sample[:2]), "what was returned is always seen again"
    with database.read() as db:
        assert all_of(db, batch_id) == {"accepted": 10}


def test_a_sample_at_the_bound_is_not_enlarged(database: Database) -> None:
    h, batch_id = labelled(database, SamplingPlan(share=0.4, max_returned_share=0.25))
    returned = reviewed(database, h, "raaa")[0]
    assert nothing_to_review(database, h)
    with database.read() as db:
        assert db.get_one(Batch, batch_id).plan["internal_qa"]["enlarged"] is False
    label_everything(database, h, ["labeller1"])
    assert reviewed(database, h, "a") == reviewed(database, h, "a", "client") == [returned]
    with database.read() as db:
        assert all_of(db, batch_id) == {"accepted": 10}
