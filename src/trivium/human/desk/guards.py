"""A guard's decision in production to people's verdict on it: confirmed, false positive, false negative, unsure; and
thumbs on single replies."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from trivium.human.desk.actor import Actor, stand
from trivium.human.desk.batches import NewReply, put_replies
from trivium.human.desk.errors import Conflict, Invalid
from trivium.human.desk.guidelines import must_be_published
from trivium.human.desk.pool import NewPrompt, take_in
from trivium.human.desk.receipts import Receipt, receipt_of
from trivium.human.desk.rounds import move, rest, settle, wait_for
from trivium.human.desk.sending import begin_submit, end_submit
from trivium.human.desk.settings import ProjectSettings, settings_of
from trivium.human.desk.submissions import skips
from trivium.human.privacy import masked
from trivium.human.store.columns import new_id, now
from trivium.human.store.journal_write import note_in
from trivium.human.store.people import Person
from trivium.human.store.projects import Guideline
from trivium.human.store.work import Batch, Item, Judgement, Reply
from trivium.human.submission import Submission
from trivium.records import Prompt

GuardVerdict = Literal["confirmed", "false_positive", "false_negative", "unsure"]


@dataclass(frozen=True)
class GuardDecision:
    """What a guard did to one exchange; personal data in it is masked before it is kept."""

    prompt: Prompt
    reply: str
    guard: str
    """Name and version of the guard."""
    blocked: bool
    category: str
    score: float | None = None
    consent: str | None = None
    source_ref: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What a reviewer of guards sends in."""

    verdict: GuardVerdict
    note: str = ""
    seconds: float = 0.0


def enqueue(db: Session, actor: Actor, project_id: str, decisions: Sequence[GuardDecision]) -> int:
    """Put decisions into the running batch of a guard project, opening one where there is none; return how many are
    new. One that was queued before (same guard, same reference) is passed over.
    """
    standing = stand(db, actor, project_id, "manage")
    if standing.project.kind != "guard_review":
        raise Conflict("this project reviews no guards")
    decisions = [_without_personal_data(one) for one in decisions]
    batch = _running(db, project_id)
    settings = settings_of(standing.project)
    ids = take_in(
        db, project_id, [NewPrompt(one.prompt, source_ref=one.source_ref, consent=one.consent) for one in decisions]
    ).ids
    seen = {
        (attrs.get("guard"), attrs.get("ref"))
        for attrs in db.scalars(select(Item.attrs).where(Item.project_id == project_id))
    }
    rows: list[dict[str, Any]] = []
    replies: dict[str, list[NewReply]] = {}
    for prompt_id, one in zip(ids, decisions, strict=True):
        ref = one.source_ref or hashlib.sha256(f"{prompt_id}\x1f{one.reply}".encode()).hexdigest()[:20]
        if (one.guard, ref) in seen:
            continue
        seen.add((one.guard, ref))
        item_id = new_id()
        rows.append({
            "id": item_id, "created_at": now(), "project_id": project_id, "batch_id": batch.id,
            "prompt_id": prompt_id, "state": "labelling", "round": 1, "step": "label", "wanted": settings.overlap,
            "taken": 0, "done": 0, "skips": 0, "priority": 0, "draw": 0, "cell": None, "is_gold": False, "gold": {},
            "attrs": {"guard": one.guard, "blocked": one.blocked, "category": one.category, "score": one.score,
                      "ref": ref}, "sampled": False,
        })  # fmt: skip
        replies[item_id] = [NewReply(one.reply)]
    if rows:
        db.execute(insert(Item), rows)
        put_replies(db, batch.id, replies)
        note_in(db, project_id, actor.person_id, "guard.queued", f"batch:{batch.id}", items=len(rows))
    return len(rows)


def _without_personal_data(one: GuardDecision) -> GuardDecision:
    """Return the decision as people may see it: nobody asked whoever it names."""
    said = tuple(message.model_copy(update={"content": masked(message.content)}) for message in one.prompt.messages)
    fields = one.prompt.model_dump(exclude={"id", "messages"})
    return replace(one, prompt=Prompt.of_messages(said, **fields), reply=masked(one.reply))


