"""A project's settings: how many judge an item, how long they may hold it, how much is reviewed, what is contested."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from trivium.human.desk.errors import Invalid
from trivium.human.ranking import AggregateRules
from trivium.human.rubrics import UNSAFE
from trivium.human.store.projects import Project


class SamplingPlan(BaseModel):
    """How much of a batch a review looks at, and when a bad sample makes it look at all of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.1, ge=0, le=1)
    """Share of the batch that is drawn; 0 passes the batch unseen, which the board says."""
    least: int = Field(default=1, ge=0)
    """At least so many, where the batch has them and the share is not 0."""
    max_returned_share: float = Field(default=0.1, ge=0, le=1)
    """Where more of the sample than this is returned, the rest of the batch is reviewed too."""


class ProjectSettings(BaseModel):
    """What a lead sets for a project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overlap: int = Field(default=5, ge=1, le=50)
    """How many people rank an item, each alone."""
    num_replies: int = Field(default=4, ge=2, le=9)
    """K: one digit key each."""
    lease_minutes: int = Field(default=30, ge=1, le=24 * 60)
    draft_days: int = Field(default=7, ge=0, le=90)
    """How long the draft of a hold that ran out is kept for the same person."""
    internal_qa: SamplingPlan = SamplingPlan()
    client_qa: SamplingPlan = SamplingPlan()
    qa_party: Literal["partner", "internal"] = "partner"
    """Whose reviewers do the internal review; `internal` where there is no partner."""
    method: Literal["mean_rank", "bradley_terry", "plackett_luce"] = "mean_rank"
    rules: AggregateRules = AggregateRules(contesting_flags=UNSAFE)
    adjudicate: bool = True
    """Whether contested items wait for a lead; else they go on without a pair."""
    max_skips: int = Field(default=3, ge=1, le=50)
    """After so many people skipped it an item is unrankable."""
    duplicate_warning: float = Field(default=0.7, ge=0, le=1)
    """A prompt this alike to one of the pool is warned of while it is written."""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Of the queue's order, the order shown, and the samples drawn."""


def settings_of(project: Project) -> ProjectSettings:
    """Return the project's settings; what was never set has its default."""
    return ProjectSettings.model_validate(project.settings)


def checked(values: dict[str, object]) -> ProjectSettings:
    """Return settings from what a form or the API sent, or say field by field what is wrong.

    >>> checked({"overlap": 0})
    Traceback (most recent call last):
    trivium.human.desk.errors.Invalid: wanted a number from 1 to 50, found 0
    """
    try:
        return ProjectSettings.model_validate(values)
    except ValidationError as error:
        raise Invalid({".".join(map(str, one["loc"])): _told(one) for one in error.errors()}) from error


_BOUNDS = {"ge": 0, "gt": 1, "le": 0, "lt": -1}
"""Bound → what is added to a whole number's limit to get the first number that is allowed."""


def _told(error: ErrorDetails) -> str:
    """Return what was wanted and found; where it is no number between limits, what the validator says."""
    model: type[BaseModel] = ProjectSettings
    field = None
    for name in error["loc"]:
        field = model.model_fields.get(str(name))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    limits = [
        getattr(one, bound) + shift
        for one in (field.metadata if field else ())
        for bound, shift in _BOUNDS.items()
        if hasattr(one, bound)
    ]
    if len(limits) < 2:
        return error["msg"]
    text = f"wanted a number from {min(limits)} to {max(limits)}, found {error['input']}"
    return text
