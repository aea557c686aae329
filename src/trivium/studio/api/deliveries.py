"""Milestones for programs: list, seal, answer, download."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, model_validator

from trivium.human.delivery.checks import Check
from trivium.human.desk import deliveries
from trivium.human.desk.milestone import Contents
from trivium.human.store.deliveries import Delivery
from trivium.studio.api.bearer import Asking, in_project
from trivium.studio.api.projects import Strict

router = APIRouter(tags=["deliveries"])


class DeliveryOut(BaseModel):
    """A milestone with its checksum and its files."""

    milestone: str
    state: str
    sealed_at: datetime | None
    whole: str | None
    """SHA-256 of the whole."""
    files: dict[str, Any]
    remark: str


class ContentsIn(Strict):
    """What a milestone is made of."""

    batches: list[int] = Field(default_factory=list, max_length=10_000)
    """Numbers of batches; empty: all."""
    dev_share: float = Field(default=0.0, ge=0, lt=1)
    test_share: float = Field(default=0.0, ge=0, lt=1)
    """Shares of the clusters of near-duplicates that nothing is to be trained on."""
    replace_personal_data: bool = False
    """Whether what may be personal data is replaced by its kind."""
    not_for: str = Field(default="", max_length=2_000)

    @model_validator(mode="after")
    def _holds(self) -> ContentsIn:
        self.contents()
        return self

    def contents(self) -> Contents:
        """Return it as the desk takes it."""
        return Contents.model_validate(self.model_dump())


class SealIn(Strict):
    """What the next milestone is called, and what it is made of."""

    milestone: str = Field(min_length=1, max_length=64)
    contents: ContentsIn | None = None
    """Without it a draft's own, or all that is accepted."""


class PassageOut(BaseModel):
    """Words that may be personal data."""

    kind: str
    text: str


class ChecksOut(BaseModel):
    """What would be said if the milestone were sealed now; a `stop` keeps it from that."""

    checks: list[Check]
    personal: dict[str, list[PassageOut]]
    """Item → what was found in it, of the first fifty."""


class ClearedIn(Strict):
    """Items that a person has looked at, in which nothing is personal data."""

    items: list[str] = Field(min_length=1, max_length=5_000)


class AnswerIn(Strict):
    """The client's answer, signed with their pseudonym."""

    answer: Literal["accept", "reject"]
    signature: str
    remark: str = Field(default="", max_length=10_000)


def _out(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        milestone=row.milestone, state=row.state, sealed_at=row.sealed_at, whole=row.manifest.get("whole"),
        files=row.manifest.get("files", {}), remark=row.remark,
    )  # fmt: skip


@router.get("/projects/{slug}/deliveries")
def list_deliveries(slug: str, asking: Asking) -> list[DeliveryOut]:
    """List the milestones, newest first."""
    return asking.read(
        lambda db, actor: [
            _out(row) for row in deliveries.listed(db, actor, in_project(db, actor, slug, "see_deliveries").project.id)
        ]
    )


@router.post("/projects/{slug}/deliveries", status_code=201)
def seal(slug: str, body: SealIn, asking: Asking) -> DeliveryOut:
    """Seal what is accepted; refused where a check says stop."""
    return asking.write(
        lambda db, actor: _out(
            deliveries.seal(
                db, actor, in_project(db, actor, slug, "manage").project.id, body.milestone,
                body.contents.contents() if body.contents else None,
            )
        )
    )


@router.post("/projects/{slug}/deliveries/checks")
def check(slug: str, body: SealIn, asking: Asking) -> ChecksOut:
    """Draft a milestone, and say what its checks find."""

    def work(db: Any, actor: Any) -> ChecksOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        if body.contents is not None or not deliveries.known(db, project_id, body.milestone):
            chosen = body.contents.contents() if body.contents else None
            deliveries.draft(db, actor, project_id, body.milestone, chosen)
        return _checked(db, actor, project_id, body.milestone)

    return asking.write(work)


@router.post("/projects/{slug}/deliveries/{milestone}/cleared")
def clear(slug: str, milestone: str, body: ClearedIn, asking: Asking) -> ChecksOut:
    """Let pass what was found in these items of a draft, on the word of the token's person, which the log keeps."""

    def work(db: Any, actor: Any) -> ChecksOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        deliveries.clear(db, actor, project_id, milestone, body.items)
        return _checked(db, actor, project_id, milestone)

    return asking.write(work)


def _checked(db: Any, actor: Any, project_id: str, milestone: str) -> ChecksOut:
    found = deliveries.personal(db, actor, project_id, milestone)
    personal = {item: [PassageOut(kind=one.kind, text=one.text) for one, _ in said] for item, said in found.items()}
    return ChecksOut(checks=deliveries.checked(db, actor, project_id, milestone), personal=personal)


@router.post("/projects/{slug}/deliveries/{milestone}/answer")
def answer(slug: str, milestone: str, body: AnswerIn, asking: Asking) -> DeliveryOut:
    """Accept or reject a sealed milestone."""

    def work(db: Any, actor: Any) -> DeliveryOut:
        project_id = in_project(db, actor, slug, "answer_delivery").project.id
        row = deliveries.answer(
            db, actor, project_id, milestone, accept=body.answer == "accept", signature=body.signature,
            remark=body.remark,
        )  # fmt: skip
        return _out(row)

    return asking.write(work)


@router.get("/projects/{slug}/deliveries/{milestone}/archive", response_class=Response)
def archive(slug: str, milestone: str, asking: Asking) -> Response:
    """Download all files of a milestone as one zip."""
    data = asking.read(
        lambda db, actor: deliveries.archive(
            db, actor, in_project(db, actor, slug, "see_deliveries").project.id, milestone
        )
    )
    return Response(data, media_type="application/zip")
