"""Where the focus is: in the dialog while it is open, back where it was, on the next item, and never on nothing."""

from __future__ import annotations

from selenium.webdriver.common.keys import Keys

from studio.browsers import Chromium

ACTIVE = "const at = document.activeElement; return at.id || at.dataset.slot || at.className || at.tagName;"
INSIDE = "return Boolean(document.activeElement.closest('dialog[open]'));"
COVERED = """
const at = document.activeElement.getBoundingClientRect();
const bar = document.querySelector('.act').getBoundingClientRect();
return at.bottom > bar.top + 1 && at.top < bar.bottom;"""


def active(window: Chromium) -> str:
    return str(window.driver.execute_script(ACTIVE))


def test_a_dialog_keeps_the_focus_and_gives_it_back(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    assert active(window) == "reply-A"
    for opens in (lambda: window.press("?"), lambda: window.press("s")):
        before = active(window)
        opens()
        assert window.driver.execute_script(INSIDE)
        for _ in range(12):
            window.press(Keys.TAB)
            inside, tag = window.driver.execute_script(INSIDE), active(window)
            assert inside or tag == "BODY", "the browser's own bar is the only other place"
        window.press(Keys.ESCAPE)
        assert active(window) == before


def test_after_sending_the_focus_is_on_the_next_item_and_it_is_said(window: Chromium) -> None:
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")
    first = window.path
    window.press("1", Keys.ARROW_RIGHT, "2", Keys.ARROW_RIGHT, "3", Keys.ARROW_RIGHT, "4")
    assert window.one("#say").get_attribute("textContent") == "Reply D, 4"
    window.driver.execute_script("for (const box of document.querySelectorAll('.likert input[value=\"3\"]')) box.click();")
    window.press(Keys.CONTROL + Keys.ENTER)
    window.until(lambda: window.path != first)
    assert active(window) == "reply-A"
    window.until(lambda: "Sent." in (window.one("#announce").get_attribute("textContent") or ""))
    assert window.one("#announce").get_attribute("role") == "status"
    window.one('.likert input[value="3"]').send_keys(Keys.SPACE)
    window.press(Keys.CONTROL + Keys.ENTER)
    assert not window.one("#submit").is_enabled(), "nothing is sent before all are ranked"


def test_every_stop_of_the_tab_key_is_seen_and_none_is_under_the_bar(window: Chromium) -> None:
    for name, place in (("heron-12", "/p/everyday-help/rank"), ("tern-04", "/p/plain-words/write"), ("owl-31", "/p/plain-words/review")):
        window.come_in(name)
        window.open(place)
        window.size(1280, 600)
        window.driver.execute_script("document.querySelector('.skip').focus()")
        stops: list[str] = []
        for _ in range(80):
            window.press(Keys.TAB)
            at = active(window)
            if at == "BODY" or window.driver.execute_script("return document.activeElement.matches('a.skip')"):
                break
            inside = window.driver.execute_script("return Boolean(document.activeElement.closest('main, .drawer'))")
            if inside:
                assert not window.driver.execute_script(COVERED), f"{place}: {at} lies under the bar"
            stops.append(at)
        assert len(stops) > 8, place
        assert stops[0] == "brand"
        assert "submit" in stops or not window.one("#submit").is_enabled(), stops
        window.size(1280)


def test_the_link_to_the_work_leads_there(window: Chromium) -> None:
    window.come_in("lark-01")
    window.open("/p/plain-words/coverage")
    window.press(Keys.TAB)
    assert active(window) == "skip"
    window.press(Keys.ENTER, Keys.TAB)
    assert window.driver.execute_script("return Boolean(document.activeElement.closest('main'))")
