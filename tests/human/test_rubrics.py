"""Shows that the built-in rubrics hold together, and what each kind of incomplete answer is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from trivium.core.errors import InputError
from trivium.human.rubrics import (
    FACTUAL_ACCURACY,
    GENERAL,
    HELPSTEER3,
    ORDER,
    RUBRICS,
    Axis,
    Rubric,
    competition_ranks,
    problems,
    reply_name,
)

WANTED = {"instructgpt", "hh", "helpsteer2", "ultrafeedback", "factual-accuracy", "non-toxicity"}
GOOD = {"helpful": [5, 3], "honest": [4, 4], "harmless": [5, 5]}


def test_the_rubrics_that_were_asked_for_are_there_and_can_be_told_apart() -> None:
    assert set(RUBRICS) >= WANTED
    assert all(name == one.name and one.title and one.purpose for name, one in RUBRICS.items())
    assert len(RUBRICS["instructgpt"].axes) == 2 + 11
    assert {axis.key: (axis.low, axis.high) for axis in RUBRICS["helpsteer2"].axes}["verbosity"] == (0, 4)
    assert len(RUBRICS["ultrafeedback"].axes) == 4


@pytest.mark.parametrize("name", sorted(RUBRICS))
def test_a_complete_answer_to_each_rubric_has_no_problem(name: str) -> None:
    one = RUBRICS[name]
    marks = {
        axis.key: [axis.high if axis.kind == "likert" else 1.0] * (2 if axis.subject == "reply" else 1)
        for axis in one.axes
        if axis.kind not in {"rank", "text"}
    }
    words = {axis.key: "because" for axis in one.axes if axis.kind == "text"}
    assert problems(one, 2, (1, 2) if one.ranked else None, marks, words) == []


def test_what_is_missing_is_said_for_each_reply() -> None:
    assert problems(GENERAL, 2, None, GOOD) == ["put all replies in order"]
    assert problems(GENERAL, 2, (1, 2), GOOD | {"helpful": [5, None]}) == ["Helpful: still to mark for reply B"]
    assert problems(GENERAL, 2, (1, 2), {key: GOOD[key] for key in ("honest", "harmless")}) == [
        "Helpful: still to mark"
    ]
    assert problems(GENERAL, 2, (1, 2), GOOD | {"helpful": [5, 9]}) == [
        "Helpful: wanted a whole number from 1 to 5 for reply B, found 9"
    ]
    assert problems(GENERAL, 2, (1, 2), GOOD | {"unsafe": [2, 0]}) == [
        "Harmful: wanted a whole number from 0 to 1 for reply A, found 2"
    ]
    assert problems(GENERAL, 2, (1, 2), GOOD | {"shape": [1, 1]}) == ["“shape” is not asked here"]
    assert problems(HELPSTEER3, 2, (1, 2), {"strength": [2]}) == ["Why: write a sentence"]
    assert problems(RUBRICS["helpsteer2"], 2, (1, 2), {})[0] == "no order is asked here"


@pytest.mark.parametrize("ranks", [(1, 1, 2), (2, 3, 4), (0, 1, 2), (1, 3, 3)])
def test_ranks_that_skip_nothing_after_a_tie_or_do_not_begin_at_one_are_refused(ranks: tuple[int, ...]) -> None:
    assert len(problems(Rubric(name="x", title="x", purpose="x", axes=(ORDER,)), 3, ranks, {})) == 1


def test_an_optional_scale_may_stay_open() -> None:
    assert problems(FACTUAL_ACCURACY, 2, (1, 2), {"accuracy": [None, 3], "cannot_tell": [1, 0]}) == []


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_competition_ranks_are_those_of_scipy(digits: list[int]) -> None:
    assert list(competition_ranks(digits)) == stats.rankdata(digits, method="min").tolist()


def test_a_rubric_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="low below high"):
        Axis(key="a", label="A", kind="likert", low=3, high=3)
    with pytest.raises(ValidationError, match="not on its scale"):
        Axis(key="a", label="A", kind="likert", anchors={9: "x"})
    with pytest.raises(ValidationError, match="there twice"):
        Rubric(name="x", title="x", purpose="x", axes=(ORDER, ORDER))
    with pytest.raises(InputError, match="no axis `shape`"):
        GENERAL.axis("shape")
    assert GENERAL.axis("helpful").label == "Helpful"


def test_replies_are_called_by_letters() -> None:
    assert [reply_name(place) for place in (0, 25, 26, 52)] == ["A", "Z", "AA", "BA"]
