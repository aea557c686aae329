"""Shows how work is counted into cells, which cells shout, and what each writer is offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trivium.core.errors import InputError
from trivium.human.coverage import (
    DIMENSIONS,
    Cell,
    CellCount,
    Requirement,
    attrs_of,
    cell_of,
    check_attrs,
    cover,
    cover_counts,
    fits,
    grid,
    offers,
    starting_requirement,
)
from trivium.records import Demonstration, Prompt

LANGUAGES = {"task_type": ("open_qa", "extraction"), "language": ("en", "de")}


def requirement(target: int = 4, *also: Cell) -> Requirement:
    """Two tasks in two languages, with totals across."""
    return Requirement(
        dimensions=LANGUAGES | {"persona": ("yes", "no")}, cells=grid(LANGUAGES, target), also=tuple(also)
    )


def attrs(task: str, language: str, persona: str = "no") -> dict[str, str]:
    """The marks of one pair."""
    return {"task_type": task, "language": language, "persona": persona, "domain": "history"}


def test_accepted_and_in_flight_are_counted_apart_and_totals_across_the_cells() -> None:
    persona = Cell(where={"persona": "yes"}, target=3)
    done = [attrs("open_qa", "en", "yes")] * 2 + [attrs("extraction", "de")] * 5 + [attrs("poem", "en")]
    coverage = cover(requirement(4, persona), done, [attrs("open_qa", "en", "yes")])
    counts = {(one.where["task_type"], one.where["language"]): (one.accepted, one.in_flight) for one in coverage.cells}
    assert counts == {
        ("open_qa", "en"): (2, 1),
        ("open_qa", "de"): (0, 0),
        ("extraction", "en"): (0, 0),
        ("extraction", "de"): (5, 0),
    }
    assert (coverage.also[0].accepted, coverage.also[0].in_flight, coverage.also[0].missing) == (2, 1, 0)
    assert (coverage.outside, coverage.accepted, coverage.target, coverage.missing) == (1, 7, 16, 9)
    assert not coverage.full()


def test_grouped_counts_give_the_same_as_single_rows() -> None:
    rows = [attrs("open_qa", "en")] * 3 + [attrs("open_qa", "de")]
    grouped = cover_counts(requirement(), [(attrs("open_qa", "en"), 3, 0), (attrs("open_qa", "de"), 1, 0)])
    assert cover(requirement(), rows, []) == grouped


def test_a_full_cell_is_not_offered_and_work_in_flight_fills_it_too() -> None:
    coverage = cover(requirement(), [attrs("open_qa", "en")] * 3, [attrs("open_qa", "en")])
    assert {"task_type": "open_qa", "language": "en"} not in [one.where for one in offers(coverage, limit=9)]
    assert len(offers(coverage, limit=9)) == 3


def test_the_shortest_cell_comes_first_and_only_in_what_the_writer_can() -> None:
    done = [attrs("open_qa", "en")] * 3 + [attrs("extraction", "en")] * 2 + [attrs("open_qa", "de")]
    coverage = cover(requirement(), done, [])
    assert [(one.where["language"], one.missing) for one in offers(coverage)] == [
        ("de", 4), ("de", 3), ("en", 2), ("en", 1),
    ]  # fmt: skip
    assert [one.missing for one in offers(coverage, languages=["en-GB"])] == [2, 1]
    assert offers(coverage, languages=["fr"]) == []
    assert len(offers(coverage, languages=["de", "en"], limit=1)) == 1


def test_cells_of_a_domain_are_for_those_who_know_it_and_others_for_everyone() -> None:
    cells = (
        Cell(where={"domain": "history"}, target=2), Cell(where={"domain": "science"}, target=2)
    )  # fmt: skip
    one = Requirement(dimensions={"domain": ("history", "science")}, cells=cells)
    found = offers(cover(one, [], []), domains=["science"], languages=["en"])
    assert [cell.where for cell in found] == [{"domain": "science"}]


@pytest.mark.parametrize(("done", "need"), [(0, 4), (2, 4), (3, 3), (5, 3), (6, 2), (7, 2), (8, 1), (9, 1), (10, 0)])
def test_the_map_shouts_by_what_is_missing(done: int, need: int) -> None:
    assert CellCount(where={"a": "b"}, target=10, accepted=done).need == need


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([({"task": "x"}, 1)], "no dimension"),
        ([({"language": "fr"}, 1)], "wanted one of"),
        ([({"language": "en"}, 1), ({"language": "en"}, 2)], "there twice"),
        ([({"language": "en"}, 1), ({"task_type": "open_qa"}, 2)], "can take the same pair"),
    ],
)
def test_cells_that_cannot_be_are_refused(cells: list[tuple[dict[str, str], int]], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Requirement(dimensions=LANGUAGES, cells=tuple(Cell(where=where, target=n) for where, n in cells))


def test_cells_of_different_dimensions_may_stand_side_by_side_where_a_value_parts_them() -> None:
    cells = (
        Cell(where={"language": "en", "task_type": "open_qa"}, target=1),
        Cell(where={"language": "de"}, target=1),
    )
    one = Requirement(dimensions=LANGUAGES, cells=cells)
    assert cell_of(one, attrs("extraction", "de")) == cells[1]
    assert cell_of(one, attrs("extraction", "en")) is None


@given(st.lists(st.tuples(*(st.sampled_from(values) for values in DIMENSIONS.values())), max_size=40))
def test_every_pair_is_counted_once_or_outside(marks: list[tuple[str, ...]]) -> None:
    rows = [dict(zip(DIMENSIONS, values, strict=True)) for values in marks]
    one = starting_requirement()
    coverage = cover(one, rows, [])
    assert coverage.accepted + coverage.outside == len(rows)
    for cell in coverage.cells:
        assert cell.accepted == sum(fits(cell.where, row) for row in rows)


def test_the_starting_requirement_asks_for_all_cells_and_mostly_for_descriptive_replies() -> None:
    one = starting_requirement(10)
    assert len(one.cells) == 10 * 3 * 3
    assert one.target == 900
    shares = {cell.where["response_type"]: cell.target for cell in one.also if "response_type" in cell.where}
    assert shares["descriptive"] > sum(shares.values()) / 2


def test_a_demonstrations_marks_are_those_of_the_requirement() -> None:
    prompt = Prompt.of("word " * 120, origin="writer", source="x")
    one = Demonstration(prompt=prompt, reply="So.", task_type="open_qa", persona=True, language="de")
    found = attrs_of(one)
    assert found == {
        "task_type": "open_qa",
        "prompt_length": "medium",
        "language": "de",
        "scene_setting": "no",
        "constraint": "no",
        "persona": "yes",
    }
    dimensions = DIMENSIONS | {"language": ("de",)}
    wanted = Requirement(dimensions=dimensions, cells=(Cell(where={"language": "de"}, target=1),))
    check_attrs(wanted, found)
    with pytest.raises(InputError, match="wanted one of"):
        check_attrs(wanted, {"persona": "maybe"})
    with pytest.raises(InputError, match="no mark"):
        check_attrs(wanted, {"colour": "red"})
