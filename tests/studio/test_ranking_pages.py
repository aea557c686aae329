"""Ranking under every built-in rubric: what is to be chosen fits and is told where it lacks; what was said is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.browsers import Chromium
from studio.visitors import Visitor
from trivium.human.desk import assignment, batches, guidelines, pool, projects, ranking
from trivium.human.desk.actor import Actor
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.ranking import Order
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.rubrics import RUBRICS, Axis, Rubric
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Item, Mark
from trivium.records import Prompt

NONE = SamplingPlan(share=0)
HERON, LARK = "heron-12", "lark-01"
SUIT = ["instructgpt", "hh", "helpsteer2", "ultrafeedback", "factual-accuracy", "non-toxicity"]


def actor(db: Session, name: str) -> Actor:
    row = db.scalars(select(Person).where(Person.pseudonym == name)).one()
    return Actor(row.id, row.pseudonym, keeper=name == LARK)


def project_with(house: Database, rubric: str | Rubric, replies: list[str], **settings: Any) -> str:
    """Open a project `fresh` with one item that the labeller has read the guideline for; return the item."""

    def work(db: Session) -> str:
        lark, heron = actor(db, LARK), actor(db, HERON)
        set_ = ProjectSettings(overlap=1, internal_qa=NONE, client_qa=NONE, **settings)
        project = projects.create(db, lark, "fresh", "Fresh", "comparison", set_)
        body = (RUBRICS[rubric] if isinstance(rubric, str) else rubric).model_dump(mode="json")
        told = guidelines.draft(db, lark, project.id, "Be fair.", rubric=body)
        guidelines.publish(db, lark, project.id, told.id)
        projects.add_member(db, lark.person_id, project.id, heron.person_id, party="internal", role="labeller")
        guidelines.acknowledge(db, heron, project.id, told.id)
        batch = batches.open_batch(db, lark, project.id)
        prompts = [NewPrompt(Prompt.of("What is the capital of France?", origin="dataset", source="test"))]
        [item] = batches.add_prompts(db, lark, batch.id, pool.add(db, lark, project.id, prompts).ids)
        batches.add_replies(db, lark, batch.id, {item: [NewReply(text, "made/by") for text in replies]})
        batches.start(db, lark, batch.id)
        return item

    return house.run(work)


def answered(house: Database, digits: dict[str, int], flags: dict[str, str]) -> None:
    """Let the labeller rank the item: text → digit, flag → the text that gets it; every score is its digit."""

    def work(db: Session) -> None:
        heron = actor(db, HERON)
        held = assignment.lease(db, heron, projects.by_slug(db, heron, "fresh").project.id, step="label")
        assert held is not None

        def order(rubric: Rubric, _: int) -> Order:
            marks: dict[str, Any] = {}
            for axis in rubric.axes:
                if axis.kind == "flag":
                    marks[axis.key] = [float(flags.get(axis.key) == text) for text in held.replies]
                elif axis.subject == "item" and axis.kind == "likert":
                    marks[axis.key] = [2.0]
                elif axis.kind == "likert":
                    marks[axis.key] = [float(digits[text]) for text in held.replies]
            return Order([digits[text] for text in held.replies] if rubric.ranked else None, marks=marks)

        ranking.submit(db, heron, held.assignment_id, order)

    house.run(work)


@pytest.mark.parametrize("rubric", SUIT)
@pytest.mark.parametrize("number", [2, 9])
def test_all_that_is_to_be_chosen_lies_on_its_own_card(
    window: Chromium, house: Database, rubric: str, number: int
) -> None:
    project_with(house, rubric, [f"Reply number {n}." for n in range(number)])
    window.come_in(HERON)
    for width in (1280, 390):
        window.size(width)
        window.open("/p/fresh/rank")
        outside = window.driver.execute_script("""
            return [...document.querySelectorAll('.reply .key')].filter((key) => {
              const inner = key.getBoundingClientRect(), card = key.closest('.reply').getBoundingClientRect();
              return inner.left < card.left || inner.right > card.right || inner.width < 20;
            }).map((key) => key.textContent.trim());""")
        assert outside == [], width
        assert window.driver.execute_script("return document.documentElement.scrollWidth") <= width
        assert len(window.all(".reply")) == number
    assert window.violations() == []


def test_a_score_that_was_forgotten_is_told_at_its_place_and_gets_the_focus(window: Chromium, house: Database) -> None:
    project_with(house, "instructgpt", ["Paris.", "Lyon."])
    window.come_in(HERON)
    window.open("/p/fresh/rank")
    window.press("1", Keys.ARROW_RIGHT, "2")
    window.driver.execute_script("document.querySelector('[name=mark-quality-A][value=\"6\"]').click(); scrollTo(0, 9999)")
    window.press(Keys.CONTROL + Keys.ENTER)
    window.until(lambda: window.all(".error.sent"))
    assert [one.text for one in window.all(".error.sent")] == ["Overall quality: still to mark for reply B"]
    assert window.driver.switch_to.active_element.get_attribute("name") == "mark-quality-B"


def test_a_very_long_reply_scrolls_in_its_place_and_leaves_the_marks_in_sight(window: Chromium, house: Database) -> None:
    project_with(house, "non-toxicity", ["Many words. " * 1_700, "| a | b |\n|---|---|\n| 1 | 2 |"])
    window.come_in(HERON)
    window.open("/p/fresh/rank")
    assert window.driver.execute_script("return document.documentElement.scrollHeight") < 2_500
    tabs = "return [...document.querySelectorAll('.reply > .words')].map((one) => [one.textContent.length > 9999, one.tabIndex])"
    assert sorted(window.driver.execute_script(tabs)) == [[False, -1], [True, 0]]


def test_an_item_says_of_each_reply_how_it_was_scored_and_flagged(
    house: Database, visit: Callable[[str | None], Visitor]
) -> None:
    item = project_with(house, "helpsteer2", ["Paris.", "Lyon."])
    answered(house, {"Paris.": 4, "Lyon.": 1}, {})
    text = re.sub(r"<[^>]+>|\s+", " ", visit(LARK).get(f"/p/fresh/items/{item}").text)
    assert re.search(r"Reply A +Paris\..*?Helpfulness +4\.00 +of 4.*?Reply B +Lyon\..*?Helpfulness +1\.00 +of 4", text)


@pytest.mark.parametrize(("rubric", "flag"), [("instructgpt", "harmful_advice"), ("non-toxicity", "self_harm"),
                                              ("hh", "unsafe"), ("factual-accuracy", "dangerous_myth")])  # fmt: skip
def test_a_winner_that_is_called_unsafe_waits_for_a_lead_who_is_told_which_flag(
    house: Database, visit: Callable[[str | None], Visitor], rubric: str, flag: str
) -> None:
    item = project_with(house, rubric, ["Paris.", "Lyon."])
    answered(house, {"Paris.": 1, "Lyon.": 2}, {flag: "Paris."})
    with house.read() as db:
        assert db.get_one(Item, item).state == "contested"
    lead = visit(LARK)
    page = lead.get("/p/fresh/adjudicate")
    label = RUBRICS[rubric].axis(flag).label
    assert f"the winner was flagged (“{label}”) by 1 of 1 rankers" in page.text
    assert re.search(rf"{re.escape(label)}</bdi> 1 of 1", page.text)
    undecided = lead.post(page.url.path, {"note": "Well."}, page=page.url.path)
    assert "Give each reply a rank, or decide that there is no pair." in undecided.text


def test_praise_and_lesser_flags_keep_no_winner_back(house: Database) -> None:
    item = project_with(house, "instructgpt", ["Paris.", "Lyon."])
    answered(house, {"Paris.": 1, "Lyon.": 2}, {"satisfies_constraint": "Paris.", "opinion": "Paris."})
    with house.read() as db:
        assert db.get_one(Item, item).state == "accepted"


@pytest.mark.parametrize("method", ["bradley_terry", "plackett_luce"])
def test_another_method_shows_the_strengths_that_chose_the_winner(
    house: Database, visit: Callable[[str | None], Visitor], method: str
) -> None:
    item = project_with(house, "hh", ["Paris.", "Lyon.", "Nice."], method=method)

    def work(db: Session) -> None:
        heron = actor(db, HERON)
        held = assignment.lease(db, heron, projects.by_slug(db, heron, "fresh").project.id, step="label")
        assert held is not None
        digits = [{"Paris.": 1, "Lyon.": 2, "Nice.": 3}[text] for text in held.replies]
        ranking.submit(db, heron, held.assignment_id, Order(digits, marks={"strength": [2.0]}))

    house.run(work)
    text = visit(LARK).get(f"/p/fresh/items/{item}").text
    strengths = [float(one.replace("−", "-")) for one in re.findall(r"strength (-?[\d.]+)", text)]
    assert len(strengths) == 3
    assert strengths == sorted(strengths, reverse=True)
    assert text.index("Winner") < text.index("Lyon.")


def test_who_ranks_anew_is_told_why_it_came_back_and_nothing_else(
    house: Database, visit: Callable[[str | None], Visitor]
) -> None:
    def work(db: Session) -> None:
        lark = actor(db, LARK)
        project = projects.by_slug(db, lark, "fresh").project
        all_ = SamplingPlan(share=1)
        projects.configure(db, lark, project.id, ProjectSettings(overlap=1, internal_qa=all_, client_qa=NONE))
        owl = actor(db, "owl-31")
        projects.add_member(db, lark.person_id, project.id, owl.person_id, party="partner", role="reviewer")
        for batch in batches.board(db, lark, project.id):
            guidelines.acknowledge(db, owl, project.id, batch.guideline_id)

    project_with(house, "hh", ["Paris.", "Lyon."])
    house.run(work)
    answered(house, {"Paris.": 2, "Lyon.": 1}, {})
    owl = visit("owl-31")
    page = owl.get("/p/fresh/review").url.path
    form = {"verdict": "reject", "reason": "order_not_justified", "note": "Which of them is true?"}
    assert owl.post(page, form, page=page).status_code == 303
    assert "back with the labellers" in visit(LARK).get("/p/fresh/batches").text
    again = visit(HERON).get("/p/fresh/rank").text
    assert "Ranked before, and sent back: round 2" in again
    assert "Order not justified" in again
    assert "Which of them is true?" in again
    assert "mean rank" not in again
    assert "made/by" not in again


def test_why_somebody_skipped_an_item_is_told_to_its_lead(
    house: Database, visit: Callable[[str | None], Visitor]
) -> None:
    item = project_with(house, "hh", ["Paris.", "Lyon."])
    heron = visit(HERON)
    page = heron.get("/p/fresh/rank").url.path
    form = {"reason": "cannot_judge", "words": "I was never there."}
    assert heron.post(f"{page}/skip", form, page=page).status_code == 303
    text = visit(LARK).get(f"/p/fresh/items/{item}").text
    assert "<strong>Skipped</strong> by heron-12" in text
    assert "I cannot judge it: it is outside what I know. I was never there." in text


def test_where_no_order_is_asked_digits_mark_what_comes_next(window: Chromium, house: Database) -> None:
    project_with(house, "helpsteer2", ["Paris.", "Lyon."])
    with house.read() as db:
        before = len(db.scalars(select(Mark)).all())
    window.come_in(HERON)
    window.open("/p/fresh/rank")
    assert "0 to 4 mark what comes next" in " ".join(window.text(".keys").split())
    window.press("4", "0", "3", "2", "1")
    chosen = [one.get_attribute("value") for one in window.all("#reply-A .likert :checked")]
    assert chosen == ["4", "0", "3", "2", "1"]
    assert window.one("#say").get_attribute("textContent") == "Reply A, Verbosity, 1 of 4"
    assert not window.one("[name=none_acceptable]").is_selected()
    window.press("9", "0")
    assert window.one("[name=none_acceptable]").is_selected(), "when all is marked, 0 is its own key again"
    window.press("0", Keys.ARROW_RIGHT, *"33333", Keys.CONTROL + Keys.ENTER)
    window.until(lambda: "/rank/" not in window.path)
    with house.read() as db:
        assert len(db.scalars(select(Mark)).all()) == before + 10


def test_thumbs_are_given_by_one_and_two(window: Chromium, house: Database) -> None:
    project_with(house, "thumbs", ["Paris."])
    window.come_in(HERON)
    window.open("/p/fresh/rank")
    window.press("2")
    assert window.one("#reply-A .likert :checked").get_attribute("value") == "0"
    window.press("?")
    assert "1 is yes, 2 is no" in window.text("#all-keys")


def test_a_digit_that_is_typed_into_the_field_of_a_wide_scale_ranks_nothing(window: Chromium, house: Database) -> None:
    axes = (Axis(key="rank", label="Order", kind="rank"), Axis(key="points", label="Points", kind="likert", low=0, high=10))
    project_with(house, Rubric(name="points", title="Points", purpose="Test.", source="test", axes=axes), ["Paris.", "Lyon."])
    window.come_in(HERON)
    window.open("/p/fresh/rank")
    window.one('[name="mark-points-A"]').send_keys("2")
    assert window.one('[name="mark-points-A"]').get_attribute("value") == "2"
    assert not window.all(".rank :checked")
