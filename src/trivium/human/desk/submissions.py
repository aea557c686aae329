"""Rows of judgements and marks to submissions in slot order: what means, statistics and deliveries are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from trivium.human.desk.guidelines import Terms, terms_of
from trivium.human.rubrics import STRENGTH
from trivium.human.store.people import Person
from trivium.human.store.work import Assignment, Item, Judgement, Mark, Reply
from trivium.human.submission import Submission

CHUNK = 500


def of_items(db: Session, item_ids: Sequence[str], *, all_rounds: bool = False) -> list[Submission]:
    """Return every ranking of these items, oldest first; those of rounds that were sent back only on request."""
    found: list[Submission] = []
    for start in range(0, len(item_ids), CHUNK):
        found += _some(db, _of("items", all_rounds), {"items": item_ids[start : start + CHUNK]})
    return found


def of_project(db: Session, project_id: str, *, batch_ids: Iterable[str] | None = None) -> list[Submission]:
    """Return every ranking and skip of a project, or of some of its batches."""
    asked = _of("project" if batch_ids is None else "batches", False)
    given = {"project": project_id} | ({} if batch_ids is None else {"batches": list(batch_ids)})
    return _some(db, asked, given) + _skipped(db, asked, given)


def skips(db: Session, project_id: str) -> list[Submission]:
    """Return what people of a project skipped."""
    return _skipped(db, _of("project", False), {"project": project_id})


def _skipped(db: Session, asked: _Asked, given: Mapping[str, Any]) -> list[Submission]:
    return [
        Submission(item=hold.item_id, person=name, skipped=True, at=hold.finished_at, seconds=hold.active_seconds)
        for hold, name in db.execute(asked.skips, given)
    ]


class _Asked(NamedTuple):
    """What is asked of some items: built once, because to build it takes longer than to answer it for one item."""

    heads: Any
    replies: Any
    marks: Any
    skips: Any


@cache
def _of(which: Literal["items", "project", "batches"], all_rounds: bool) -> _Asked:
    """Return the questions about the items of a list, of a project, or of some of a project's batches."""
    items: Any = bindparam("items", expanding=True)
    if which != "items":
        items = select(Item.id).where(Item.project_id == bindparam("project"))
    if which == "batches":
        items = items.where(Item.batch_id.in_(bindparam("batches", expanding=True)))
    labelled = (Judgement.item_id.in_(items), Judgement.step == "label")
    heads = (
        select(
            Judgement.id, Judgement.item_id, Judgement.guideline_id, Judgement.none_acceptable, Judgement.created_at,
            Judgement.seconds, Assignment.order, Person.pseudonym, Item.gold, Item.is_gold,
        )
        .join(Assignment, Assignment.id == Judgement.assignment_id)
        .join(Person, Person.id == Judgement.person_id)
        .join(Item, Item.id == Judgement.item_id)
        .where(*labelled)
        .order_by(Judgement.created_at, Judgement.id)
    )
    return _Asked(
        heads if all_rounds else heads.where(Judgement.round == Item.round),
        select(Reply.id, Reply.item_id, Reply.slot, Reply.content)
        .where(Reply.item_id.in_(items))
        .order_by(Reply.slot, Reply.round, Reply.revision),
        select(Mark.judgement_id, Mark.response_id, Mark.axis, Mark.value)
        .join(Judgement, Judgement.id == Mark.judgement_id)
        .where(*labelled),
        select(Assignment, Person.pseudonym)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.item_id.in_(items), Assignment.step == "label", Assignment.state == "skipped"),
    )


def _some(db: Session, asked: _Asked, given: Mapping[str, Any]) -> list[Submission]:
    heads = db.execute(asked.heads, given).all()
    replies: dict[str, dict[int, Any]] = defaultdict(dict)
    for row in db.execute(asked.replies, given):
        replies[row.item_id][row.slot] = row  # the newest comes last
    marks: dict[str, list[tuple[str | None, str, float]]] = defaultdict(list)
    for one in db.execute(asked.marks, given):
        marks[one.judgement_id].append((one.response_id, one.axis, one.value))
    terms = {head.guideline_id: terms_of(db, head.guideline_id) for head in heads}
    return [
        _submission(head, list(replies[head.item_id].values()), marks[head.id], terms[head.guideline_id])
        for head in heads
    ]


def _submission(
    row: Any, replies: Sequence[Any], marks: Sequence[tuple[str | None, str, float]], terms: Terms
) -> Submission:
    order, rubric = tuple(row.order), terms.rubric
    gold = tuple(row.gold["ranks"]) if row.is_gold and "ranks" in row.gold else None
    place = {reply.id: index for index, reply in enumerate(replies)}
    by_axis: dict[str, dict[int, float]] = defaultdict(dict)
    whole: dict[str, float] = {}
    for reply_id, axis, value in marks:
        if reply_id is None:
            whole[axis] = value
        elif reply_id in place:
            by_axis[axis][place[reply_id]] = value
    everyone = range(len(replies))
    offered = [axis.key for axis in rubric.axes if axis.kind == "flag" and axis.subject == "reply"] if rubric else []
    flags = sorted({*offered, *(axis.removeprefix("flag:") for axis in by_axis if axis.startswith("flag:"))})
    ranks = by_axis.get("rank")
    if ranks and STRENGTH in whole and len(place) == 2:
        # How much better the first is than the second: of two, it says how far each is before the other.
        ahead = whole.pop(STRENGTH) * ((ranks[0] < ranks[1]) - (ranks[0] > ranks[1]))
        by_axis[STRENGTH] = {0: ahead, 1: 0.0 - ahead}
    scores = {axis: tuple(values.get(index) for index in everyone) for axis, values in sorted(by_axis.items())
              if axis != "rank" and not axis.startswith("flag:")}  # fmt: skip
    return Submission(
        item=row.item_id, person=row.pseudonym, replies=tuple(reply.content for reply in replies),
        ranks=tuple(int(ranks[index]) for index in everyone) if ranks else None,
        scores=scores, whole=whole, implied=rubric.implied_ranks(scores) if rubric else None,
        flags={flag: tuple(by_axis.get(f"flag:{flag}", {}).get(index, 0) > 0 for index in everyone) for flag in flags},
        none_acceptable=row.none_acceptable, guideline=str(terms.version), at=row.created_at, seconds=row.seconds,
        shown=order if sorted(order) == list(everyone) else (), gold_ranks=gold,
    )  # fmt: skip
