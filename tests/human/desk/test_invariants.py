"""The invariants I1 to I13, one sentence each: what the desk refuses, and what the database refuses on its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from human.desk.desk_sentences import batch_of, label_everything, order_of, write_everything
from human.desk.people_of_the_house import House, house, written
from trivium.core.seed import stream
from trivium.human.desk import (
    adjudication,
    assignment,
    audit,
    batches,
    guidelines,
    pool,
    projects,
    ranking,
    review,
    writing,
)
from trivium.human.desk.errors import Conflict, Invalid, NotAcknowledged, NotAllowed, Unknown
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.ranking import Order
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.desk.specs import cell_key
from trivium.human.store.columns import now
from trivium.human.store.database import Database
from trivium.human.store.journal import Event
from trivium.human.store.projects import Ack
from trivium.human.store.work import AggregateRow, Assignment, Item, Judgement, Mark
from trivium.records import Message, Prompt

NONE = SamplingPlan(share=0)
ALL = SamplingPlan(share=1)


def test_the_database_itself_refuses_a_hold_beyond_the_overlap(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(update(Item).values(taken=Item.wanted + 1))


def test_a_draft_outlives_its_hold_and_comes_back_to_the_same_person(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        assert assignment.save_draft(db, h.labeller1, work.assignment_id, {"note": "half"}, rev=0) == 1
        with pytest.raises(Conflict, match="another window"):
            assignment.save_draft(db, h.labeller1, work.assignment_id, {"note": "older"}, rev=0)
        db.execute(update(Assignment).values(lease_until=now() - timedelta(seconds=1)))
    with database.write() as db:
        again = assignment.lease(db, h.labeller1, h.id)
        assert again is not None
        assert (again.assignment_id, again.draft, again.replies) == (work.assignment_id, {"note": "half"}, work.replies)
        db.execute(update(Assignment).values(lease_until=now() - timedelta(seconds=1)))
    with database.write() as db:
        other = assignment.lease(db, h.labeller2, h.id)
        assert other is not None
        assert other.draft == {}
        with pytest.raises(Conflict, match="ran out"):
            ranking.submit(db, h.labeller1, again.assignment_id, order_of(again.replies))
        assert assignment.current(db, h.labeller1, again.assignment_id).draft == {"note": "half"}


@pytest.mark.parametrize(("days", "kept"), [(6.9, True), (7.1, False)])
def test_a_draft_is_kept_for_seven_days(database: Database, days: float, kept: bool) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        assignment.save_draft(db, h.labeller1, work.assignment_id, {"note": "half"}, rev=0)
        then = now() - timedelta(days=days)
        db.execute(update(Assignment).values(lease_until=then, draft_at=then))
    with database.write() as db:
        again = assignment.lease(db, h.labeller1, h.id)
        assert again is not None
        assert (again.assignment_id, again.draft) == (work.assignment_id, {"note": "half"} if kept else {})


def written_by_one(database: Database) -> House:
    """Return a house where one writer wrote a batch of which both parties review everything."""
    with database.write() as db:
        h = house(db, "demonstration", settings=ProjectSettings(internal_qa=ALL, client_qa=ALL))
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
    write_everything(database, h, ["writer1"])
    return h


def test_nobody_judges_what_they_wrote_and_each_party_reviews_its_own_round(database: Database) -> None:
    h = written_by_one(database)
    with database.write() as db:
        for nobody in (h.client, h.labeller1, h.writer1, h.viewer, h.lead, h.client_lead):
            with pytest.raises(NotAllowed):
                assignment.lease(db, nobody, h.id, step="qa_internal")
        for nobody in (h.checker, h.labeller1, h.writer1, h.viewer, h.lead):
            with pytest.raises(NotAllowed):
                assignment.lease(db, nobody, h.id, step="qa_client")
        db.execute(update(Item).values(author_id=h.checker.person_id))
        assert assignment.lease(db, h.checker, h.id) is None
        assert assignment.lease(db, h.checker2, h.id) is not None


def test_a_labeller_sees_no_model_no_other_mark_and_no_gold_sign(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=3))
        batch = batch_of(db, h, num_items=6, num_replies=4)
        gold = db.scalars(select(Item.id).where(Item.batch_id == batch.id)).first()
        batches.set_gold(db, h.lead, str(gold), ranks=[1, 2, 3, 4])
        batches.start(db, h.lead, batch.id)
        db.execute(update(Item).values(attrs={"persona": "secret"}, cell="secret"))
    orders, shown = set(), {}
    for name in ("labeller1", "labeller2"):
        for _ in range(6):
            with database.write() as db:
                work = assignment.lease(db, h.actors[name], h.id)
                assert work is not None
                assert "secret" not in repr(work)
                assert "gold" not in repr(work)
                hold = db.get_one(Assignment, work.assignment_id)
                assert [text.rpartition(".")[2] for text in work.replies] == [str(slot) for slot in hold.order]
                assert hold.order == stream(hold.order_seed, "order").permutation(4).tolist()  # from the recorded seed
                orders.add(tuple(hold.order))
                shown[name, work.item_id] = tuple(hold.order)
                ranking.submit(db, h.actors[name], work.assignment_id, order_of(work.replies))
                with pytest.raises(NotAllowed):
                    review.dossier(db, h.actors[name], work.item_id)
    assert len(orders) > 3
    items = {item for _, item in shown}
    assert any(shown["labeller1", item] != shown["labeller2", item] for item in items), "each has an order of their own"


def test_nothing_is_given_or_taken_before_the_guideline_is_read(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        newer = guidelines.draft(db, h.lead, h.id, "# Newer", rubric=guidelines.published(db, h.id).rubric)  # type: ignore[union-attr]
        guidelines.publish(db, h.lead, h.id, newer.id)
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
    with pytest.raises(NotAcknowledged) as refused, database.write() as db:
        assignment.lease(db, h.labeller1, h.id)
    assert refused.value.guideline_id == newer.id
    with database.write() as db:
        guidelines.acknowledge(db, h.labeller1, h.id, newer.id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        db.execute(delete(Ack).where(Ack.guideline_id == newer.id))
        with pytest.raises(NotAcknowledged):  # a hold alone is no leave to send in
            ranking.submit(db, h.labeller1, work.assignment_id, order_of(work.replies))
        guidelines.acknowledge(db, h.labeller1, h.id, newer.id)
        ranking.submit(db, h.labeller1, work.assignment_id, order_of(work.replies))
        assert db.scalars(select(Judgement.guideline_id)).one() == newer.id


SAID = ("prompt", "response", "judgement", "mark", "event", "withdrawal")
"""What is never changed: spelled out, so that none falls out of both the program and its test."""


@pytest.mark.parametrize("table", SAID)
def test_rows_that_say_what_was_said_are_never_changed_or_deleted(database: Database, table: str) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1, internal_qa=NONE, client_qa=NONE))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        pool_prompt = pool.add(db, h.lead, h.id, [NewPrompt(Prompt.of("x", origin="dataset", source="t"))]).ids[0]
        pool.withdraw(db, h.lead, h.id, pool_prompt)
    label_everything(database, h, ["labeller1"])
    column = {"withdrawal": "reason", "mark": "axis", "prompt": "source", "event": "action"}.get(table, "id")
    for statement in (f"UPDATE {table} SET {column} = 'other'", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), database.write() as db:
            db.execute(text(statement))


@pytest.mark.parametrize("digits", [[1, 2, 3], [1, 2], None])
def test_a_ranking_names_every_reply_once(database: Database, digits: list[int] | None) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=4).id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        with pytest.raises((Invalid, ValueError)):
            ranking.submit(db, h.labeller1, work.assignment_id, Order(digits, order_of(work.replies).marks))


def test_digits_are_kept_as_competition_ranks_in_slot_order(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=3).id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        marks = order_of(work.replies).marks
        ranking.submit(db, h.labeller1, work.assignment_id, Order([4, 4, 9], {**marks, "unsafe": [0, 0, 1]}))
        ranks = sorted(db.scalars(select(Mark.value).where(Mark.axis == "rank")))
        assert ranks == [1, 1, 3]
        assert len(list(db.scalars(select(Mark).where(Mark.axis == "flag:unsafe")))) == 1


def test_a_contested_item_waits_for_a_lead_whose_order_settles_it(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=2, internal_qa=NONE, client_qa=NONE))
        batch = batch_of(db, h, num_items=1, num_replies=2)
        batches.start(db, h.lead, batch.id)
        for actor, better in ((h.labeller1, "0"), (h.labeller2, "1")):
            work = assignment.lease(db, actor, h.id)
            assert work is not None
            digits = [1 if one.endswith(better) else 2 for one in work.replies]
            marks = order_of(work.replies).marks
            ranking.submit(db, actor, work.assignment_id, Order(digits, marks))
        assert db.scalars(select(Item.state)).one() == "contested"
        assert "same mean rank" in db.scalars(select(AggregateRow)).one().result["contested"]
        work = assignment.lease(db, h.lead, h.id)
        assert work is not None
        assert len(adjudication.look(db, h.lead, work.assignment_id).submissions) == 2
        with pytest.raises(Invalid):
            adjudication.decide(db, h.lead, work.assignment_id, "winner", order=[1, 1], note="tie")
        adjudication.decide(db, h.lead, work.assignment_id, "winner", order=[2, 1], note="1 is true")
        assert db.scalars(select(Item.state)).one() == "accepted"


def test_near_duplicates_share_a_cluster_and_so_a_split(database: Database) -> None:
    base = "Explain to my grandmother, who has never owned a telephone, how one pays with it in a shop in town"
    texts = [f"{base}{end}" for end in (".", "!", " please.")] + ["How do bees find home?"]
    with database.write() as db:
        h = house(db, "demonstration")
        rows = [NewPrompt(Prompt.of(one, origin="dataset", source="t")) for one in texts]
        ids = pool.add(db, h.lead, h.id, rows[:2]).ids + pool.add(db, h.lead, h.id, rows[2:]).ids
        found = [db.get_one(pool.PoolPrompt, one) for one in ids]
        assert len({row.cluster_id for row in found[:3]}) == 1
        assert found[3].cluster_id != found[0].cluster_id
        splits = {pool.record_of(row, test_share=0.5).split for row in found[:3]}
        assert len(splits) == 1


def test_no_cell_is_planned_beyond_its_target_over_all_batches(database: Database) -> None:
    where = {"task_type": "generation", "prompt_length": "short"}
    with database.write() as db:
        h = house(db, "demonstration")
        first = batches.open_batch(db, h.lead, h.id)
        assert batches.plan_cells(db, h.lead, first.id, {cell_key(where): 3}) == 3
        second = batches.open_batch(db, h.lead, h.id)
        with pytest.raises(Invalid, match="lacks 1"):
            batches.plan_cells(db, h.lead, second.id, {cell_key(where): 2})
        assert batches.plan_cells(db, h.lead, second.id) == 5
        batches.start(db, h.lead, first.id)
        work = assignment.lease(db, h.writer1, h.id)
        assert work is not None
        with pytest.raises(Invalid, match="this cell asks for generation"):
            writing.submit(db, h.writer1, work.assignment_id, written(1, "open_qa"))


def test_a_user_s_prompt_needs_consent_and_can_be_withdrawn(database: Database) -> None:
    prompt = Prompt.of_messages((Message(role="user", content="hello"),), origin="user", source="log")
    with database.write() as db:
        h = house(db, "demonstration")
        with pytest.raises(Invalid, match="words under which they agreed"):
            pool.add(db, h.lead, h.id, [NewPrompt(prompt)])
        one = pool.add(db, h.lead, h.id, [NewPrompt(prompt, consent="terms 2")]).ids[0]
        pool.withdraw(db, h.lead, h.id, one, "asked by letter")
        with pytest.raises(Conflict, match="no prompt left"):
            pool.sample(db, h.lead, h.id, 1)


def test_others_work_and_projects_are_not_there_for_a_stranger(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        other = house_of_strangers(db)
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        for call in (
            lambda: assignment.lease(db, other, h.id),
            lambda: assignment.current(db, other, work.assignment_id),
            lambda: ranking.submit(db, h.labeller2, work.assignment_id, order_of(work.replies)),
            lambda: audit.events(db, other, h.id),
        ):
            with pytest.raises(Unknown):
                call()


def house_of_strangers(db):  # type: ignore[no-untyped-def]
    """Return somebody who is no member of anything."""
    from human.desk.people_of_the_house import person

    return person(db, "stranger")


def test_the_chain_of_events_shows_every_change(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1, internal_qa=NONE, client_qa=NONE))
        batches.start(db, h.lead, batch_of(db, h, num_items=2, num_replies=2).id)
    label_everything(database, h, ["labeller1"])
    with database.read() as db:
        found = audit.verify(db, h.lead, h.id)
        assert found.whole
        assert found.num_events > 20
        rows = list(db.scalars(select(Event).where(Event.scope == h.id).order_by(Event.seq)))
        last = rows[-1].hash
        rows[3].detail = {**rows[3].detail, "party": "client"}
        changed = audit.check(rows, len(rows), last)
        assert (changed.whole, changed.broken_at) == (False, 4)
        assert not audit.check(rows[:-1], len(rows), last).whole


def test_an_item_that_enough_hold_is_offered_to_nobody_until_one_hold_runs_out(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=2))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        first = assignment.lease(db, h.labeller1, h.id)
        assert first is not None
        assert assignment.lease(db, h.labeller2, h.id) is not None
        assert assignment.lease(db, h.labeller3, h.id) is None
        db.execute(update(Assignment).where(Assignment.id == first.assignment_id).values(lease_until=now()))
    with database.write() as db:
        assert assignment.lease(db, h.labeller3, h.id) is not None
        assert assignment.lease(db, h.labeller1, h.id) is None


@pytest.mark.parametrize("overlap", [1, 2])
def test_the_last_item_in_somebody_s_hands_is_waited_for_by_who_asks_meanwhile(database: Database, overlap: int) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=overlap))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
    with ThreadPoolExecutor(1) as beside:
        with database.write() as db:
            assert assignment.lease(db, h.labeller1, h.id) is not None
            other = beside.submit(database.run, lambda db: assignment.lease(db, h.labeller2, h.id))
            with pytest.raises(TimeoutError):
                other.result(0.5)
        assert (other.result(30) is not None) == (overlap == 2)


def test_nobody_decides_or_reviews_what_they_answered_in_another_role(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=2, internal_qa=NONE, client_qa=NONE))
        batches.start(db, h.lead, batch_of(db, h, num_items=1, num_replies=2).id)
        for actor, better in ((h.labeller1, "0"), (h.labeller2, "1")):
            work = assignment.lease(db, actor, h.id)
            assert work is not None
            digits = [1 if one.endswith(better) else 2 for one in work.replies]
            ranking.submit(db, actor, work.assignment_id, Order(digits, order_of(work.replies).marks))
        projects.set_member(db, h.lead, h.id, h.labeller1.person_id, party="internal", role="lead")
        projects.set_member(db, h.lead, h.id, h.labeller3.person_id, party="internal", role="lead")
    with database.write() as db:
        assert assignment.lease(db, h.labeller1, h.id, step="adjudicate") is None
        assert assignment.lease(db, h.labeller3, h.id, step="adjudicate") is not None


def test_nobody_reviews_what_they_mended_in_the_round_before(database: Database) -> None:
    h = written_by_one(database)
    with database.write() as db:
        while (work := assignment.lease(db, h.checker, h.id)) is not None:
            mended = review.Review("fix", ["not_true"], "mended", f"{work.replies[0]} mended")
            review.submit(db, h.checker, work.assignment_id, mended)
        db.execute(update(Assignment).where(Assignment.step == "qa_internal").values(person_id=h.checker2.person_id))
        projects.set_member(db, h.lead, h.id, h.checker.person_id, party="client", role="reviewer")
    with database.write() as db:
        assert assignment.lease(db, h.checker, h.id, step="qa_client") is None  # by their text, if not by their hold
        assert assignment.lease(db, h.client, h.id, step="qa_client") is not None
