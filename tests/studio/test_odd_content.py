"""Texts that no page was drawn for, and people who see pages as they were not drawn: nothing overflows, hides or is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys
from sqlalchemy import select

from studio.browsers import Chromium, listening
from trivium.human.desk import batches, guidelines, people, pool, projects
from trivium.human.desk.batches import NewReply
from trivium.human.desk.pool import NewPrompt
from trivium.human.desk.settings import ProjectSettings
from trivium.human.rubrics import RUBRICS
from trivium.human.store.database import Database
from trivium.human.store.people import Person
from trivium.records import Prompt

REPLIES = (
    "word " * 4_000,
    "```python\nvalues = [" + ", ".join(f'"value number {n}"' for n in range(60)) + "]\n```\n\n`" + "no_place_to_break" * 9 + "`",
    "| name | age | town | what they said | another |\n|---|--:|---|---|---|\n| Ada | 36 | London | " + "on and on " * 9 + "| x |\n",
    "See https://example.org/" + "a" * 280 + " for more.",
    "قال لي صديقي John Smith من مدينة New York إن الاجتماع يوم 12/11، ثم رحل.\n\n1. أولًا\n2. ثانيًا",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำแต่ผู้อ่านก็เข้าใจได้ดีเพราะรู้จักคำต่างๆ" * 3,
    "👩‍🔬🧑‍🚀 🏳️‍🌈 🇩🇪 e\u0301 Z" + "\u0334\u031b\u0357\u0321\u0316" * 12 + "algo",
    " ",
    "# Head\n\n> said by another\n\n- one\n  - two\n    - three\n\n---\n\n**bold** [link](https://example.org) <script>x</script>",
)
SPACED = """
const sheet = new CSSStyleSheet();
sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important} p{margin-block-end:2em!important}');
document.adoptedStyleSheets = [sheet];"""
OUTSIDE = """
return [...document.querySelectorAll('.reply')].flatMap((card) => {
  const box = card.getBoundingClientRect();
  return [...card.querySelectorAll('.keyset, .words, h3, fieldset, .toggle, .words > p')]
    .filter((part) => !part.closest('.scroll, pre'))
    .filter((part) => { const at = part.getBoundingClientRect(); return at.left < box.left - 1 || at.right > box.right + 1; })
    .map((part) => `${card.dataset.slot}: ${part.className || part.tagName}`);
});"""


@pytest.fixture
def window(chromium: Chromium, house: Database) -> Iterator[Chromium]:
    with house.write() as db:
        who = {row.pseudonym: people.actor_of(db, row.id) for row in db.scalars(select(Person))}
        lead = who["lark-01"]
        title = "Odd, with a title that is as long as titles get, النص الطويل"
        made = projects.create(db, lead, "odd", title, "comparison", ProjectSettings(overlap=3, num_replies=9))
        projects.add_member(db, lead.person_id, made.id, who["finch-07"].person_id, party="internal", role="labeller")
        text = "# Odd\n\n" + "a long line of a guideline " * 90 + "\n\n```\n" + "code " * 80 + "\n```\n"
        told = guidelines.draft(db, lead, made.id, text, rubric=RUBRICS["general"].model_dump(mode="json"))
        guidelines.publish(db, lead, made.id, told.id)
        guidelines.acknowledge(db, who["finch-07"], made.id, told.id)
        prompt = Prompt.of("Was ist " + "sehr " * 30 + "https://example.org/" + "b" * 200, origin="dataset", source="s")
        batch = batches.open_batch(db, lead, made.id)
        item = batches.add_prompts(db, lead, batch.id, pool.add(db, lead, made.id, [NewPrompt(prompt, language="de")]).ids)
        batches.add_replies(db, lead, batch.id, {item[0]: [NewReply(reply, "m") for reply in REPLIES]})
        batches.start(db, lead, batch.id)
    with listening(house) as address:
        chromium.at = address
        chromium.size(1280)
        chromium.come_in("finch-07")
        chromium.open("/p/odd/rank")
        yield chromium
        chromium.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
        chromium.size(1280)
        chromium.driver.get("about:blank")


def test_nine_odd_replies_stay_in_their_cards_at_every_width_zoom_and_spacing(window: Chromium) -> None:
    texts = " ".join(one.text for one in window.all(".reply .words"))
    assert "This reply is empty." in texts
    assert "<script>x</script>" in texts
    wrong = []
    for width, spaced in ((1280, False), (640, False), (390, False), (320, False), (1280, True), (640, True), (390, True)):
        window.size(width)
        window.driver.execute_script(SPACED if spaced else "document.adoptedStyleSheets = [];")
        wide = int(window.driver.execute_script("return document.documentElement.scrollWidth"))
        wrong += [f"{width}, {spaced}: {wide} wide"] if wide > width else []
        wrong += [f"{width}, {spaced}: {one}" for one in window.driver.execute_script(OUTSIDE)]
        wrong += [f"{width}, {spaced}, {one}" for one in window.small()]
    window.driver.execute_script("document.adoptedStyleSheets = [];")
    window.size(1280)
    wrong += window.violations()
    assert not wrong, "\n".join(wrong)


def test_a_reply_is_ranked_from_the_middle_of_it(window: Chromium) -> None:
    longest = next(one for one in window.all(".reply") if len(one.text) > 10_000)
    window.driver.execute_script("arguments[0].scrollIntoView({ block: 'start' }); scrollBy(0, 600);", longest)
    digit = longest.find_element("css selector", '.rank input[value="2"]')
    at = window.driver.execute_script("return arguments[0].getBoundingClientRect().top", digit)
    assert 0 <= at < 60
    digit.click()
    assert digit.is_selected()


def test_what_is_chosen_is_seen_in_the_reader_s_own_colours(window: Chromium) -> None:
    window.press("1", Keys.ARROW_RIGHT, "2")
    window.driver.execute_script("""document.querySelector('.likert input[value="3"]').click()""")
    features = [{"name": "forced-colors", "value": "active"}, {"name": "prefers-color-scheme", "value": "dark"}]
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    painted = "return getComputedStyle(document.querySelector(arguments[0])).backgroundColor"
    for chosen, other in (
        ('.rank input[value="1"]:checked + span', '.rank input[value="4"]:not(:checked) + span'),
        ('.likert input[value="3"]:checked + span', '.likert input[value="4"]:not(:checked) + span'),
    ):
        assert window.driver.execute_script(painted, chosen) != window.driver.execute_script(painted, other), chosen
    edge = "return getComputedStyle(document.querySelector(arguments[0])).borderBlockEndColor"
    here, elsewhere = ".top nav a[aria-current]", ".top nav a:not([aria-current])"
    assert window.driver.execute_script(edge, here) != window.driver.execute_script(edge, elsewhere)


def test_paper_has_the_work_and_no_buttons(window: Chromium) -> None:
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    assert not [one for one in window.all(".top, .where, .act, .btn") if one.is_displayed()]
    assert len([one for one in window.all(".reply .words") if one.is_displayed()]) == len(REPLIES)
