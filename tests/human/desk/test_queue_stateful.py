"""The queue under any order of leases, answers, drafts, skips, expiries and crashes, on both databases.

    TRIVIUM_EXAMPLES=1100 TRIVIUM_STEPS=100 TRIVIUM_OPERATIONS=100000 pytest -s tests/human/desk/test_queue_stateful.py

An operation is one that reached the database; they are counted, and the count is printed and must reach the number.
TRIVIUM_SEED takes other examples, so that a long run can be split.
"""

from __future__ import annotations

import os
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from databases import Databases
from human.desk.desk_sentences import batch_of, order_of
from human.desk.people_of_the_house import house
from human.desk.true_always import Heads, assert_true_always
from trivium.human.desk import assignment, batches, ranking
from trivium.human.desk.errors import Conflict
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.states import StateError
from trivium.human.store.columns import now
from trivium.human.store.work import Assignment

OVERLAP = 3
NUM_ITEMS = 9
LABELLERS = [f"labeller{number}" for number in range(1, 8)]
EXAMPLES = int(os.environ.get("TRIVIUM_EXAMPLES", "6"))
STEPS = int(os.environ.get("TRIVIUM_STEPS", "60"))
SEED = int(os.environ.get("TRIVIUM_SEED", "0"))
OPERATIONS = int(os.environ.get("TRIVIUM_OPERATIONS", EXAMPLES * STEPS // 2))
NOBODY = SamplingPlan(share=0)
ENDS = ["commit", "commit", "crash", "unheard"]
"""How a transaction ends for who asked: it is acknowledged; it is undone; it is kept, and the answer is lost."""


class Crashed(Exception):  # noqa: N818 -- it is what happened, not what is wrong
    """The process died before the commit."""


def machine(databases: Databases, done: Counter[str]) -> type[RuleBasedStateMachine]:
    """Return the machine over one filled database that each example finds fresh; `done` counts what was done."""
    database = databases.new()
    rules = ProjectSettings(overlap=OVERLAP, internal_qa=NOBODY, client_qa=NOBODY, max_skips=2)
    with database.write() as db:
        people = house(db, "comparison", settings=rules)
        batches.start(db, people.lead, batch_of(db, people, num_items=NUM_ITEMS, num_replies=3).id)
    back = databases.keep(database)

    class Queue(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            back()
            self.holds: dict[str, str] = {}
            self.acknowledged: set[str] = set()
            self.seen: Heads = {}

        def teardown(self) -> None:
            with database.read() as db:
                assert_true_always(db, OVERLAP)
                there = set(db.scalars(select(Assignment.id).where(Assignment.state == "submitted")))
                assert self.acknowledged <= there, "an acknowledged answer is lost"

        @rule(who=st.sampled_from(LABELLERS), end=st.sampled_from(ENDS))
        def lease(self, who: str, end: str) -> None:
            try:
                with database.write() as db:
                    work = assignment.lease(db, people.actors[who], people.id)
                    self._end("lease", end, db)
            except Crashed:
                return
            if work is None or end == "unheard":
                self.holds.pop(who, None)
            else:
                self.holds[who] = work.assignment_id

        @precondition(lambda self: self.holds)
        @rule(place=st.integers(0, 6), end=st.sampled_from(ENDS), twice=st.booleans())
        def submit(self, place: int, end: str, twice: bool) -> None:
            who, hold = self._holder(place)
            try:
                with database.write() as db:
                    work = assignment.current(db, people.actors[who], hold)
                    first = ranking.submit(db, people.actors[who], hold, order_of(work.replies))
                    self._end("submit", end, db)
            except Crashed:
                return
            except Conflict:  # the hold ran out and others were faster, or it was skipped
                done["refused"] += 1
                del self.holds[who]
                return
            if end == "unheard" and not twice:
                return
            self.acknowledged.add(hold)
            if twice or end == "unheard":
                with database.write() as db:
                    again = ranking.submit(db, people.actors[who], hold, order_of(work.replies))
                    self._end("submit again", "commit", db)
                assert again.judgement_id == first.judgement_id
            del self.holds[who]

        @rule(who=st.sampled_from(LABELLERS), end=st.sampled_from(ENDS))
        def turn(self, who: str, end: str) -> None:
            """Somebody takes what there is and sends it in, as most people do."""
            self.lease(who, "commit")
            if who in self.holds:
                self.submit(sorted(self.holds).index(who), end, False)

        @precondition(lambda self: self.holds)
        @rule(place=st.integers(0, 6), how=st.sampled_from(["skip", "release", "draft", "draft"]))
        def leave(self, place: int, how: str) -> None:
            who, hold = self._holder(place)
            actor = people.actors[who]
            try:
                with database.write() as db:
                    if how == "skip":
                        assignment.skip(db, actor, hold, "I do not know the field")
                    elif how == "release":
                        assignment.release(db, actor, hold)
                    else:
                        rev = assignment.current(db, actor, hold).draft_rev
                        assert assignment.save_draft(db, actor, hold, {"note": who}, rev=rev) == rev + 1
                    self._end(how, "commit", db)
            except (StateError, Conflict):  # it ran out, or was sent in
                done["refused"] += 1
            if how == "skip":
                self.holds.pop(who, None)

        @precondition(lambda self: self.holds)
        @rule(place=st.integers(0, 6), known=st.booleans())
        def run_out(self, place: int, known: bool) -> None:
            """Somebody's time is over, and their page may know it."""
            who, _ = self._holder(place)
            with database.write() as db:
                past = now() - timedelta(minutes=1)
                mine = (Assignment.person_id == people.actors[who].person_id, Assignment.state == "leased")
                db.execute(update(Assignment).where(*mine).values(lease_until=past))
                self._end("run out", "commit", db)
            if known:
                del self.holds[who]

        @precondition(lambda self: self.holds)
        @rule(place=st.integers(0, 6), now_and_then=st.sampled_from([False] * 7 + [True]))
        def die(self, place: int, now_and_then: bool) -> None:
            """The program is killed with a ranking and a lease written and not committed."""
            if not now_and_then:
                return
            who, hold = self._holder(place)
            start = None
            try:
                with database.write() as db:
                    assignment.lease(db, people.actors[LABELLERS[place]], people.id)
                    work = assignment.current(db, people.actors[who], hold)
                    ranking.submit(db, people.actors[who], hold, order_of(work.replies))
                    db.flush()
                    start = databases.kill(database)
                    done["die"] += 1
                    raise Crashed
            except (Crashed, Conflict, OperationalError):  # rolling back fails where the server has hung up
                pass
            if start is not None:
                start()

        @invariant()
        def holds_always(self) -> None:
            with database.read() as db:
                assert_true_always(db, OVERLAP, self.seen)

        def _holder(self, place: int) -> tuple[str, str]:
            who = sorted(self.holds)[place % len(self.holds)]
            return who, self.holds[who]

        def _end(self, what: str, end: str, db: Session) -> None:
            db.flush()
            done[what if end == "commit" else f"{what}, {end}"] += 1
            if end == "crash":
                raise Crashed

    return Queue


@pytest.mark.timeout(4 * 3600)
def test_no_order_of_events_leases_beyond_overlap_or_loses_an_answer(databases: Databases) -> None:
    done: Counter[str] = Counter()
    run_state_machine_as_test(
        seed(SEED)(machine(databases, done)),
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    print(f"\n{done.total():,} operations: {dict(done.most_common())}")
    assert done.total() >= OPERATIONS
