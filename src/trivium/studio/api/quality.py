"""How far people agree, for programs: what the quality page shows, as numbers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from trivium.human.desk import guards, profiles, submissions
from trivium.human.quality import axes, noise, people, position
from trivium.human.quality.axes import AxisAgreement, Slice
from trivium.human.quality.diversity import Diversity, diversity
from trivium.human.quality.people import PersonQuality
from trivium.human.quality.position import PositionBias
from trivium.records import Measure
from trivium.studio.api.bearer import Asking, in_project

router = APIRouter(tags=["quality"])


class QualityOut(BaseModel):
    """Agreement by axis, guideline version and week; people by pseudonym; every measure with n, or why it has none."""

    axes: list[AxisAgreement]
    by_guideline: list[Slice]
    by_week: list[Slice]
    position: PositionBias
    people: list[PersonQuality]
    noise: dict[str, Measure]
    """Pseudonym → estimated chance to order a pair rightly."""
    diversity: Diversity


@router.get("/projects/{slug}/quality")
def get_quality(slug: str, asking: Asking) -> QualityOut:
    """Return the statistics of a project's orders, scores, thumbs or verdicts."""

    def work(db: Any, actor: Any) -> tuple[list[Any], dict[str, dict[str, str]]]:
        project = in_project(db, actor, slug, "see_quality").project
        if project.kind == "guard_review":
            rows = guards.submissions(db, project.id)
        else:
            rows = [one.ordered() for one in submissions.of_project(db, project.id)]
        return rows, profiles.groups(db, project.id)

    rows, told = asking.read(work)
    return QualityOut(
        axes=axes.axis_agreement(rows), by_guideline=axes.by_guideline(rows), by_week=axes.by_week(rows),
        position=position.position_bias(rows), people=people.people(rows), noise=noise.labeller_noise(rows),
        diversity=diversity(rows, told),
    )  # fmt: skip
