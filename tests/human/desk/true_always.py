"""What is true of a Studio database at every moment, whatever people, clocks and crashes did to it.

Asked after each of many thousand operations, so it asks for few rows in few statements, made once.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from trivium.human.desk import audit
from trivium.human.store.columns import core
from trivium.human.store.journal import Chain, Event
from trivium.human.store.work import Assignment, Item, Judgement, Mark, Reply

Heads = dict[str, tuple[int, str]]
"""Scope → length and last hash of its chain of events."""

_HOLD, _ITEM, _JUDGEMENT, _MARK, _REPLY, _CHAIN, _EVENT = map(
    core, (Assignment, Item, Judgement, Mark, Reply, Chain, Event)
)
_HOLDS = select(_HOLD.c.id, _HOLD.c.item_id, _HOLD.c.step, _HOLD.c.round, _HOLD.c.state, _HOLD.c.person_id)
_ITEMS = select(_ITEM.c.id, _ITEM.c.step, _ITEM.c.round, _ITEM.c.wanted, _ITEM.c.taken, _ITEM.c.done)
_FIRST = and_(_REPLY.c.item_id == _JUDGEMENT.c.item_id, _REPLY.c.revision == 0, _REPLY.c.round == 1)
_JUDGED = (
    select(
        _JUDGEMENT.c.assignment_id,
        func.count(_MARK.c.id).label("num_ranks"),
        func.count(_MARK.c.response_id.distinct()).label("num_ranked"),
        func.min(_MARK.c.value).label("best"),
        select(func.count()).select_from(_REPLY).where(_FIRST).scalar_subquery().label("num_replies"),
    )
    .join(_MARK, and_(_MARK.c.judgement_id == _JUDGEMENT.c.id, _MARK.c.axis == "rank"), isouter=True)
    .group_by(_JUDGEMENT.c.id, _JUDGEMENT.c.assignment_id, _JUDGEMENT.c.item_id)
)
_WRITTEN = select(func.count()).select_from(_EVENT).where(_EVENT.c.scope == _CHAIN.c.scope).scalar_subquery()
_CHAINS = select(_CHAIN.c.scope, _CHAIN.c.seq, _CHAIN.c.hash, _WRITTEN.label("num_events"))
_EVENTS = (
    select(*_EVENT.c)
    .where(_EVENT.c.scope == bindparam("scope"), _EVENT.c.seq > bindparam("after"))
    .order_by(_EVENT.c.seq)
)


def assert_true_always(db: Session, overlap: int, seen: Heads | None = None) -> None:
    """Check the queue's counters against its rows, rankings for completeness, and every chain of events; of chains that
    were `seen` what came since, which is then seen too.
    """
    _assert_holds(db, overlap)
    _assert_chains(db, {} if seen is None else seen)


def _assert_holds(db: Session, overlap: int) -> None:
    """Check that nobody is beyond an overlap, that the counters count the rows, and that what was sent in is there once,
    whole, and not by who wrote it.
    """
    connection = db.connection()
    counts: dict[tuple[str, str, int], Counter[str]] = defaultdict(Counter)
    did: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    sent = set()
    for hold in connection.execute(_HOLDS):
        counts[hold.item_id, hold.step, hold.round][hold.state] += 1
        if hold.state in ("submitted", "returned"):
            sent.add(hold.id)
            did[hold.item_id][hold.step].add(hold.person_id)
    for key, states in counts.items():
        most = overlap if key[1] == "label" else 1
        assert states["leased"] + states["submitted"] + states["returned"] <= most, f"beyond overlap: {key}"
    for item in connection.execute(_ITEMS):
        assert item.taken <= item.wanted
        if item.step is not None:
            states = counts[item.id, item.step, item.round]
            assert item.taken == states["leased"] + states["submitted"], f"counter and rows differ: {item.id}"
            assert item.done == states["submitted"]
            assert item.done < item.wanted, "an item that everybody did still waits"
    judged = connection.execute(_JUDGED).all()
    assert len(judged) == len(sent), "judged twice, or sent in without a judgement"
    assert {row.assignment_id for row in judged} == sent
    for row in judged:
        if row.num_ranks:
            assert row.num_ranks == row.num_ranked == row.num_replies
            assert row.best == 1
    for steps in did.values():
        others = steps["qa_internal"] | steps["qa_client"] | steps["label"] | steps["adjudicate"]
        assert not steps["write"] & others


def _assert_chains(db: Session, seen: Heads) -> None:
    """Hash what came since, and find neither an event beyond a chain's head nor a head without its events."""
    for head in db.connection().execute(_CHAINS):
        assert head.num_events == head.seq
        start = seen.get(head.scope, (0, audit.NOTHING))
        if start != (head.seq, head.hash):
            events = db.connection().execute(_EVENTS, {"scope": head.scope, "after": start[0]})
            assert audit.check(events, head.seq, head.hash, start).whole  # type: ignore[arg-type]  # rows of the same columns
            seen[head.scope] = head.seq, head.hash
