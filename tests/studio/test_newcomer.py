"""What people do who were not told how it is meant: press twice, go back, paste a book, lose their session, look into nothing."""

from __future__ import annotations

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
