"""Work for programs and other pages: take it, keep a draft, send it in. What is blind on a page is blind here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from trivium.human.desk import assignment, guards, ranking, review, writing
from trivium.human.desk.receipts import Receipt
from trivium.human.desk.work import Work
from trivium.human.states import Step
from trivium.records import Message
from trivium.studio.api.bearer import Asking, in_project
from trivium.studio.api.projects import Strict

router = APIRouter(tags=["work"])


class WorkOut(Strict):
    """A piece of work as its holder sees it: no model, no other marks, no gold."""

    assignment_id: str
    step: str
    kind: str
    round: int
    state: str
    lease_until: datetime
    guideline_id: str
    language: str
    messages: list[Message]
    replies: list[str]
    """In the order shown to this person; ranks are sent in the same order."""
    cell: str | None
    attrs: dict[str, Any]
    draft: dict[str, Any]
    draft_rev: int
    returned: list[dict[str, Any]]


class ReceiptOut(Strict):
    """That a submission is kept."""

    id: str
    at: datetime


class LeaseIn(Strict):
    """Which work is wanted."""

    step: Step | None = None
    cell: str | None = None


class DraftIn(Strict):
    """A draft to keep."""

    content: dict[str, Any]
    rev: int
    seconds: float = 0.0


class RevOut(Strict):
    """The revision of the draft that is kept now."""

    rev: int


class SkipIn(Strict):
    """Why it is skipped."""

    reason: str = Field(min_length=1, max_length=2_000)


class WritingIn(Strict):
    """A pair that was written."""

    prompt: str = Field(default="", max_length=100_000)
    reply: str = Field(max_length=100_000)
    attrs: dict[str, str]
    seconds: float = 0.0
    paste_share: float | None = Field(default=None, ge=0, le=1)


class RankingIn(Strict):
    """An order with marks, over the replies as shown."""

    digits: list[int] | None = None
    marks: dict[str, list[float | None]] = Field(default_factory=dict)
    words: dict[str, str] = Field(default_factory=dict)
    none_acceptable: bool = False
    note: str = Field(default="", max_length=4_000)
    seconds: float = 0.0


class ReviewIn(Strict):
    """A verdict on a text or an order."""

    verdict: Literal["accept", "reject", "fix"]
    reasons: list[str] = Field(default_factory=list)
    note: str = Field(default="", max_length=4_000)
    fixed: str = Field(default="", max_length=100_000)
    seconds: float = 0.0


class JudgementIn(Strict):
    """A verdict on a guard's decision."""

    verdict: Literal["confirmed", "false_positive", "false_negative", "unsure"]
    note: str = Field(default="", max_length=4_000)
    seconds: float = 0.0


def _out(work: Work) -> WorkOut:
    return WorkOut(
        assignment_id=work.assignment_id,
        step=work.step,
        kind=work.kind,
        round=work.round,
        state=work.state,
        lease_until=work.lease_until,
        guideline_id=work.guideline_id,
        language=work.language,
        messages=list(work.messages),
        replies=list(work.replies),
        cell=work.cell,
        attrs=work.attrs,
        draft=work.draft,
        draft_rev=work.draft_rev,
        returned=[
            {"by": one.by, "reasons": list(one.reasons), "note": one.note, "round": one.round} for one in work.returned
        ],
    )


def _receipt(receipt: Receipt) -> ReceiptOut:
    return ReceiptOut(id=receipt.judgement_id, at=receipt.at)


@router.post("/projects/{slug}/lease", responses={204: {"description": "nothing is left for this person"}})
def lease(slug: str, body: LeaseIn, asking: Asking, response: Response) -> WorkOut | None:
    """Take one piece of work to hold for a while."""
    found = asking.at_work(
        lambda db, actor: assignment.lease(
            db, actor, in_project(db, actor, slug).project.id, step=body.step, cell=body.cell
        )
    )
    if found is None:
        response.status_code = 204
        return None
    return _out(found)


@router.get("/work/{assignment_id}")
def get_work(assignment_id: str, asking: Asking) -> WorkOut:
    """Return one's own work again."""
    return asking.read(lambda db, actor: _out(assignment.current(db, actor, assignment_id)))


@router.put("/work/{assignment_id}/draft")
def put_draft(assignment_id: str, body: DraftIn, asking: Asking) -> RevOut:
    """Keep a draft; an older revision than is kept is refused."""
    rev = asking.at_work(
        lambda db, actor: assignment.save_draft(
            db, actor, assignment_id, body.content, rev=body.rev, seconds=body.seconds
        )
    )
    return RevOut(rev=rev)


@router.post("/work/{assignment_id}/writing")
def submit_writing(assignment_id: str, body: WritingIn, asking: Asking) -> ReceiptOut:
    """Send a pair to review. Sent twice, it counts once."""
    sent = writing.Written(body.reply, body.attrs, body.prompt, body.seconds, body.paste_share)
    return _receipt(asking.at_work(lambda db, actor: writing.submit(db, actor, assignment_id, sent)))


@router.post("/work/{assignment_id}/ranking")
def submit_ranking(assignment_id: str, body: RankingIn, asking: Asking) -> ReceiptOut:
    """Send an order in. Sent twice, it counts once."""
    sent = ranking.Order(body.digits, body.marks, body.words, body.none_acceptable, body.note, body.seconds)
    return _receipt(asking.at_work(lambda db, actor: ranking.submit(db, actor, assignment_id, sent)))


@router.post("/work/{assignment_id}/review")
def submit_review(assignment_id: str, body: ReviewIn, asking: Asking) -> ReceiptOut:
    """Send a verdict in. Sent twice, it counts once."""
    sent = review.Review(body.verdict, body.reasons, body.note, body.fixed, body.seconds)
    return _receipt(asking.at_work(lambda db, actor: review.submit(db, actor, assignment_id, sent)))


@router.post("/work/{assignment_id}/judgement")
def submit_judgement(assignment_id: str, body: JudgementIn, asking: Asking) -> ReceiptOut:
    """Send a verdict on a guard's decision in. Sent twice, it counts once."""
    sent = guards.Verdict(body.verdict, body.note, body.seconds)
    return _receipt(asking.at_work(lambda db, actor: guards.submit(db, actor, assignment_id, sent)))


@router.post("/work/{assignment_id}/skip", status_code=204)
def skip(assignment_id: str, body: SkipIn, asking: Asking) -> None:
    """Leave it to others, for good."""
    asking.at_work(lambda db, actor: assignment.skip(db, actor, assignment_id, body.reason))


@router.post("/work/{assignment_id}/release", status_code=204)
def release(assignment_id: str, asking: Asking) -> None:
    """Set it aside; the draft waits in case it comes back."""
    asking.at_work(lambda db, actor: assignment.release(db, actor, assignment_id))
