"""Projects, guidelines, requirements, coverage and the log, for programs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from trivium.human.coverage import Requirement
from trivium.human.desk import audit, coverage, guidelines, specs
from trivium.human.desk import projects as desk
from trivium.human.desk.audit import EventRow
from trivium.human.rubrics import Rubric
from trivium.studio.api.bearer import Asking, in_project
from trivium.studio.csrf import UNKEPT
from trivium.text.wellformed import can_be_kept

router = APIRouter(tags=["projects"])


class Strict(BaseModel):
    """A body in which an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, value: Any) -> Any:
        if not can_be_kept(value):
            raise ValueError(UNKEPT)
        return value


class MeOut(BaseModel):
    """Whose token it is, and what it may do."""

    pseudonym: str
    scopes: list[str]


class ProjectOut(BaseModel):
    """A project, and what the token's person is in it."""

    slug: str
    title: str
    purpose: str
    kind: str
    status: str
    party: str
    role: str


class GuidelineOut(BaseModel):
    """A version of a guideline."""

    id: str
    version: int
    status: str
    markdown: str
    changelog: str
    rubric: dict[str, Any]
    sha256: str | None


class GuidelineIn(Strict):
    """The next version of a guideline."""

    markdown: str = Field(min_length=1, max_length=100_000)
    changelog: str = Field(default="", max_length=500)
    rubric: Rubric | None = None
    publish: bool = False


class SpecOut(BaseModel):
    """A version of a requirement."""

    version: int
    status: str
    body: dict[str, Any]
    sha256: str | None


class SpecIn(Strict):
    """The next version of a requirement."""

    requirement: Requirement
    freeze: bool = False


class CellOut(BaseModel):
    """One cell with its counts."""

    where: dict[str, str]
    target: int
    accepted: int
    in_flight: int


class CoverageOut(BaseModel):
    """The newest frozen requirement with its counts."""

    version: int
    cells: list[CellOut]
    also: list[CellOut]
    outside: int


def _guideline(row: Any) -> GuidelineOut:
    return GuidelineOut(
        id=row.id,
        version=row.version,
        status=row.status,
        markdown=row.markdown,
        changelog=row.changelog,
        rubric=row.rubric,
        sha256=row.sha256,
    )


@router.get("/me")
def me(asking: Asking) -> MeOut:
    """Say whose token this is."""
    return asking.read(lambda db, actor: MeOut(pseudonym=actor.pseudonym, scopes=sorted(actor.scopes or ())))


@router.get("/projects")
def list_projects(asking: Asking) -> list[ProjectOut]:
    """List the projects the person is in."""
    return asking.read(
        lambda db, actor: [
            ProjectOut(
                slug=one.project.slug,
                title=one.project.title,
                purpose=one.project.purpose,
                kind=one.project.kind,
                status=one.project.status,
                party=one.party,
                role=one.role,
            )
            for one in desk.mine(db, actor)
        ]
    )


@router.get("/projects/{slug}/guidelines")
def list_guidelines(slug: str, asking: Asking) -> list[GuidelineOut]:
    """List the versions of the guideline, newest first."""
    return asking.read(
        lambda db, actor: [
            _guideline(row) for row in guidelines.versions(db, actor, in_project(db, actor, slug).project.id)
        ]
    )


@router.post("/projects/{slug}/guidelines", status_code=201)
def write_guideline(slug: str, body: GuidelineIn, asking: Asking) -> GuidelineOut:
    """Keep the next version, and publish it if wished."""

    def work(db: Any, actor: Any) -> GuidelineOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        rubric = body.rubric.model_dump(mode="json") if body.rubric else {}
        row = guidelines.draft(db, actor, project_id, body.markdown, rubric=rubric, changelog=body.changelog)
        return _guideline(guidelines.publish(db, actor, project_id, row.id) if body.publish else row)

    return asking.write(work)


@router.post("/projects/{slug}/guidelines/{version}/acknowledgement", status_code=204)
def acknowledge(slug: str, version: int, asking: Asking) -> None:
    """Say that the person read this version; work under it needs that."""

    def work(db: Any, actor: Any) -> None:
        project_id = in_project(db, actor, slug).project.id
        rows = guidelines.versions(db, actor, project_id)
        row = next((one for one in rows if one.version == version), None)
        guidelines.acknowledge(db, actor, project_id, row.id if row else "")

    asking.at_work(work)


@router.get("/projects/{slug}/requirements")
def list_requirements(slug: str, asking: Asking) -> list[SpecOut]:
    """List the versions of the requirement, newest first."""
    return asking.read(
        lambda db, actor: [
            SpecOut(version=row.version, status=row.status, body=row.body, sha256=row.sha256)
            for row in specs.versions(db, actor, in_project(db, actor, slug, "see_plan").project.id)
        ]
    )


@router.post("/projects/{slug}/requirements", status_code=201)
def write_requirement(slug: str, body: SpecIn, asking: Asking) -> SpecOut:
    """Keep the next version, and freeze it if wished."""

    def work(db: Any, actor: Any) -> SpecOut:
        project_id = in_project(db, actor, slug, "manage").project.id
        row = specs.draft(db, actor, project_id, body.requirement.model_dump(mode="json"))
        if body.freeze:
            row = specs.freeze(db, actor, project_id, row.id)
        return SpecOut(version=row.version, status=row.status, body=row.body, sha256=row.sha256)

    return asking.write(work)


@router.get("/projects/{slug}/coverage")
def get_coverage(slug: str, asking: Asking) -> CoverageOut | None:
    """Return what is accepted, in flight and wanted; null before a requirement is frozen."""

    def work(db: Any, actor: Any) -> CoverageOut | None:
        found = coverage.whole(db, actor, in_project(db, actor, slug, "see_plan").project.id)
        if found is None:
            return None
        spec, counts = found
        cells, also = ([CellOut(**one.model_dump()) for one in part] for part in (counts.cells, counts.also))
        return CoverageOut(version=spec.version, cells=cells, also=also, outside=counts.outside)

    return asking.read(work)


@router.get("/projects/{slug}/events")
def list_events(
    slug: str, asking: Asking, before: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> list[EventRow]:
    """Return a hundred events of the log, newest first."""
    return asking.read(
        lambda db, actor: audit.events(db, actor, in_project(db, actor, slug, "see_audit").project.id, before=before)
    )
