"""The Studio in a real Chromium: by keys, by hand, without a line, narrow, dark, and from right to left."""

from __future__ import annotations

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select

from studio.browsers import Chromium
from trivium.core.words import count_words
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.human.store.work import Judgement, Mark, Reply


def order(window: Chromium) -> list[str]:
    return [row.text.replace("\n", " ") for row in window.all("#order > li.group")]


def last_ranks(house: Database, name: str) -> dict[str, float]:
    """Return reply → rank of what the person sent in last, each reply in the words that the page shows.

    Markdown makes a list of a reply that begins with "1. ", and a list's number is no text of the page.
    """
    with house.read() as db:
        person = db.scalar(select(Person.id).where(Person.pseudonym == name))
        judgement = db.scalar(
            select(Judgement.id)
            .where(Judgement.person_id == person, Judgement.step == "label")
            .order_by(Judgement.created_at.desc())
        )
        rows = db.execute(
            select(Reply.content, Mark.value)
            .join(Reply, Reply.id == Mark.response_id)
            .where(Mark.judgement_id == judgement, Mark.axis == "rank")
        )
        return {row.content.removeprefix("1. "): row.value for row in rows}


def score_all(window: Chromium, value: int = 3) -> None:
    window.driver.execute_script(
        "for (const box of document.querySelectorAll('.likert input[value=\"' + arguments[0] + '\"]')) box.click();",
        value,
    )


def drag(window: Chromium, chip: str, onto: str) -> None:
    source = next(one for one in window.all(".chip-slot") if one.text == chip)
    target = next(one for one in window.all(".chip-slot") if one.text == onto)
    hand = ActionChains(window.driver, duration=40).click_and_hold(source).move_by_offset(8, 0)
    hand.move_to_element(target).move_by_offset(2, 0).move_by_offset(-1, 0).release().perform()


def test_an_order_with_a_tie_is_made_by_keys_alone_and_kept(window: Chromium, house: Database) -> None:
    window.come_in("heron-12")
    window.press(Keys.ENTER)
    window.until(lambda: "/rank/" in window.path)
    texts = {
        card.get_attribute("data-slot"): card.find_element("css selector", ".words").text
        for card in window.all(".reply")
    }
    assert not window.one("#submit").is_enabled()
    assert window.text("#ready") == "Still to rank: A, B, C, D"
    window.press("1", Keys.ARROW_RIGHT, "4", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "2")
    assert window.text("#ready") == "All ranked"
    assert order(window) == ["1 A", "2 C D", "4 B"]
    assert window.text("#tied-C") == "tie with D"
    score_all(window)
    window.finish()
    window.until(lambda: "/rank/" in window.path)
    assert "Sent." in window.text("body")
    ranks = last_ranks(house, "heron-12")
    assert {slot: ranks[text] for slot, text in texts.items()} == {"A": 1, "B": 4, "C": 2, "D": 2}


def test_none_is_acceptable_by_a_key_beside_an_order_and_a_note(window: Chromium, house: Database) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4", "0")
    box = window.one("[name=none_acceptable]")
    assert box.is_selected()
    window.press("0")
    assert not box.is_selected(), "the key takes back what it said"
    window.press("0", "n", "All four are rude.")
    assert window.one("#note").get_attribute("value") == "All four are rude."
    assert order(window) == ["1 A", "2 B", "3 C", "4 D"]
    score_all(window)
    first = window.path
    window.press(Keys.CONTROL + Keys.ENTER)
    window.until(lambda: window.path != first)
    assert sorted(last_ranks(house, "heron-12").values()) == [1, 2, 3, 4]
    with house.read() as db:
        row = db.scalar(select(Judgement).where(Judgement.step == "label").order_by(Judgement.created_at.desc()))
        assert row is not None
        assert (row.none_acceptable, row.note) == (True, "All four are rude.")


def test_a_step_is_taken_back_by_a_key_or_a_button_and_a_chip_that_is_put_away_has_no_rank(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    assert not window.one("#undo").is_enabled()
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_LEFT, "3")
    assert order(window) == ["1 B", "2 A"]
    window.press("z")
    assert order(window) == ["1 A", "2 B"]
    assert window.one("#say").get_attribute("textContent") == "Taken back"
    window.one("#undo").click()
    assert order(window) == ["1 A"]
    window.one("#note").send_keys("ab", Keys.CONTROL, "z")
    assert order(window) == ["1 A"], "where one types the key is the text's own"
    drag(window, "A", "B")
    window.until(lambda: order(window) == [])
    assert not window.all(".rank input:checked")
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    window.driver.refresh()
    assert order(window) == [], "the draft knows it, too"