def _running(db: Session, project_id: str) -> Batch:
    batch = db.scalar(
        select(Batch).where(Batch.project_id == project_id, Batch.state == "working").order_by(Batch.ordinal.desc())
    )
    if batch is None:
        last = db.scalar(select(Batch.ordinal).where(Batch.project_id == project_id).order_by(Batch.ordinal.desc()))
        batch = Batch(project_id=project_id, ordinal=(last or 0) + 1, state="working", plan={}, generation={},
                      guideline_id=must_be_published(db, project_id).id)  # fmt: skip
        db.add(batch)
        db.flush()
    return batch


def submit(db: Session, actor: Actor, assignment_id: str, verdict: Verdict) -> Receipt:
    """Keep a verdict on a guard's decision. Sent twice, it counts once."""
    sent = receipt_of(db, actor, assignment_id)
    if sent is not None:
        return sent
    if verdict.verdict not in get_args(GuardVerdict):
        raise Invalid({"verdict": f"choose one of {', '.join(get_args(GuardVerdict))}"})
    sending, item = begin_submit(db, actor, assignment_id, "label")
    if sending.kind != "guard_review":
        raise Conflict("this is no guard's decision")
    judgement = Judgement(
        project_id=item.project_id, assignment_id=sending.hold_id, item_id=item.id, person_id=actor.person_id,
        step="label", round=item.round, guideline_id=sending.guideline_id, note=verdict.note.strip()[:10_000],
        body={"guard_verdict": verdict.verdict}, seconds=max(verdict.seconds, sending.active_seconds),
    )  # fmt: skip
    db.add(judgement)
    end_submit(db, sending, item, verdict.seconds)
    if item.done == item.wanted:
        close_review(db, item, sending.settings)
    return Receipt(judgement.id, item.id, judgement.created_at)


def close_review(db: Session, item: Item, settings: ProjectSettings) -> None:
    """Everybody who was wanted has answered: the majority decides; without one it is unsure and waits for a lead."""
    verdicts = Counter(
        body["guard_verdict"]
        for body in db.scalars(
            select(Judgement.body).where(
                Judgement.item_id == item.id, Judgement.step == "label", Judgement.round == item.round
            )
        )
    )
    (most, count), *_ = verdicts.most_common(1)
    agreed = most if 2 * count > sum(verdicts.values()) else "unsure"
    move(db, item, agreed, "clock")
    if agreed == "unsure" and settings.adjudicate:
        wait_for(item, "adjudicate", 1)
    else:
        rest(item)
    db.flush()
    settle(db, item.batch_id)


RIGHT = "right"


def submissions(db: Session, project_id: str) -> list[Submission]:
    """Return people's verdicts as answers, 1 where the guard was right and 0 where it was not, and what they skipped.

    Who was unsure gave no mark.
    """
    query = (
        select(Judgement, Person.pseudonym, Guideline.version, Reply.content)
        .join(Person, Person.id == Judgement.person_id)
        .join(Guideline, Guideline.id == Judgement.guideline_id)
        .join(Reply, Reply.item_id == Judgement.item_id)
        .where(Judgement.project_id == project_id, Judgement.step == "label")
        .order_by(Judgement.created_at, Judgement.id)
    )
    rows = []
    for row, name, version, reply in db.execute(query):
        verdict = row.body.get("guard_verdict", "unsure")
        whole = {} if verdict == "unsure" else {RIGHT: float(verdict == "confirmed")}
        rows.append(
            Submission(item=row.item_id, person=name, replies=(reply,), whole=whole, guideline=str(version),
                       at=row.created_at, seconds=row.seconds)
        )  # fmt: skip
    return rows + skips(db, project_id)


def decide(db: Session, actor: Actor, assignment_id: str, verdict: GuardVerdict, note: str) -> Receipt:
    """Settle, as a lead, a decision that people were unsure of."""
    sent = receipt_of(db, actor, assignment_id)
    if sent is not None:
        return sent
    sending, item = begin_submit(db, actor, assignment_id, "adjudicate")
    if not note.strip():
        raise Invalid({"note": "say why"})
    judgement = Judgement(
        project_id=item.project_id, assignment_id=sending.hold_id, item_id=item.id, person_id=actor.person_id,
        step="adjudicate", round=item.round, guideline_id=sending.guideline_id, note=note.strip()[:10_000],
        body={"guard_verdict": verdict},
    )  # fmt: skip
    db.add(judgement)
    end_submit(db, sending, item, 0.0)
    if verdict != "unsure":
        move(db, item, f"adjudicate_{verdict}", "lead")
    rest(item)
    db.flush()
    settle(db, item.batch_id)
    return Receipt(judgement.id, item.id, judgement.created_at)
