"""What people do who were not told how it is meant: press twice, go back, paste a book, lose their session, look into nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from selenium.webdriver.common.keys import Keys
from sqlalchemy import func, select, update

from studio.browsers import Chromium, listening
from studio.reading import read
from studio.visitors import Visitor
from trivium.human.store.database import Database
from trivium.human.store.people import Person, SignIn
from trivium.human.store.work import Judgement, Reply

MIXED = "Was ist 🐙? ما هذا؟ שלום 👩‍🔬 e\u0301"


@pytest.fixture
def window(chromium: Chromium, house: Database) -> Iterator[Chromium]:
    with listening(house, form_bytes=60_000) as address:
        chromium.at = address
        chromium.size(1280)
        yield chromium
        chromium.driver.get("about:blank")


def write(window: Chromium, prompt: str, reply: str) -> None:
    """Fill in a pair by keys alone: cells, prompt, reply, marks follow each other."""
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.write("#prompt", prompt)
    window.press(Keys.TAB)
    window.press(reply)
    window.one('#domain option[value="geography"]').click()


def written_by(house: Database, name: str) -> int:
    with house.read() as db:
        query = select(func.count()).select_from(Judgement).join(Person, Person.id == Judgement.person_id)
        return int(db.scalar(query.where(Person.pseudonym == name, Judgement.step == "write")) or 0)


def test_sending_twice_counts_once_and_going_back_leads_on(window: Chromium, house: Database) -> None:
    before = written_by(house, "tern-04")
    write(window, "Which animal has three hearts, and why does it?", "The octopus.")
    first = window.driver.current_url
    window.driver.execute_script(
        "const f = document.getElementById('demonstration'); f.requestSubmit(); f.requestSubmit(); f.requestSubmit();"
    )
    window.until(lambda: window.driver.current_url != first and "/write/" in window.path)
    window.driver.back()
    window.until(lambda: window.driver.current_url != first)
    assert written_by(house, "tern-04") == before + 1


def test_letters_of_every_kind_arrive_as_they_were_typed(window: Chromium, house: Database) -> None:
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.driver.execute_script(
        "for (const [id, text] of [['prompt', arguments[0]], ['reply', arguments[0]]]) {"
        "const area = document.getElementById(id); area.value = text;"
        "area.dispatchEvent(new Event('input', {bubbles: true})); }",
        MIXED,
    )
    window.one('#domain option[value="culture"]').click()
    first = window.driver.current_url
    window.finish()
    window.until(lambda: window.driver.current_url != first)
    with house.read() as db:
        assert db.scalar(select(func.count()).where(Reply.content == MIXED)) == 1


def test_a_book_that_is_pasted_is_refused_in_words_and_stays(window: Chromium) -> None:
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.driver.execute_script(
        "const area = document.getElementById('reply'); area.value = 'word '.repeat(40000);"
        "area.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    window.write("#prompt", "Tell me everything, please, from the beginning.")
    window.until(lambda: "Too large" in window.text("#draft"))
    window.press(Keys.CONTROL + Keys.ENTER)
    window.until(lambda: "Too large" in window.text("#refused"))
    assert not window.one("#lost").is_displayed()
    assert len(window.one("#reply").get_attribute("value") or "") == 200_000


def test_a_session_that_ended_keeps_the_words_until_one_is_back(window: Chromium, house: Database) -> None:
    write(window, "How do I keep bread fresh for a week?", "In a box")
    with house.write() as db:
        db.execute(update(SignIn).values(expires_at=datetime(2000, 1, 1, tzinfo=UTC)))
    window.press(" of wood.")
    window.until(lambda: "signed out" in window.text("#draft"))
    window.come_in_beside("tern-04")
    window.open("/p/plain-words/write")
    window.until(lambda: window.one("#reply").get_attribute("value") != "")
    assert window.one("#prompt").get_attribute("value") == "How do I keep bread fresh for a week?"


def test_two_windows_on_one_text_do_not_overwrite_each_other(window: Chromium) -> None:
    write(window, "What is a good name for a grey cat?", "Ash")
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    first = window.driver.current_window_handle
    address = window.driver.current_url
    window.driver.switch_to.new_window("tab")
    window.driver.get(address)
    window.one("#reply").send_keys(", or Smoke")
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    window.driver.switch_to.window(first)
    window.one("#reply").send_keys(" or Fog")
    window.until(lambda: window.one("#ended").is_displayed())
    assert "another window" in window.text("#ended")
    assert window.one("#reply").get_attribute("value").endswith("Fog")
    for handle in window.driver.window_handles:
        if handle != first:
            window.driver.switch_to.window(handle)
            window.driver.close()
    window.driver.switch_to.window(first)


def test_a_pair_that_is_sent_for_another_cell_leaves_an_empty_sheet_behind(window: Chromium, house: Database) -> None:
    before = written_by(house, "tern-04")
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    other = next(one for one in window.all(".cells input") if not one.is_selected())
    window.driver.execute_script("arguments[0].click()", other)
    asks = json.loads(other.get_attribute("data-where") or "{}").get("prompt_length")
    window.write("#prompt", "How is snow made in March? " + "Say it slowly. " * {"medium": 50, "long": 200}.get(asks, 1))
    window.write("#reply", "Of water and cold air.")
    window.one('#domain option[value="science"]').click()
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    old = window.one("html")
    window.one("#submit").click()
    window.until(lambda: old != window.one("html"))
    assert written_by(house, "tern-04") == before + 1
    assert window.one("#prompt").get_attribute("value") == ""
    assert window.one("#reply").get_attribute("value") == ""
    assert len(window.all(".cells input:checked")) == 1


def test_choosing_another_cell_frees_what_only_the_one_before_fixed(window: Chromium) -> None:
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    chosen = ({"language": "th", "domain": "history", "persona": "yes"}, {"task_type": "extraction"})
    first, second = window.all(".cells input")[:2]
    for box, where in zip((second, first), chosen, strict=True):
        window.driver.execute_script(
            "arguments[0].dataset.where = arguments[1]; arguments[0].checked = false; arguments[0].click()",
            box, json.dumps(where),
        )  # fmt: skip
        marks = {name: window.one(f"#{name}").get_attribute("value") for name in ("language", "domain", "task_type")}
        persona = window.one("[name=persona]").is_selected()
        if "language" in where:
            assert (marks["language"], marks["domain"], persona) == ("th", "history", True)
            assert window.one("#prompt").get_attribute("lang") == "th"
    assert marks == {"language": "en", "domain": "", "task_type": "extraction"}
    assert not persona
    assert window.one("#prompt").get_attribute("lang") == "en"


def test_what_is_wrong_with_a_mark_is_told_below_it_and_not_across(window: Chromium) -> None:
    write(window, "Which animal has nine brains, and why?", "The octopus.")
    window.one('#domain option[value=""]').click()
    window.one("#submit").click()
    window.until(lambda: window.all(".error.sent"))
    error, select_ = window.one(".error.sent").rect, window.one("#domain").rect
    assert error["y"] >= select_["y"] + select_["height"]


def test_code_runs_from_left_to_right_in_every_text(window: Chromium, house: Database) -> None:
    window.come_in("owl-31")
    window.open("/p/plain-words/review")
    window.driver.execute_script(
        "document.querySelector('.answer .words').innerHTML = '<p>مرحبا</p><pre><code>print(1)</code></pre>'"
    )
    style = "return [...arguments].map((one) => getComputedStyle(document.querySelector(one)).direction)"
    assert window.driver.execute_script(style, ".answer .words pre", ".answer .words") == ["ltr", "rtl"]


def test_all_that_can_be_reached_by_keys_shows_where_one_is(window: Chromium) -> None:
    places = {"tern-04": "/p/plain-words/write", "owl-31": "/p/plain-words/review", "lark-01": "/p/everyday-help/quality"}
    for name, place in places.items():
        window.come_in(name)
        window.open(place)
        hidden = window.driver.execute_script("""
            const bare = [];
            for (const one of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
              if (one.disabled || !one.getClientRects().length || one.closest('dialog, [hidden]')) continue;
              one.focus({ focusVisible: true });
              if (document.activeElement !== one) continue;
              const drawn = [one, one.nextElementSibling, one.closest('.sheet')].some((part) => {
                if (!part) return false;
                const style = getComputedStyle(part);
                return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
              });
              if (!drawn) bare.push(one.outerHTML.slice(0, 120));
            }
            return bare;""")
        assert hidden == [], place


@pytest.mark.parametrize("kind", ["demonstration", "comparison", "redteam", "guard_review"])
def test_an_empty_project_says_on_each_page_what_to_do(visit: Callable[[str | None], Visitor], kind: str) -> None:
    lead = visit("lark-01")
    form = {"title": "Nothing yet", "slug": "nothing-yet", "kind": kind, "overlap": "3", "qa_party": "partner"}
    assert lead.post("/projects", form, page="/projects/new").status_code == 303
    opened = 0
    for place in ("coverage", "batches", "guideline", "guideline/edit", "quality", "quality?tab=people", "quality?tab=gold",
                  "quality?tab=contested", "quality?tab=diversity", "deliveries", "pool", "members", "log", "requirement"):  # fmt: skip
        answer = lead.get(f"/p/nothing-yet/{place}")
        assert answer.status_code == 200, place
        assert len(" ".join(read(answer.text).texts)) > 200
        opened += "empty" in answer.text
    assert opened >= 6
