"""A reviewer's look at a text or an aggregated order to a verdict: accept, mend it, or send it back with reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.assignment import own
from trivium.human.desk.errors import Invalid, NotAllowed, Unknown
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.rounds import rest, send_back, settle
from trivium.human.desk.sending import begin_submit, end_submit
from trivium.human.desk.work import latest_replies
from trivium.human.states import Step
from trivium.human.store.people import Person
from trivium.human.store.projects import PoolPrompt
from trivium.human.store.work import AggregateRow, Assignment, Batch, Item, Judgement, Reply, Verdict
from trivium.records import Message

REASONS = (
    "not_true", "unsafe_to_follow", "does_not_do_what_was_asked", "constraint_broken", "wrong_marks_or_cell",
    "language_or_tone", "not_own_words", "personal_data", "too_vague", "order_not_justified",
)  # fmt: skip
"""What a reviewer may tick; the page says them in words."""


@dataclass(frozen=True)
class Review:
    """A verdict. A return needs a reason; a fix needs the mended text."""

    verdict: Verdict
    reasons: Sequence[str] = ()
    note: str = ""
    fixed: str = ""
    seconds: float = 0.0


def submit(db: Session, actor: Actor, assignment_id: str, review: Review) -> Receipt:
    """Keep the verdict and send the item on, back or to the next review. Sent twice, it counts once."""
    sent = receipt_of(db, actor, assignment_id)
    if sent is not None:
        return sent
    step = own(db, actor, assignment_id).step
    if step not in ("qa_internal", "qa_client"):
        raise Invalid({"verdict": "this is no work to review"})
    sending, item = begin_submit(db, actor, assignment_id, step)
    _check(review, sending.kind)
    body: dict[str, Any] = {}
    if review.verdict == "fix":
        body["reply_id"] = _mend(db, item, actor, review.fixed.strip())
    judgement = Judgement(
        project_id=item.project_id, assignment_id=sending.hold_id, item_id=item.id, person_id=actor.person_id,
        step=step, round=item.round, guideline_id=sending.guideline_id, verdict=review.verdict,
        reasons=list(review.reasons),
        note=review.note.strip()[:10_000], body=body, seconds=max(review.seconds, sending.active_seconds),
    )  # fmt: skip
    db.add(judgement)
    end_submit(db, sending, item, review.seconds)
    if review.verdict == "reject":
        hand = "internal_reviewer" if step == "qa_internal" else "client_reviewer"
        send_back(db, item, hand, sending.settings)  # type: ignore[arg-type]
    else:
        rest(item)
    db.flush()
    settle(db, item.batch_id)
    return Receipt(judgement.id, item.id, judgement.created_at)


def _check(review: Review, kind: str) -> None:
    wrong: dict[str, str] = {}
    if review.verdict == "reject" and not review.reasons:
        wrong["reasons"] = "choose at least one reason, the writer acts on it"
    unknown = [reason for reason in review.reasons if reason not in REASONS]
    if unknown:
        wrong["reasons"] = f"no such reason: {', '.join(unknown)}"
    if review.verdict == "fix" and not review.fixed.strip():
        wrong["fixed"] = "write the mended reply"
    if review.verdict == "fix" and kind not in ("demonstration", "redteam"):
        wrong["verdict"] = "an order is accepted or returned, not mended"
    if wrong:
        raise Invalid(wrong)


def _mend(db: Session, item: Item, actor: Actor, text: str) -> str:
    """Add the mended text as a revision of the reply."""
    last = latest_replies(db, item.id)[0]
    if text == last.content:
        raise Invalid({"fixed": "nothing was changed: accept it instead"})
    row = Reply(
        item_id=item.id, slot=last.slot, round=item.round, revision=last.revision + 1, author_id=actor.person_id,
        content=text, parent_id=last.id, sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row.id


@dataclass(frozen=True)
class Past:
    """One thing that happened to an item, as reviewers and leads see it."""

    by: str
    step: str
    round: int
    verdict: str | None
    reasons: tuple[str, ...]
    note: str
    at: datetime
    seconds: float
    guideline_id: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Dossier:
    """Everything about a written or ranked item that its reviewers and leads may see."""

    item_id: str
    state: str
    round: int
    batch_id: str
    messages: tuple[Message, ...]
    attrs: dict[str, Any]
    texts: tuple[tuple[int, int, str, str | None], ...]
    """(round, revision, text, pseudonym of its author), oldest first; of a comparison the replies by slot."""
    past: tuple[Past, ...]
    aggregate: dict[str, Any] | None
    """Of a comparison: mean ranks, winner, loser, agreement, or why it is contested."""


def dossier(db: Session, actor: Actor, item_id: str) -> Dossier:
    """Return an item's history to its reviewers and to leads; never to writers or labellers of the project."""
    item = db.get(Item, item_id)
    if item is None:
        raise Unknown("there is no such item")
    standing = stand(db, actor, item.project_id)
    if not any(standing.can(one) for one in ("review_internal", "review_client", "manage", "see_quality")):
        raise NotAllowed("only reviewers and leads see an item's history")
    texts = db.execute(
        select(Reply.round, Reply.revision, Reply.content, Person.pseudonym)
        .join(Person, Person.id == Reply.author_id, isouter=True)
        .where(Reply.item_id == item_id)
        .order_by(Reply.slot, Reply.round, Reply.revision)
    )
    past = db.execute(
        select(Judgement, Person.pseudonym)
        .join(Person, Person.id == Judgement.person_id)
        .where(Judgement.item_id == item_id)
        .order_by(Judgement.created_at)
    )
    prompt = db.get(PoolPrompt, item.prompt_id) if item.prompt_id else None
    found = db.scalar(
        select(AggregateRow.result).where(AggregateRow.item_id == item_id, AggregateRow.round == item.round)
    )
    return Dossier(
        item.id, item.state, item.round, item.batch_id,
        tuple(Message(**one) for one in prompt.messages) if prompt else (), dict(item.attrs),
        tuple((row[0], row[1], row[2], row[3]) for row in texts),
        tuple(Past(name, row.step, row.round, row.verdict, tuple(row.reasons), row.note, row.created_at, row.seconds,
                   row.guideline_id, row.body) for row, name in past),
        found,
    )  # fmt: skip


