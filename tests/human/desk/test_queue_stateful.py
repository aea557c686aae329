"""The queue under any order of leases, answers, drafts, skips, expiries and crashes, on both databases."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, update

from databases import Databases
from human.desk.desk_sentences import batch_of, order_of
from human.desk.people_of_the_house import house
from human.desk.true_always import assert_true_always
from trivium.human.desk import assignment, batches, ranking
from trivium.human.desk.errors import Conflict
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.states import StateError
from trivium.human.store.columns import now
from trivium.human.store.work import Assignment, Item

OVERLAP = 3
LABELLERS = [f"labeller{number}" for number in range(1, 8)]
EXAMPLES = int(os.environ.get("TRIVIUM_EXAMPLES", "6"))
STEPS = int(os.environ.get("TRIVIUM_STEPS", "60"))
NOBODY = SamplingPlan(share=0)


class Crashed(Exception):  # noqa: N818 -- it is what happened, not what is wrong
    """The process died before the commit."""


def machine(databases: Databases) -> type[RuleBasedStateMachine]:
    """Return the machine over fresh databases of one kind."""

    class Queue(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.database = databases.new()
            rules = ProjectSettings(overlap=OVERLAP, internal_qa=NOBODY, client_qa=NOBODY, max_skips=2)
            with self.database.write() as db:
                self.house = house(db, "comparison", settings=rules)
                self.batch = batch_of(db, self.house, num_items=5, num_replies=3)
                batches.start(db, self.house.lead, self.batch.id)
            self.holds: dict[str, str] = {}
            self.acknowledged: set[str] = set()

        def teardown(self) -> None:
            with self.database.read() as db:
                there = set(db.scalars(select(Assignment.id).where(Assignment.state == "submitted")))
                assert self.acknowledged <= there, "an acknowledged answer is lost"
            self.database.close()

        @rule(who=st.sampled_from(LABELLERS), crash=st.booleans())
        def lease(self, who: str, crash: bool) -> None:
            try:
                with self.database.write() as db:
                    work = assignment.lease(db, self.house.actors[who], self.house.id)
                    if crash:
                        raise Crashed
            except Crashed:
                return
            if work is None:
                self.holds.pop(who, None)
            else:
                self.holds[who] = work.assignment_id

        @rule(who=st.sampled_from(LABELLERS), crash=st.booleans(), twice=st.booleans())
        def submit(self, who: str, crash: bool, twice: bool) -> None:
            hold = self.holds.get(who)
            if hold is None:
                return
            try:
                with self.database.write() as db:
                    work = assignment.current(db, self.house.actors[who], hold)
                    first = ranking.submit(db, self.house.actors[who], hold, order_of(work.replies))
                    if crash:
                        raise Crashed
            except Crashed:
                return
            except Conflict:  # the hold ran out and others were faster, or it was skipped
                del self.holds[who]
                return
            self.acknowledged.add(hold)
            if twice:
                with self.database.write() as db:
                    again = ranking.submit(db, self.house.actors[who], hold, order_of(work.replies))
                assert again.judgement_id == first.judgement_id
            del self.holds[who]

        @rule(who=st.sampled_from(LABELLERS), how=st.sampled_from(["skip", "release", "draft"]))
        def leave(self, who: str, how: str) -> None:
            hold = self.holds.get(who)
            if hold is None:
                return
            actor = self.house.actors[who]
            try:
                with self.database.write() as db:
                    if how == "skip":
                        assignment.skip(db, actor, hold, "I do not know the field")
                    elif how == "release":
                        assignment.release(db, actor, hold)
                    else:
                        rev = assignment.current(db, actor, hold).draft_rev
                        assert assignment.save_draft(db, actor, hold, {"note": who}, rev=rev) == rev + 1
            except (StateError, Conflict):  # it ran out, or was sent in
                pass
            if how == "skip":
                self.holds.pop(who, None)

        @rule(who=st.sampled_from(LABELLERS))
        def run_out(self, who: str) -> None:
            with self.database.write() as db:
                past = now() - timedelta(minutes=1)
                mine = (Assignment.person_id == self.house.actors[who].person_id, Assignment.state == "leased")
                db.execute(update(Assignment).where(*mine).values(lease_until=past))

        @invariant()
        def holds_always(self) -> None:
            with self.database.read() as db:
                assert_true_always(db, OVERLAP)
                beyond = select(Item.id).where(Item.taken > Item.wanted)
                assert db.scalar(beyond) is None

    return Queue


@pytest.mark.timeout(1800)
def test_no_order_of_events_leases_beyond_overlap_or_loses_an_answer(databases: Databases) -> None:
    run_state_machine_as_test(
        machine(databases),
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck), database=None,
        ),
    )  # fmt: skip
