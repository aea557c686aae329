"""What is true of a Studio database at every moment, whatever people, clocks and crashes did to it."""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trivium.human.desk import audit
from trivium.human.store.journal import Chain, Event
from trivium.human.store.work import Assignment, Item, Judgement, Mark, Reply

Heads = dict[str, tuple[int, str]]
"""Scope → length and last hash of its chain of events."""


def assert_true_always(db: Session, overlap: int, seen: Heads | None = None) -> None:
    """Check the queue's counters against its rows, rankings for completeness, and every chain of events; of chains that
    were `seen` what came since, which is then seen too.
    """
    holds = db.execute(
        select(Assignment.item_id, Assignment.step, Assignment.round, Assignment.state, func.count())
        .group_by(Assignment.item_id, Assignment.step, Assignment.round, Assignment.state)
    )  # fmt: skip
    counts: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    for item_id, step, round_, state, count in holds:
        counts[item_id, step, round_][state] += count
    for key, states in counts.items():
        if key[1] == "label":
            assert states["leased"] + states["submitted"] + states["returned"] <= overlap, f"beyond overlap: {key}"
        else:
            assert states["leased"] + states["submitted"] + states["returned"] <= 1, f"two at one step: {key}"
    for item in db.scalars(select(Item).where(Item.step.is_not(None))):
        states = counts[item.id, str(item.step), item.round]
        assert item.taken == states["leased"] + states["submitted"], f"counter and rows differ: {item.id}"
        assert item.done == states["submitted"]
        assert item.taken <= item.wanted
        assert item.done < item.wanted, "an item that everybody did still waits"
    _assert_judgements(db)
    for chain in db.scalars(select(Chain)):
        start = (seen or {}).get(chain.scope, (0, audit.NOTHING))
        events = db.scalars(select(Event).where(Event.scope == chain.scope, Event.seq > start[0]).order_by(Event.seq))
        assert audit.check(events, chain.seq, chain.hash, start).whole
        if seen is not None:
            seen[chain.scope] = chain.seq, chain.hash


def _assert_judgements(db: Session) -> None:
    """Check that what was sent in is there once, whole, and not by who wrote it."""
    sent = {row.id: row for row in db.scalars(select(Assignment).where(Assignment.state.in_(("submitted", "returned"))))}
    judged = Counter(db.scalars(select(Judgement.assignment_id)))
    assert set(judged) == set(sent)
    assert all(count == 1 for count in judged.values())
    num_replies: Counter[str] = Counter(db.scalars(select(Reply.item_id).where(Reply.revision == 0, Reply.round == 1)))
    ranks = db.execute(
        select(Judgement.item_id, func.count(), func.count(Mark.response_id.distinct()), func.min(Mark.value))
        .join(Mark, Mark.judgement_id == Judgement.id)
        .where(Mark.axis == "rank")
        .group_by(Judgement.id, Judgement.item_id)
    )
    for item_id, count, distinct, best in ranks:
        assert count == distinct == num_replies[item_id]
        assert best == 1
    people: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in sent.values():
        people[row.item_id][row.step].add(row.person_id)
    for steps in people.values():
        writers = steps["write"]
        assert not writers & (steps["qa_internal"] | steps["qa_client"] | steps["label"] | steps["adjudicate"])
