"""Guard reviews, generation, coverage, home and the outbox: what stands beside the main way."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from human.desk.desk_sentences import all_of, write_everything
from human.desk.people_of_the_house import house, written
from trivium.human.delivery.read import read
from trivium.human.desk import (
    assignment,
    batches,
    coverage,
    deliveries,
    generation,
    guards,
    home,
    outbox,
    pool,
    review,
    webhooks,
    writing,
)  # fmt: skip
from trivium.human.desk.batches import NewReply
from trivium.human.desk.errors import Conflict, Invalid
from trivium.human.desk.guards import GuardDecision, Verdict
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.review import Review
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.quality.axes import axis_agreement
from trivium.human.store.columns import now
from trivium.human.store.database import Database
from trivium.human.store.journal import Outbox
from trivium.human.store.projects import PoolPrompt
from trivium.human.store.work import Batch, Item
from trivium.records import Prompt

NONE = SamplingPlan(share=0)
ALL = SamplingPlan(share=1)


def test_guard_decisions_are_judged_by_majority_and_delivered(database: Database) -> None:
    with database.write() as db:
        h = house(db, "guard_review", settings=ProjectSettings(overlap=2, adjudicate=True))
        decisions = [
            GuardDecision(Prompt.of(f"How do I do {n}?", origin="dataset", source="door"), f"So: {n}.", "door-1",
                          blocked=True, category="harm", source_ref=f"r{n}") for n in range(2)
        ]  # fmt: skip
        assert guards.enqueue(db, h.lead, h.id, decisions) == 2
        assert guards.enqueue(db, h.lead, h.id, decisions) == 0
    votes = {"So: 0.": ("false_positive", "false_positive"), "So: 1.": ("confirmed", "unsure")}
    for number, actor in enumerate((h.labeller1, h.labeller2)):
        for _ in range(2):
            with database.write() as db:
                work = assignment.lease(db, actor, h.id)
                assert work is not None
                assert work.attrs == {"guard": "door-1", "blocked": True, "category": "harm"}
                verdict = votes[work.replies[0]][number]
                guards.submit(db, actor, work.assignment_id, Verdict(verdict))  # type: ignore[arg-type]
    with database.write() as db:
        work = assignment.lease(db, h.lead, h.id)
        assert work is not None
        guards.decide(db, h.lead, work.assignment_id, "confirmed", "it is a recipe for harm")
        batch = db.scalars(select(Batch)).one()
        assert all_of(db, batch.id) == {"accepted": 2}
        [agreed] = axis_agreement(guards.submissions(db, h.id))
        assert (agreed.axis, agreed.pairs_agreed.value, agreed.pairs_agreed.n) == (guards.RIGHT, 1.0, 1)
        found = read(deliveries.all_files(db, deliveries.seal(db, h.lead, h.id, "g1").id)).judgements
        assert sorted((one.reply, one.desirable) for one in found if one.judge != "lead-00") == [
            ("So: 0.", True), ("So: 0.", True), ("So: 1.", False)]  # fmt: skip


def test_a_guard_s_exchange_is_masked_before_it_is_kept(database: Database) -> None:
    with database.write() as db:
        h = house(db, "guard_review")
        asked = Prompt.of("I am ada@example.org. Who am I?", origin="user", source="door", attrs={"group": "g"})
        decision = GuardDecision(asked, "You are ada@example.org.", "door-1", blocked=True, category="privacy",
                                 consent="terms 3", source_ref="r1")  # fmt: skip
        assert guards.enqueue(db, h.lead, h.id, [decision]) == 1
        assert guards.enqueue(db, h.lead, h.id, [decision]) == 0
        work = assignment.lease(db, h.labeller1, h.id)
        assert work is not None
        assert work.messages[-1].content == "I am [e-mail]. Who am I?"
        assert list(work.replies) == ["You are [e-mail]."]
        prompt = db.scalars(select(PoolPrompt)).one()
        assert (prompt.consent, prompt.source_ref, prompt.attrs) == ("terms 3", "r1", {"group": "g"})
        assert "ada@" not in prompt.search_text


def test_a_batch_gets_its_replies_from_a_model_and_a_failure_is_counted(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison", settings=ProjectSettings(overlap=1, num_replies=2))
        rows = [NewPrompt(Prompt.of(f"What is {n}?", origin="dataset", source="t")) for n in range(3)]
        batch = batches.open_batch(db, h.lead, h.id)
        batches.add_prompts(db, h.lead, batch.id, pool.add(db, h.lead, h.id, rows).ids)
        with pytest.raises(Conflict, match="fewer than 2 replies"):
            batches.start(db, h.lead, batch.id)
    with database.write() as db:
        generation.request(db, h.lead, batch.id, "quickstart/sft", generation.Sampling(temperatures=(1.0,)))
        batches.start(db, h.lead, batch.id)
        asked = generation.batches_wanted(db)
        assert asked[0][1]["num_replies"] == 2
        items = generation.wanted(db, batch.id)
        assert len(items) == 3
        given = {one.item_id: [NewReply(f"r{k}", model_ref="quickstart/sft") for k in range(2)] for one in items[:2]}
        assert generation.store(db, batch.id, given | {items[2].item_id: []}) == 2
        assert generation.store(db, batch.id, given) == 0
        progress = generation.progress(db, h.lead, batch.id)
        assert (progress.done, progress.failed, progress.total) == (2, 1, 3)
        assert generation.batches_wanted(db) == []


def test_coverage_counts_accepted_and_in_flight_apart_and_offers_the_shortest_cell_first(database: Database) -> None:
    with database.write() as db:
        h = house(db, "demonstration", settings=ProjectSettings(internal_qa=NONE, client_qa=NONE))
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
        first = coverage.open_cells(db, h.writer1, h.id)
        assert [(one.left, one.in_flight, one.accepted) for one in first] == [(4, 0, 0), (4, 0, 0)]
        work = assignment.lease(db, h.writer1, h.id, cell=first[1].key)
        assert work is not None
        assert work.cell == first[1].key
        after = coverage.open_cells(db, h.writer2, h.id)
        assert [one.key for one in after] == [first[0].key, first[1].key]
        assert (after[1].in_flight, after[1].left) == (1, 3)
        now = coverage.whole(db, h.viewer, h.id)
        assert now is not None
        assert (now[1].accepted, now[1].in_flight) == (0, 1)
        writing.submit(db, h.writer1, work.assignment_id, written(1, work.attrs["task_type"]))
    write_everything(database, h, ["writer2"])
    with database.read() as db:
        assert coverage.open_cells(db, h.writer1, h.id) == []
        found = coverage.whole(db, h.viewer, h.id)
        assert found is not None
        assert (found[1].accepted, found[1].in_flight, found[1].full()) == (8, 0, True)


def test_home_says_what_waits_what_came_back_and_what_became_of_it(database: Database) -> None:
    with database.write() as db:
        h = house(db, "demonstration", settings=ProjectSettings(internal_qa=ALL, client_qa=NONE))
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
        assert [(one.step, one.left) for one in home.open_work(db, h.writer1)] == [("write", 8)]
        work = assignment.lease(db, h.writer1, h.id)
        assert work is not None
        assignment.save_draft(db, h.writer1, work.assignment_id, {"prompt": "Half"}, rev=0)
        assert [(one.state, one.text) for one in home.held(db, h.writer1)] == [("leased", "Half")]
    write_everything(database, h, ["writer1"])
    with database.write() as db:
        work = assignment.lease(db, h.checker, h.id)
        assert work is not None
        with pytest.raises(Invalid, match="at least one reason"):
            review.submit(db, h.checker, work.assignment_id, Review("reject"))
        review.submit(db, h.checker, work.assignment_id, Review("reject", ["not_true"], "who says so?"))
        back = home.returned(db, h.writer1)
        assert [(one.by, one.note, one.round) for one in back] == [("checker-00", "who says so?", 2)]
        assert home.unread(db, h.writer1) == []
        assert home.record(db, h.writer1).written == 8


def test_a_message_is_signed_tried_again_and_given_up(database: Database) -> None:
    with database.write() as db:
        h = house(db, "comparison")
        with pytest.raises(Invalid):
            webhooks.create(db, h.lead, h.id, "file:///etc/passwd")
        hook = webhooks.create(db, h.lead, h.id, "https://example.org/hook", ["member.removed"])
    with database.write() as db:
        from trivium.human.desk import projects

        projects.remove_member(db, h.lead, h.id, h.labeller7.person_id)
    with database.write() as db:
        (message,) = outbox.due(db)
        key = base64.b64decode(hook.secret.removeprefix("whsec_"))
        signed = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
        digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert message.headers["webhook-signature"] == f"v1,{digest}"
        assert b"labeller7@" not in message.body
        assert outbox.due(db) == []
    for _ in range(outbox.ATTEMPTS):
        with database.write() as db:
            outbox.failed(db, message.id, "refused")
            db.execute(update(Outbox).values(due_at=now() - timedelta(seconds=1)))
            outbox.due(db)
    with database.read() as db:
        assert db.scalars(select(Outbox.state)).one() == "given_up"
        assert db.scalar(select(Item.id)) is None
