"""The pages that one meets by the way, in a real Chromium: the first door, an invitation, an item, a cell, an empty queue,
a refusal, the keys, the reasons to skip, what stops a seal, a webhook; at each width, light and dark, and for everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from selenium.webdriver.common.keys import Keys
from sqlalchemy import select, update

from studio.browsers import Chromium, listening
from studio.letters import letters
from trivium.human.store import migrate
from trivium.human.store.columns import now
from trivium.human.store.database import Database
from trivium.human.store.journal import Outbox, Webhook
from trivium.human.store.work import Item


class Walk:
    """Gathers what is wrong with the pages that were looked at."""

    def __init__(self, window: Chromium) -> None:
        self.window = window
        self.wrong: list[str] = []
        window.complaints()

    def look(self, name: str, again: Callable[[], object] = lambda: None, allow: str = "\0") -> None:
        """Look at the page that is open; `again` brings back what a new size of the window closes."""
        self.wrong += [f"{name}: {one}" for one in self.window.violations()]
        for suffix, width, dark in (("", 1280, False), ("-phone", 390, False), ("-dark", 1280, True)):
            again()
            if self.window.shot(name + suffix, width, dark) > width:
                self.wrong.append(f"{name}: wider than {width}")
        said = [one for one in self.window.complaints() if "password" not in one.lower() and allow not in one]
        self.wrong += [f"{name}: {one}" for one in said]


def test_the_first_page_of_a_new_house_and_the_empty_home_behind_it(chromium: Chromium, tmp_path: Path) -> None:
    database = Database(str(tmp_path / "new.db"))
    migrate.prepare(database)
    with listening(database, demo=False) as address:
        chromium.at = address
        chromium.driver.delete_all_cookies()
        walk = Walk(chromium)
        chromium.open("/")
        assert chromium.path == "/welcome"
        walk.look("welcome")
        chromium.write("#email", "a@example.org")
        chromium.write("#password", "a long enough password")
        chromium.press(Keys.ENTER)
        chromium.until(lambda: chromium.path == "/")
        walk.look("home-new")
        chromium.driver.get("about:blank")
    database.close()
    assert not walk.wrong, "\n".join(walk.wrong)


def test_an_invitation_is_taken_by_who_is_new_and_by_who_is_known(window: Chromium) -> None:
    walk, links = Walk(window), []
    window.come_in("lark-01")
    for _ in range(2):
        window.open("/p/everyday-help/members")
        window.one('form[action="/p/everyday-help/members"] .btn.primary').click()
        window.until(lambda: window.all("#invitation"))
        links.append(window.text("#invitation"))
    walk.look("invited")
    window.driver.delete_all_cookies()
    window.driver.get(links[0])
    walk.look("join")
    window.write("#email", "new@example.org")
    window.write("#password", "short")
    window.press(Keys.ENTER)
    window.until(lambda: window.all(".error"))
    walk.look("join-refused", allow="422")
    window.come_in("tern-04")
    window.driver.get(links[1])
    walk.look("join-known")
    window.one("main .btn.primary").click()
    window.until(lambda: "/join/" not in window.path)
    assert window.path in ("/", "/p/everyday-help/guideline")
    assert not walk.wrong, "\n".join(walk.wrong)


def test_an_item_a_cell_and_what_is_not_for_one(window: Chromium) -> None:
    walk = Walk(window)
    window.come_in("lark-01")
    for start, selector, name in (
        ("/p/everyday-help/batches/1", 'main a[href*="/items/"]', "item-ranked"),
        ("/p/plain-words/batches/1", 'main a[href*="/items/"]', "item-written"),
        ("/p/plain-words/coverage?as=list", 'main a[href*="/coverage/"]', "cell"),
    ):
        window.open(start)
        address = window.one(selector).get_attribute("href")
        window.driver.get(str(address))
        walk.look(name)
    window.come_in("heron-12")
    window.open("/p/everyday-help/members")
    assert "may not" in window.text("main")
    walk.look("forbidden", allow="403")
    window.open("/p/no-such-project")
    walk.look("unknown", allow="404")
    assert not walk.wrong, "\n".join(walk.wrong)


def test_an_empty_queue_the_keys_and_the_reasons_to_skip(window: Chromium, house: Database) -> None:
    walk = Walk(window)
    window.come_in("heron-12")
    window.open("/p/everyday-help/rank")

    def keys() -> None:
        if window.one("#all-keys").get_attribute("open") is None:
            window.press("?")

    keys()
    walk.look("keys", keys)
    window.press(Keys.ESCAPE)
    window.one("#skip").click()
    walk.look("skip")
    window.press(Keys.ESCAPE)
    with house.write() as db:
        db.execute(update(Item).values(taken=Item.wanted))
    for name, place in (("tern-04", "/p/plain-words/write"), ("owl-31", "/p/plain-words/review"),
                        ("gull-20", "/p/door-watch/judge"), ("lark-01", "/p/everyday-help/adjudicate")):  # fmt: skip
        window.come_in(name)
        window.open(place)
        walk.look(f"empty-{place.rsplit('/', 1)[-1]}")
    assert not walk.wrong, "\n".join(walk.wrong)


def test_what_stops_a_seal_and_a_webhook_that_nobody_answers(window: Chromium, house: Database) -> None:
    walk = Walk(window)
    letters(house)
    window.come_in("lark-01")
    window.open("/p/letters/deliveries")
    walk.look("seal-next")
    window.one('[name="do"][value="seal"]').click()
    window.until(lambda: "Not sealed" in window.text("main"))
    walk.look("seal-stopped")
    window.one('.tick [name="item"]').click()
    window.one('form[action$="/cleared"] .btn').click()
    window.until(lambda: "let pass" in window.text("main"))
    window.one('[name="do"][value="seal"]').click()
    window.until(lambda: "is sealed" in window.text("main"))
    walk.look("sealed")
    window.open("/p/letters/members")
    window.write("#url", "https://data.example.org/trivium")
    window.write("#topics", "delivery.sealed, delivery.accepted")
    window.press(Keys.ENTER)
    window.until(lambda: window.all("#hook"))
    walk.look("webhook-made")
    with house.write() as db:
        hook = db.scalars(select(Webhook.id)).one()
        for state, error in (("sent", ""), ("waiting", "503 Service Unavailable"), ("given_up", "no answer in 10 s")):
            db.add(Outbox(webhook_id=hook, topic="delivery.sealed", payload={}, state=state, last_error=error,
                          due_at=now() + timedelta(days=1)))  # fmt: skip
    window.open("/p/letters/members")
    walk.look("webhook-failing")
    assert not walk.wrong, "\n".join(walk.wrong)
