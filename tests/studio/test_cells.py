from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trivium.human.coverage import DIMENSIONS, starting_requirement
from trivium.human.desk.errors import Invalid
from trivium.studio import cells

WHERE = st.dictionaries(st.sampled_from(sorted(DIMENSIONS)), st.integers(0, 1), min_size=1).map(
    lambda chosen: {name: DIMENSIONS[name][place] for name, place in chosen.items()}
)
CELL = st.fixed_dictionaries({"where": WHERE, "target": st.integers(1, 999)})


@given(st.lists(CELL, min_size=1, max_size=5), st.lists(CELL, max_size=3))
def test_the_lines_of_a_requirement_say_all_of_it(found: list[dict], also: list[dict]) -> None:
    body = cells.parsed(cells.lines({"cells": found, "also": also}))
    assert (body["cells"], body["also"]) == (found, also)


def test_the_starting_requirement_can_be_written_and_read() -> None:
    body = starting_requirement(3).model_dump(mode="json")
    assert cells.parsed(cells.lines(body))["cells"] == body["cells"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "at least one cell"),
        ("task_type=extraction", "target stands last"),
        ("task_type=extraction 0", "from 1"),
        ("task_type=dancing 3", "task_type is one of"),
        ("colour=red 3", "colour is no mark"),
        ("5", "wanted marks"),
    ],
)
def test_a_line_that_is_wrong_is_named_with_what_was_wanted(text: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        cells.parsed(text)
