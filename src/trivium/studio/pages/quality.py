"""The quality of people's work: agreement by axis, version and week, people, gold items, contested ones, diversity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from fastapi.responses import Response

from trivium.human.desk import adjudication, guards, guidelines, profiles, submissions
from trivium.human.desk.guidelines import rubric_of
from trivium.human.quality import axes, noise, people, position
from trivium.human.quality.axes import Slice
from trivium.human.quality.diversity import Diversity, diversity
from trivium.human.quality.position import PositionBias
from trivium.human.rubrics import Rubric
from trivium.human.submission import Submission
from trivium.studio import charts
from trivium.studio.here import Here
from trivium.studio.routes import get

TABS = (
    ("overview", "Overview"),
    ("people", "People"),
    ("gold", "Gold items"),
    ("contested", "Contested"),
    ("diversity", "Diversity"),
)
INSTRUCTGPT = 0.726  # of pairs agreed, Ouyang et al. 2022, section 4.1
SCALES = {"order": "an order, ties allowed", "score": "a scale", "flag": "yes or no"}
KEPT = 64  # statistics of so many states of projects are kept: a page asked again costs nothing


class _Known:
    """Submissions that compare by what they hold, so that statistics are computed once for each state of a project."""

    def __init__(self, project_id: str, rows: Sequence[Submission]) -> None:
        self.rows = rows
        self._key = (project_id, hash(tuple((one.item, one.person, one.ranks, one.skipped) for one in rows)))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self._key == other._key


@lru_cache(KEPT)
def _overview(known: _Known) -> dict[str, Any]:
    rows = known.rows
    return {
        "axes": axes.axis_agreement(rows),
        "by_guideline": axes.by_guideline(rows),
        "by_week": axes.by_week(rows),
        "position": position.position_bias(rows),
        "noise": noise.labeller_noise(rows),
    }


@lru_cache(KEPT)
def _people(known: _Known) -> list[people.PersonQuality]:
    return people.people(known.rows)


@lru_cache(KEPT)
def _order(known: _Known) -> axes.AxisAgreement | None:
    found = _overview(known)["axes"]
    return found[0] if found and found[0].scale == "order" else None


def _chart(here: Here, slices: Sequence[Slice], label: Callable[[str], str], title: str) -> Any:
    points = [
        charts.Point(label(one.label), here.say("n {count}", count=one.pairs_agreed.n), one.pairs_agreed)
        for one in slices
    ]
    reference = here.say("InstructGPT’s labellers, {n}", n=here.words.percent(INSTRUCTGPT))
    return charts.whiskers(here.words, points, title, (reference, INSTRUCTGPT)) if len(points) > 1 else ""


def _version(here: Here, label: str) -> str:
    return here.say("version {n}", n=label.rsplit("/", 1)[-1].removeprefix("v"))


def _week(here: Here, label: str) -> str:
    """Return a week of the calendar such as 2026-W47 by its number."""
    return here.say("week {n}", n=label.rsplit("W", 1)[-1].lstrip("0"))


def _position_words(here: Here, found: PositionBias) -> str:
    if found.undefined:
        return here.say("Undefined: {why}.", why=here.words.told(found.undefined))
    sign = here.say("It does, more than chance explains") if found.matters else here.say("No sign of it")
    return here.say(
        "How often the reply shown in a place was ranked first. {sign}: χ² {chi}, p {p}, n {n}.",
        sign=sign,
        chi=here.words.number(found.chi_square, 1),
        p=here.words.number(found.p_value, 2),
        n=found.n,
    )


def _answers(here: Here, project_id: str, kind: str) -> list[Submission]:
    """Return what people said, each with the order that their scores stand for where none was asked."""
    if kind == "guard_review":
        return guards.submissions(here.db, project_id)
    return [one.ordered() for one in submissions.of_project(here.db, project_id)]


def _names(here: Here, rubric: Rubric | None) -> dict[str, str]:
    names = {axis.key: axis.label for axis in rubric.axes} if rubric else {}
    order = here.say("Order") if rubric is None or rubric.ranked else here.say("Order, as the scores have it")
    return {**names, "order": order, "rank": order, guards.RIGHT: here.say("The guard was right")}


def _shown_overview(here: Here, known: _Known) -> dict[str, Any]:
    found = _overview(known)
    names = _names(here, _rubric(here))
    shown = [
        {
            "name": names.get(one.axis, one.axis),
            "flag": one.scale == "flag",
            "ours": one.scale == "order",
            "scale": here.say(SCALES[one.scale]),
            "pairs_agreed": one.pairs_agreed,
            "alpha": one.alpha,
            "kendall_w": one.kendall_w,
        }
        for one in found["axes"]
    ]
    bias: PositionBias = found["position"]
    return {
        "axes": shown,
        "position": charts.places(here.words, bias.first_share, here.say("Share of first ranks by the place shown")),
        "position_words": _position_words(here, bias),
        "noise": here.leaf(sorted(found["noise"].items())),
        "by_guideline": _chart(
            here,
            found["by_guideline"],
            lambda label: _version(here, label),
            here.say("Pairwise agreement by guideline version"),
        ),
        "guideline_rows": [(_version(here, one.label), one.pairs_agreed) for one in found["by_guideline"]],
        "by_week": _chart(
            here, found["by_week"], lambda label: _week(here, label), here.say("Pairwise agreement by week")
        ),
    }


def _rubric(here: Here) -> Rubric | None:
    standing = here.standing
    assert standing is not None
    row = guidelines.published(here.db, standing.project.id)
    return rubric_of(row) if row is not None else None


def _groups(here: Here, found: Diversity) -> list[dict[str, Any]]:
    return [
        {
            "field": one.field,
            "group": one.value,
            "people": one.num_people,
            "value": here.words.percent(one.within.value),
            "more": here.say(
                "with the others {n}; another winner in {m} of items",
                n=here.words.percent(one.with_others.value),
                m=here.words.percent(one.winner_flips.value),
            ),
        }
        for one in found.groups
    ]


def _summary(here: Here, rows: Sequence[Submission]) -> str:
    answered = [one for one in rows if not one.skipped]
    if not answered:
        return here.say("nobody has ranked anything yet.")
    num_items, num_people = len({one.item for one in answered}), len({one.person for one in answered})
    if num_people == 1:
        return here.say("{n} prompts, answered by one person so far.", n=num_items)
    if here.standing is not None and here.standing.project.kind == "guard_review":
        return here.say(
            "{n} prompts, judged by {m} people who did not see each other’s verdict.", n=num_items, m=num_people
        )
    return here.say("{n} prompts, ranked by {m} people who did not see each other’s order.", n=num_items, m=num_people)


@get("/p/{slug}/quality")
def quality_page(here: Here, slug: str) -> Response:
    """Show one of the five tabs; every figure with its interval and n, or why there is none."""
    standing = here.project(slug, "see_quality")
    project_id = standing.project.id
    tab = here.request.query_params.get("tab", "overview")
    tab = tab if tab in dict(TABS) else "overview"
    rows = _answers(here, project_id, standing.project.kind)
    known = _Known(project_id, rows)
    can_adjudicate = standing.can("adjudicate")
    contested = adjudication.contested(here.db, here.actor, project_id) if can_adjudicate else []
    facts: dict[str, Any] = {}
    if tab == "overview":
        facts = _shown_overview(here, known)
    elif tab in ("people", "gold"):
        mean = _order(known)
        found = _people(known)
        facts = {
            "people": here.leaf(found),
            "mean": mean.pairs_agreed.value if mean else None,
            "gold": here.leaf([one for one in found if one.gold.value is not None]),
        }
    elif tab == "contested":
        facts = {
            "contested": here.leaf(
                [
                    {"id": row[0], "text": row[1][:160], "why": here.words.told(row[2])}
                    for row in contested
                ]
            ),
            "can_adjudicate": can_adjudicate,
        }
    else:
        told = profiles.groups(here.db, project_id)
        facts = {
            "groups": _groups(here, diversity(rows, told)),
            "num_profiles": here.say("Fewer than five") if len(told) < 5 else len(told),
        }
    return here.page(
        "quality.html",
        tab=tab,
        tabs=TABS,
        summary=_summary(here, rows),
        order=_order(known),
        num_contested=len(contested),
        why_none=here.say("Agreement needs two people on one prompt."),
        **facts,
    )