def test_nothing_moves_for_who_wants_it_still(window: Chromium) -> None:
    moving = """return [...document.querySelectorAll('*')].flatMap((one) => ['', '::before', '::after'].map((part) => [one, part]))
      .filter(([one, part]) => { const style = getComputedStyle(one, part || null);
        return /[1-9]/.test(style.transitionDuration) || style.animationName !== 'none' || style.scrollBehavior === 'smooth'; })
      .map(([one, part]) => one.outerHTML.slice(0, 80) + part)"""
    window.come_in("heron-12")
    for place in ("/", "/p/everyday-help/rank"):
        window.open(place)
        assert window.driver.execute_script(moving), "colours fade under the pointer, else this proves nothing"
        window.size(1280, still=True)
        assert window.driver.execute_script(moving) == []
        window.size(1280)


def test_the_next_item_comes_into_the_page_that_stands(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    window.driver.execute_script("window.stands = true")
    paths = [window.path]
    for _ in range(2):
        window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4")
        assert order(window) == ["1 A", "2 B", "3 C", "4 D"]
        score_all(window)
        window.finish()
        paths.append(window.path)
        assert window.driver.switch_to.active_element.get_attribute("id") == "reply-A"
        assert order(window) == []
        window.until(lambda: window.one("#announce").get_attribute("textContent") == "Sent.")
    assert window.driver.execute_script("return window.stands")
    assert len(set(paths)) == 3
    assert not window.violations()
    assert window.shot("rank-next") == 1280
    prompt, address = window.text(".prompt .words"), window.driver.current_url
    window.one("#note").send_keys("kept")
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    window.driver.refresh()
    assert (window.text(".prompt .words"), window.driver.current_url) == (prompt, address)
    assert window.one("#note").get_attribute("value") == "kept"
    window.driver.back()
    window.until(lambda: window.path == "/")


def test_the_same_order_is_made_by_dragging(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4")
    assert order(window) == ["1 A", "2 B", "3 C", "4 D"]
    drag(window, "D", "A")
    window.until(lambda: "1 A D" in order(window) or "1 D A" in order(window))
    assert window.one('[name="rank-D"][value="1"]').is_selected()
    assert window.one('[name="rank-B"][value="3"]').is_selected()


def test_single_keys_can_be_turned_off_and_never_act_where_one_types(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    window.one("#note").send_keys("1 s 0 g")
    assert window.one("#note").get_attribute("value") == "1 s 0 g"
    assert order(window) == []
    window.driver.execute_script("document.activeElement.blur()")
    window.press("?")
    window.until(lambda: window.one("#all-keys").get_attribute("open") is not None)
    window.one("#single-keys").click()
    window.press(Keys.ESCAPE)
    window.one("#reply-A").click()
    window.press("1")
    assert order(window) == []


def test_a_draft_outlives_the_page_and_the_browser_s_memory(window: Chromium) -> None:
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.write("#prompt", "What should I cook for six friends tonight?")
    window.write("#reply", "A big pot of lentil soup with bread.")
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    window.driver.execute_script("localStorage.clear()")
    window.driver.refresh()
    assert window.one("#reply").get_attribute("value") == "A big pot of lentil soup with bread."
    assert window.text("#prompt-count .num") == "8 words"


@pytest.mark.parametrize(
    "text", ["我喜欢北京。 Really?", "これは日本語の文章です。", "ฉันรักภาษาไทย", "don't stop – 3.5 km", "។"]
)
def test_the_page_counts_words_as_the_requirement_does(window: Chromium, text: str) -> None:
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.write("#prompt", text)
    number = count_words(text)
    assert window.text("#prompt-count .num") == f"{number} word{'s' if number != 1 else ''}"


def test_a_lost_line_is_a_notice_and_the_work_goes_out_by_itself(window: Chromium, house: Database) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    first = window.path
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4")
    score_all(window)
    window.offline(True)
    window.press(Keys.CONTROL + Keys.ENTER)
    window.until(lambda: window.one("#lost").is_displayed())
    assert "Not sent: the connection is gone." in window.text("#lost")
    assert order(window) == ["1 A", "2 B", "3 C", "4 D"]
    window.offline(False)
    window.until(lambda: window.path != first and "/rank" in window.path)
    assert sorted(last_ranks(house, "heron-12").values()) == [1, 2, 3, 4]


def test_a_near_duplicate_is_told_while_one_writes(window: Chromium, house: Database) -> None:
    from trivium.human.store.projects import PoolPrompt, Project

    with house.read() as db:
        known = db.scalar(select(PoolPrompt.search_text).join(Project, Project.id == PoolPrompt.project_id)
                          .where(Project.slug == "plain-words", PoolPrompt.num_words > 8))  # fmt: skip
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.write("#prompt", str(known))
    window.until(lambda: "Close to a prompt that is there already." in window.text("#near"))


def test_a_text_that_attacks_acts_in_no_page(window: Chromium) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> [x](javascript:document.title='owned')"
    window.come_in("tern-04")
    window.open("/p/plain-words/write")
    window.write("#prompt", f"Is this safe? {attack}")
    window.write("#reply", attack)
    window.until(lambda: window.text("#draft").startswith("Draft saved"))
    window.driver.refresh()
    assert "owned" not in window.driver.title
    assert not window.all("main img")


PLACES = {
    "lark-01": ("/", "/p/plain-words/coverage", "/p/plain-words/coverage?as=list", "/p/plain-words/batches",
                "/p/everyday-help/guideline", "/p/everyday-help/guideline/edit", "/p/plain-words/requirement",
                "/p/everyday-help/quality", "/p/everyday-help/quality?tab=people", "/p/everyday-help/quality?tab=gold",
                "/p/everyday-help/quality?tab=contested", "/p/everyday-help/quality?tab=diversity",
                "/p/everyday-help/deliveries", "/p/everyday-help/deliveries/m1/export?format=hh-rlhf",
                "/p/everyday-help/pool", "/p/everyday-help/batches/1", "/p/plain-words/members",
                "/p/plain-words/log?check=1", "/p/everyday-help/adjudicate", "/profile", "/projects/new",
                "/p/plain-words/no-such-page"),
    "tern-04": ("/", "/p/plain-words/write"),
    "heron-12": ("/", "/p/everyday-help/rank"),
    "owl-31": ("/p/plain-words/review",),
    "stork-09": ("/p/plain-words/deliveries",),
    "gull-20": ("/p/door-watch/judge",),
}  # fmt: skip


def test_every_page_stands_at_each_width_asks_nobody_else_and_can_be_used_by_all(window: Chromium) -> None:
    wrong: list[str] = []
    window.requests()
    window.complaints()
    window.driver.delete_all_cookies()
    for name, paths in {"": ("/sign-in",), **PLACES}.items():
        if name:
            window.come_in(name)
        for path in paths:
            window.open(path)
            label = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "home"
            label = f"{name}-{label}" if name else label
            wrong += [f"{path}: {one}" for one in window.violations()]
            window.open(path)
            wrong += [f"{path}: {one}" for one in window.small()]
            for suffix, width, dark in (("", 1280, False), ("-phone", 390, False), ("-dark", 1280, True)):
                if window.shot(label + suffix, width, dark) > width:
                    wrong.append(f"{path}: wider than {width}")
            said = [one for one in window.complaints() if "password" not in one.lower()]
            wrong += [f"{path}: {one}" for one in said if not ("404" in one and "no-such-page" in path)]
    assert window.requests() <= {window.at.removeprefix("http://")}
    assert not wrong, "\n".join(wrong)


def test_the_pages_of_work_run_from_right_to_left_in_arabic(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/profile")
    window.one('#locale option[value="ar"]').click()
    window.one('form[action="/profile/habits"] .btn').click()
    window.open("/p/everyday-help/rank")
    assert window.one("html").get_attribute("dir") == "rtl"
    assert window.text("#ready").startswith("بقي للترتيب")
    brand, who = window.one(".brand").rect, window.one(".who").rect
    assert brand["x"] > who["x"]
    window.press("1", Keys.ARROW_LEFT, "2")
    assert order(window) == ["1 A", "2 B"]
    assert window.shot("rank-arabic") == 1280