@dataclass(frozen=True)
class Skipped:
    """Somebody who left an item to others, and why."""

    by: str
    step: Step
    reason: str
    at: datetime | None


def skipped(db: Session, actor: Actor, item_id: str) -> list[Skipped]:
    """Return who skipped an item, oldest first, to those who may see its history."""
    dossier(db, actor, item_id)
    rows = db.execute(
        select(Assignment, Person.pseudonym)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.item_id == item_id, Assignment.state == "skipped")
        .order_by(Assignment.finished_at)
    )
    return [Skipped(name, row.step, row.skip_reason or "", row.finished_at) for row, name in rows]


@dataclass(frozen=True)
class SampleRow:
    """One drawn item in the reviewer's list."""

    item_id: str
    text: str
    verdict: str | None
    by: str | None


def sample(db: Session, actor: Actor, batch_id: str, stage: str) -> list[SampleRow]:
    """Return what was drawn of a batch for the review that runs, with the verdicts so far."""
    batch = db.get(Batch, batch_id)
    if batch is None:
        raise Unknown("there is no such batch")
    stand(db, actor, batch.project_id, "review_internal" if stage == "internal_qa" else "review_client")
    step = "qa_internal" if stage == "internal_qa" else "qa_client"
    rows = db.execute(
        select(Item.id, PoolPrompt.search_text, Judgement.verdict, Person.pseudonym)
        .join(PoolPrompt, PoolPrompt.id == Item.prompt_id, isouter=True)
        .join(Judgement, (Judgement.item_id == Item.id) & (Judgement.step == step), isouter=True)
        .join(Person, Person.id == Judgement.person_id, isouter=True)
        .where(Item.batch_id == batch_id, Item.sampled)
        .order_by(Item.id, Judgement.created_at.desc())
    )
    found: dict[str, SampleRow] = {}
    for item_id, text, verdict, by in rows:
        found.setdefault(item_id, SampleRow(item_id, text or "", verdict, by))
    return list(found.values())


def holder(db: Session, item_id: str) -> str | None:
    """Return the pseudonym of who holds an item now."""
    return db.scalar(
        select(Person.pseudonym)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.item_id == item_id, Assignment.state == "leased")
    )
