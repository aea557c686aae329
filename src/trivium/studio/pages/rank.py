"""The ranking page: one item, blind and shuffled; an order by digits, scores, flags; on to the next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

from fastapi.responses import Response
from markupsafe import Markup

from trivium.human.desk import assignment, ranking
from trivium.human.desk.errors import Invalid
from trivium.human.desk.guidelines import terms_of
from trivium.human.desk.progress import done_and_left
from trivium.human.desk.ranking import Order
from trivium.human.desk.work import Work, returns
from trivium.human.rubrics import Axis, Rubric, reply_name
from trivium.studio.here import Given, Here
from trivium.studio.pages.guideline import ORDER_ONLY
from trivium.studio.pages.working import (
    desk_of,
    hold_facts,
    nothing,
    prompt_shown,
    returned_shown,
    save_draft,
    skip,
    start_of,
    work_facts,
)
from trivium.studio.render import part
from trivium.studio.routes import get, post


class ReplyShown(NamedTuple):
    """A reply with the letter it is called by on this page, and what is to be chosen there."""

    letter: str
    content: str
    ranks: Markup
    marks: Markup


@get("/p/{slug}/rank", writes=True)
def next_ranking(here: Here, slug: str) -> Response:
    """Take the next item, or the one that is held already."""
    standing = here.project(slug, "label")
    work = assignment.lease(here.db, here.actor, standing.project.id, step="label")
    if work is None:
        return nothing(
            here, here.say("Rank"), here.say("No ranking waits for you."),
            here.say("Every open item has enough people, or you have done your part of it."), "rank",
        )  # fmt: skip
    return here.to(f"/p/{slug}/rank/{work.assignment_id}")


@get("/p/{slug}/rank/{assignment_id}", writes=True)
def rank(here: Here, slug: str, assignment_id: str) -> Response:
    """Show the prompt and its replies in the order drawn for this person."""
    standing = here.project(slug, "label")
    work = assignment.current(here.db, here.actor, assignment_id)
    if work.state != "leased" and not here.form:
        work = assignment.lease(here.db, here.actor, standing.project.id, step="label") or work
    if work.state != "leased" and not here.form:
        return here.to(f"/p/{slug}/rank")
    facts = work_facts(here, work, "rank")
    return here.page("rank.html", **facts, **_item(here, work, facts["rubric"] or ORDER_ONLY))


def next_on_desk(here: Here, slug: str) -> Response | None:
    """Take the next item for a page that stands at its desk already, and show what is new on it."""
    standing = here.standing or here.project(slug, "label")
    work = assignment.lease(here.db, here.actor, standing.project.id, step="label")
    if work is None or here.desk != desk_of(here, work.guideline_id):
        return None
    facts = hold_facts(here, work, "rank")
    rubric = terms_of(here.db, work.guideline_id).rubric or ORDER_ONLY
    return here.parts("rank_next.html", facts["here"], here.say("Sent."), **facts, **_item(here, work, rubric))


def _item(here: Here, work: Work, rubric: Rubric) -> dict[str, Any]:
    """Return what the page shows of the item, and of how far one is."""
    done, left = done_and_left(here.db, here.actor, work.project_id, "label")
    given, num_replies = start_of(here, work), len(work.replies)
    if given:
        choices = _choices(here.locale, rubric, num_replies, given)
    else:
        choices = _no_choice_yet(here.locale, rubric.model_dump_json(), num_replies)
    return {
        "done": done, "total": done + left + 1, "given": given, "ranked": rubric.ranked,
        "desk": desk_of(here, work.guideline_id),
        "returned": returned_shown(returns(here.db, work.item_id)) if work.round > 1 else [],
        "prompt": prompt_shown(here, work.messages, work.language, {}),
        "replies": [ReplyShown(reply_name(place), text, *choices[place]) for place, text in enumerate(work.replies)],
        "item_axes": [axis for axis in rubric.axes if axis.subject == "item" and axis.kind != "rank"],
        **_keys(rubric),
    }  # fmt: skip


WIDEST = 8
"""Steps of a scale whose every number has a button; a wider one is a field to type into."""


def _keys(rubric: Rubric) -> dict[str, Any]:
    """Return what the keys do: the lowest and highest digit that mark a reply where no order is asked, or None, whether
    digits say yes and no, and whether there are flags.
    """
    asked = [axis for axis in rubric.axes if axis.subject == "reply"]
    ends = [(axis.low, min(axis.high, 9)) for axis in asked if axis.kind == "likert" and axis.high - axis.low <= WIDEST]
    binary = any(axis.kind == "binary" for axis in asked)
    ends += [(1, 2)] if binary else []
    return {
        "lowest": min((low for low, _ in ends), default=None),
        "highest": max((high for _, high in ends), default=None),
        "yes_or_no": binary,
        "flagged": any(axis.kind == "flag" for axis in asked),
    }


Choices = list[tuple[Markup, Markup]]


def _choices(locale: str, rubric: Rubric, num_replies: int, given: Given) -> Choices:
    """Return what is to be chosen under each reply: the digits, and the scores and flags."""
    axes = [axis for axis in rubric.axes if axis.subject == "reply" and axis.kind in ("likert", "flag", "binary")]
    facts = {
        "given": given, "num_replies": num_replies, "scales": [axis for axis in axes if axis.kind == "likert"],
        "flags": [axis for axis in axes if axis.kind == "flag"],
        "binaries": [axis for axis in axes if axis.kind == "binary"], "widest": WIDEST,
    }  # fmt: skip

    def of(letter: str) -> tuple[Markup, Markup]:
        ranks = part("rank_ranks.html", locale, slot=letter, **facts) if rubric.ranked else Markup()
        return ranks, part("rank_marks.html", locale, slot=letter, **facts) if axes else Markup()

    return [of(reply_name(place)) for place in range(num_replies)]


@lru_cache(maxsize=256)
def _no_choice_yet(locale: str, rubric: str, num_replies: int) -> Choices:
    """Return the same while nothing is chosen: most of the page, and alike for every item of a project."""
    return _choices(locale, Rubric.model_validate_json(rubric), num_replies, Given({}))


def _number(here: Here, name: str) -> float | None:
    text = here.field(name)
    try:
        number = float(text) if text else None
    except ValueError as error:
        raise Invalid({name: f"wanted a number, found {text[:40]!r}"}) from error
    if number is not None and not math.isfinite(number):
        raise Invalid({name: f"wanted a number, found {text[:40]!r}"})
    return number


def _marks(here: Here, axis: Axis, letters: list[str]) -> list[float | None]:
    if axis.kind == "flag":
        return [float(here.field(f"flag-{axis.key}-{letter}") == "1") for letter in letters]
    if axis.subject == "item":
        return [_number(here, f"item-{axis.key}")]
    return [_number(here, f"mark-{axis.key}-{letter}") for letter in letters]


def _open(
    rubric: Rubric, letters: list[str], marks: Mapping[str, list[float | None]], words: Mapping[str, str]
) -> dict[str, str]:
    """Return field → what is still to do there, so that each is told where it is."""
    wrong: dict[str, str] = {}
    for axis in rubric.axes:
        name = axis.key
        if axis.required and name in words and not words[name]:
            wrong[f"item-{name}"] = f"{axis.label}: write a sentence"
        if axis.required and name in marks and axis.subject == "item" and marks[name] == [None]:
            wrong[f"item-{name}"] = f"{axis.label}: still to mark"
        if axis.required and name in marks and axis.subject == "reply":
            for letter, mark in zip(letters, marks[name], strict=True):
                if mark is None:
                    wrong[f"mark-{name}-{letter}"] = f"{axis.label}: still to mark for reply {letter}"
    return wrong


def order_of(here: Here, rubric: Rubric, num_replies: int) -> Order:
    """Return what the form says, over the replies as shown."""
    letters = [reply_name(place) for place in range(num_replies)]
    digits = [int(_number(here, f"rank-{letter}") or 0) for letter in letters]
    missing = [letter for letter, digit in zip(letters, digits, strict=True) if not digit]
    if rubric.ranked and missing:
        raise Invalid({f"rank-{letter}": here.say("Reply {slot} has no rank yet.", slot=letter) for letter in missing})
    numbers = [axis for axis in rubric.axes if axis.kind not in ("rank", "text")]
    marks = {axis.key: _marks(here, axis, letters) for axis in numbers}
    words = {axis.key: here.field(f"item-{axis.key}") for axis in rubric.axes if axis.kind == "text"}
    if open_ := _open(rubric, letters, marks, words):
        raise Invalid(open_)
    return Order(
        digits=digits if rubric.ranked else None, marks=marks, words=words,
        none_acceptable=here.field("none_acceptable") == "1", note=here.field("note"),
        seconds=float(here.number("active_seconds")),
    )  # fmt: skip


@post("/p/{slug}/rank/{assignment_id}", again=rank, onward=next_on_desk)
def submit_ranking(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep the order and go on; sent twice, it counts once."""
    here.project(slug, "label")
    ranking.submit(here.db, here.actor, assignment_id, partial(order_of, here))
    return here.to(f"/p/{slug}/rank", here.say("Sent."))


@post("/p/{slug}/rank/{assignment_id}/draft")
def ranking_draft(here: Here, slug: str, assignment_id: str) -> Response:
    """Keep what is on the page."""
    here.project(slug, "label")
    return save_draft(here, assignment_id)


@post("/p/{slug}/rank/{assignment_id}/skip")
def skip_ranking(here: Here, slug: str, assignment_id: str) -> Response:
    """Leave it to others."""
    here.project(slug, "label")
    return skip(here, assignment_id)
