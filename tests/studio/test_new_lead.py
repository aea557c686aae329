"""What somebody meets who opens a project from nothing: what is refused says why, what was typed stays, the way goes on."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from studio.visitors import Visitor

Visit = Callable[[str | None], Visitor]


def opened(visit: Visit, kind: str = "demonstration", **form: str) -> Visitor:
    """A lead with a new project `fresh`."""
    lead = visit("lark-01")
    sent = {"title": "Fresh", "slug": "fresh", "kind": kind, "overlap": "1", "qa_party": "partner"} | form
    assert lead.post("/projects", sent, page="/projects/new").status_code == 303
    return lead


def errors(text: str) -> list[str]:
    """What stands beside the fields."""
    found = re.findall(r'class="error"[^>]*>.*?</svg>(.*?)</span>', text, re.DOTALL)
    return [html.unescape(one) for one in found]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("language=de 3\nlanguage=de 2", "a cell is there twice: language=de"),
        ("language=de 3\ntask_type=extraction 2", "two cells can take the same pair: language=de, and task_type=extraction"),
        ("language=de 3\nalso persona=yes 4", "persona=yes 4 is more than all cells ask for together, which is 3"),
    ],
)  # fmt: skip
def test_a_requirement_that_cannot_be_met_is_refused_in_the_words_it_was_written_in(
    visit: Visit, lines: str, says: str
) -> None:
    lead = opened(visit)
    answer = lead.post("/p/fresh/requirement", {"body": lines, "do": "freeze"}, page="/p/fresh/requirement")
    assert answer.status_code == 422
    assert says in errors(answer.text)[0]
    assert html.escape(lines) in answer.text


def test_the_example_that_the_requirement_page_gives_is_one(visit: Visit) -> None:
    lead = opened(visit)
    shown = html.unescape(lead.get("/p/fresh/requirement").text)
    [cell] = re.findall(r"For example: (.*?)\. Lines", shown)
    [also] = re.findall(r"over all cells: (also .*?)\.", shown)
    lines = f"{cell}\nlanguage=de task_type=extraction 80\n{also}"
    answer = lead.post("/p/fresh/requirement", {"body": lines, "do": "freeze"}, page="/p/fresh/requirement")
    assert answer.status_code == 303, errors(answer.text)
