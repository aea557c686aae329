"""What somebody meets who opens a project from nothing: what is refused says why, what was typed stays, the way goes on."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.people import Membership, Person
from trivium.human.store.projects import PoolPrompt, Withdrawal
from trivium.human.store.work import Assignment, Item

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


def test_who_reviews_a_pair_is_told_that_the_pool_has_one_like_it(visit: Visit, house: Database) -> None:
    owl = visit("owl-31")
    page = owl.get("/p/plain-words/review")
    assert "Close to a prompt" not in page.text
    with house.read() as db:
        item = db.scalar(select(Item).join(Assignment).where(Assignment.id == page.url.path.rsplit("/", 1)[-1]))
        assert item is not None
        text = db.get_one(PoolPrompt, item.prompt_id).search_text
    lead = visit("lark-01")
    file = {"file": ("new.jsonl", json.dumps({"prompt": f"{text} Please."}), "application/jsonl")}
    taken = lead.post("/p/plain-words/pool/import", {"origin": "dataset"}, page="/p/plain-words/pool", files=file)
    assert taken.status_code == 200
    again = visit("owl-31").get("/p/plain-words/review").text
    assert "Close to a prompt that is there already." in again
    assert re.search(r"0\.\d\d alike: ", again)


def test_prompts_can_be_typed_with_where_they_come_from(visit: Visit, house: Database) -> None:
    lead = opened(visit, "comparison")
    sent = {"typed": "Why is the sky blue?\r\n\r\nWrite a poem:\r\n- two lines\r\n \r\n\r\nWhy is the sky blue?", "language": "en"}
    nobody_asked = lead.post("/p/fresh/pool/import", sent | {"origin": "user"}, page="/p/fresh/pool")
    assert errors(nobody_asked.text) == ["Say under which words the users agreed."]
    assert "Write a poem:" in nobody_asked.text
    taken = lead.post("/p/fresh/pool/import", sent | {"origin": "user", "consent": "terms 3"}, page="/p/fresh/pool")
    assert taken.status_code == 303
    assert "2 prompts are new, 1 were there already." in lead.get("/p/fresh/pool").text
    with house.read() as db:
        rows = list(db.scalars(select(PoolPrompt).where(PoolPrompt.consent == "terms 3")))
    assert {(row.search_text, row.origin, row.source) for row in rows} == {
        ("Why is the sky blue?", "user", "user"), ("Write a poem:\n- two lines", "user", "user")
    }  # fmt: skip
    nothing = lead.post("/p/fresh/pool/import", {"typed": " \n "}, page="/p/fresh/pool")
    assert errors(nothing.text) == ["Choose a file, or write prompts below."]


def test_a_drawn_prompt_is_given_to_a_writer_who_writes_the_reply_only(visit: Visit) -> None:
    lead = visit("lark-01")
    typed = {"typed": "What is the tallest tree?", "origin": "dataset", "language": "en"}
    lead.post("/p/plain-words/pool/import", typed, page="/p/plain-words/pool")
    form = {"size": "1", "prompts": "pool", "seed": "0"}
    assert lead.post("/p/plain-words/batches", form, page="/p/plain-words/batches").status_code == 303
    tern = visit("tern-04")
    for _ in range(40):
        page = tern.get("/p/plain-words/write")
        if "Given by the pool" in page.text:
            break
        tern.post(f"{page.url.path}/skip", {"reason": "no_idea"}, page=page.url.path)
    assert "What is the tallest tree?</textarea>" in page.text
    assert 'name="cell"' not in page.text
    form = {"reply": "A redwood.", "task_type": "open_qa", "prompt_type": "instructive", "response_type": "short_phrase",
            "domain": "science", "language": "en"}  # fmt: skip
    assert tern.post(page.url.path, form, page=page.url.path).status_code == 303


def test_an_invitation_names_the_project_and_the_way_in_and_can_be_taken_back(visit: Visit, client: TestClient) -> None:
    lead = opened(visit)
    made = lead.post("/p/fresh/members", {"party": "partner", "role": "writer"}, page="/p/fresh/members")
    [link] = re.findall(r"/join/[\w-]+", made.text)
    client.cookies.clear()
    guest = visit(None)
    shown = guest.get(link).text
    assert "Fresh" in shown
    assert f"/sign-in?next={link}" in shown
    lead = visit("lark-01")
    [place] = re.findall(r"/p/fresh/invitations/[0-9a-f]+/remove", lead.get("/p/fresh/members").text)
    assert lead.post(place, page="/p/fresh/members").status_code == 303
    assert "/invitations/" not in lead.get("/p/fresh/members").text
    client.cookies.clear()
    assert guest.get(link).status_code == 404


def test_a_lead_is_told_whom_a_batch_will_wait_for(visit: Visit) -> None:
    lead = opened(visit)
    told = {"after": "0", "markdown": "Write well.", "do": "publish"}
    lead.post("/p/fresh/guideline", told, page="/p/fresh/guideline/edit")
    lead.post("/p/fresh/requirement", {"body": "language=de 3", "do": "freeze"}, page="/p/fresh/requirement")
    assert "Invite" not in lead.get("/p/fresh/batches").text
    opened_ = lead.post("/p/fresh/batches", {"size": "2"}, page="/p/fresh/batches")
    assert "Deutsch" in lead.get(opened_.headers["location"]).text  # what is not written yet is named by its cell
    board = lead.get("/p/fresh/batches").text
    assert "Nobody here writes. Invite a writer." in board
    assert "Nobody can do the first review. Invite a reviewer, party: partner." in board
    assert "Nobody can do the client’s review." in board
    sent = SETTINGS | {"qa_party": "internal", "client_share": "0"}
    lead.post("/p/fresh/settings", sent, page="/p/fresh/members")
    board = lead.get("/p/fresh/batches").text
    assert "Nobody here writes. Invite a writer." in board
    assert "review." not in board  # the lead is one of ourselves and may review


def test_an_erasure_that_was_not_signed_says_that_nothing_was_erased(visit: Visit) -> None:
    heron = visit("heron-12")
    kept = heron.post("/profile/erase", {"sign": "somebody"}, page="/profile")
    assert errors(kept.text) == ["Nothing was erased: type heron-12, your pseudonym"]
    assert heron.get("/profile").status_code == 200


def frozen(visit: Visit, lines: str) -> Visitor:
    lead = opened(visit)
    answer = lead.post("/p/fresh/requirement", {"body": lines, "do": "freeze"}, page="/p/fresh/requirement")
    assert answer.status_code == 303, errors(answer.text)
    return lead


def fields(text: str) -> list[tuple[str, str]]:
    """The fields of the map: what each is called, and where it leads."""
    found = re.findall(r'<td class="heat"[^>]*><a href="([^"]+)" aria-label="([^"]+)"', html.unescape(text))
    return [(label, href) for href, label in found]


def test_a_requirement_over_every_dimension_has_a_map_whose_fields_lead_to_their_cells(visit: Visit) -> None:
    lead = frozen(visit, "\n".join((
        "task_type=extraction prompt_type=instructive prompt_length=short domain=history language=de persona=yes 3",
        "task_type=extraction prompt_type=instructive prompt_length=short domain=history language=en persona=yes 4",
        "task_type=rewriting language=de 5",
    )))  # fmt: skip
    page = lead.get("/p/fresh/coverage").text
    [alone, both] = fields(page)  # rows in the order of the vocabulary
    assert both[0].endswith("0 accepted, 0 in flight, 7 wanted")
    assert alone[0].endswith("0 accepted, 0 in flight, 5 wanted")
    assert page.count("not asked") == 2
    shown = lead.get(both[1]).text
    assert len(re.findall(r"<th scope=\"row\" class=\"said\">", shown)) == 2, "the list shows the two cells of that field"
    assert "All cells" in shown
    assert lead.get(alone[1]).status_code == 200
    only = lead.get("/p/fresh/coverage?language=en").text
    assert [label.rsplit(" ", 2)[1] for label, _ in fields(only)] == ["4"]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [("language=de 3\nlanguage=ar 2", ["3", "2"]), ("prompt_length=short 4", ["4"]), ("persona=yes 2", ["2"])],
)
def test_a_requirement_of_any_single_mark_has_a_map(visit: Visit, lines: str, wanted: list[str]) -> None:
    found = fields(frozen(visit, lines).get("/p/fresh/coverage").text)
    assert sorted(label.rsplit(" ", 2)[1] for label, _ in found) == sorted(wanted)


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_who_finds_no_work_in_a_project_at_rest_is_told_that_it_rests(visit: Visit, status: str) -> None:
    lead = visit("lark-01")
    page = lead.get("/p/everyday-help/members").text
    title = re.findall(r'id="title" name="title" type="text" value="([^"]+)"', page)[0]
    sent = SETTINGS | {"title": html.unescape(title), "overlap": "5", "status": status}
    assert lead.post("/p/everyday-help/settings", sent, page="/p/everyday-help/members").status_code == 303
    assert f"This project is {status}." in visit("heron-12").get("/p/everyday-help/rank").text


def test_who_only_looks_on_is_shown_no_way_into_items(visit: Visit, house: Database) -> None:
    def sit(db: Session) -> None:
        stork = db.scalar(select(Person.id).where(Person.pseudonym == "stork-09"))
        db.execute(update(Membership).where(Membership.person_id == stork).values(role="viewer"))

    assert "/items/" in visit("lark-01").get("/p/plain-words/batches/1").text
    house.run(sit)
    board = visit("stork-09").get("/p/plain-words/batches/1")
    assert board.status_code == 200
    assert "/items/" not in board.text


def test_a_prompt_is_withdrawn_with_its_reason_and_not_by_one_press(visit: Visit, house: Database) -> None:
    lead = visit("lark-01")
    page = lead.get("/p/everyday-help/pool").text
    [place, *_] = re.findall(r'<details>.*?action="([^"]+/withdraw)"', page, re.DOTALL)
    assert lead.post(place, {"reason": "asked by letter"}, page="/p/everyday-help/pool").status_code == 303
    with house.read() as db:
        assert db.scalar(select(Withdrawal.reason).order_by(Withdrawal.at.desc()).limit(1)) == "asked by letter"


def test_prompts_with_one_reply_come_in_without_a_batch_that_could_never_start(visit: Visit) -> None:
    lead = visit("lark-01")

    def sent(*rows: tuple[str, str]) -> str:
        lines = "\n".join(json.dumps({"prompt": prompt, "completion": f" {reply}"}) for prompt, reply in rows)
        file = {"file": ("one.jsonl", lines, "application/jsonl")}
        form = {"origin": "dataset", "as": "batch"}
        page = "/p/everyday-help/pool"
        return html.unescape(lead.post("/p/everyday-help/pool/import", form, page=page, files=file).text)

    before = len(re.findall(r"/batches/\d+", lead.get("/p/everyday-help/batches").text))
    assert "Each prompt of the file has one reply; an order needs two." in sent(("Only one?", "Yes."))
    assert len(re.findall(r"/batches/\d+", lead.get("/p/everyday-help/batches").text)) == before
