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


SETTINGS = {"title": "Fresh", "overlap": "1", "lease_minutes": "30", "internal_share": "0.1", "client_share": "0.1"}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("internal_share", "1.5", "wanted a number from 0 to 1, found 1.5"),
        ("client_share", "half", "wanted a share between 0 and 1, found 'half'"),
        ("overlap", "99", "wanted a number from 1 to 50, found 99"),
        ("lease_minutes", "soon", "wanted a whole number, found 'soon'"),
        ("title", "", "give the project a title"),
    ],
)
def test_a_setting_that_cannot_be_says_so_at_its_field_and_keeps_what_was_typed(
    visit: Visit, field: str, value: str, says: str
) -> None:
    lead = opened(visit)
    sent = SETTINGS | {"purpose": "Typed words", field: value}
    answer = lead.post("/p/fresh/settings", sent, page="/p/fresh/members")
    assert answer.status_code == 422
    assert errors(answer.text) == [says]
    assert f'aria-describedby="{field}-error"' in answer.text
    assert 'value="Typed words"' in answer.text


def test_who_reviews_first_can_be_changed_for_who_has_no_partner(visit: Visit) -> None:
    lead = opened(visit)
    sent = SETTINGS | {"qa_party": "internal"}
    assert lead.post("/p/fresh/settings", sent, page="/p/fresh/members").status_code == 303
    assert '<option value="internal" selected>ourselves' in lead.get("/p/fresh/members").text


def test_a_lead_cannot_make_a_project_that_nobody_leads_nor_a_member_who_can_do_nothing(visit: Visit) -> None:
    lead = opened(visit)
    mine = re.search(r'action="(/p/fresh/members/[0-9a-f]+)"', lead.get("/p/fresh/members").text)
    assert mine is not None
    asked = lead.post(mine.group(1), {"party": "client", "role": "lead"}, page="/p/fresh/members")
    assert asked.status_code == 409
    assert "A lead cannot give up their own lead. Ask another lead." in asked.text
    idle = lead.post("/p/fresh/members", {"party": "client", "role": "writer"}, page="/p/fresh/members")
    assert errors(idle.text) == ["the client writes nothing; choose another role or party"]


def test_what_is_refused_says_what_to_do_next(visit: Visit) -> None:
    lead = opened(visit, "comparison")
    told = lead.post("/p/fresh/guideline", {"after": "0", "markdown": "Be fair.", "do": "publish"}, page="/p/fresh/guideline/edit")
    assert told.status_code == 303
    answer = lead.post("/p/fresh/batches", {"size": "4", "model": "a/b"}, page="/p/fresh/batches")
    assert "The pool has no prompt left. Import prompts." in answer.text
