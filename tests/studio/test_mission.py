"""The mission's own path, by people in a real browser: written, returned, written again, reviewed by both parties, sealed,
accepted; and ranked by five people, each alone, to mean ranks, a winner and a loser.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from databases import Databases, postgresql_cluster
from studio.browsers import Chromium, listening
from trivium.human.desk.milestone_files import fetch
from trivium.human.formats import read_comparisons, read_demonstrations
from trivium.human.ranking import aggregate, group
from trivium.human.store.database import Database
from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_prompt, write_prompts
from trivium.records import Comparison, Demonstration, Prompt

PASSWORD = "a long enough password"
WRITERS, LABELLERS = ("w1", "w2", "w3"), ("l1", "l2", "l3", "l4", "l5")
REPLIES = {"Paris.": 1, "It is Paris, I think.": 2, "Rome.": 3, "What is the capital of Spain?": 4}
MODEL = os.environ.get("TRIVIUM_MISSION_MODEL", "")
"""A model whose replies are ranked, such as quickstart/sft of the runs folder; without it they come from a file."""
RUNS = Path(os.environ.get("TRIVIUM_RUNS", "runs"))
NUM_PROMPTS = int(os.environ.get("TRIVIUM_MISSION_PROMPTS", "3"))
KEPT = os.environ.get("TRIVIUM_MISSION_KEPT", "")
"""A folder that the sealed milestones are copied to, to train on them."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("mission")
    if request.param == "sqlite":
        made = Databases(None, folder)
        yield made.new()
        made.close()
        return
    with postgresql_cluster() as cluster:
        made = Databases(cluster, folder)
        yield made.new()
        made.close()


@dataclass
class People:
    """Everybody of the mission, in one window that they share one after the other."""

    window: Chromium

    def send(self, selector: str = "main form .btn.primary") -> None:
        old = self.window.one("html")
        self.window.one(selector).click()
        self.window.until(lambda: self.window.all("html") and self.window.one("html") != old)

    def enter(self, name: str) -> None:
        """Sign in with e-mail and password."""
        self.window.driver.delete_all_cookies()
        self.window.open("/sign-in")
        self.window.write("#email", f"{name}@example.org")
        self.window.write("#password", PASSWORD)
        self.send('form[action="/sign-in"] .btn.primary')
        self.window.until(lambda: self.window.path == "/")

    def join(self, name: str, link: str) -> None:
        """Take an invitation with a new account."""
        self.window.driver.delete_all_cookies()
        self.window.driver.get(link)
        self.window.write("#email", f"{name}@example.org")
        self.window.write("#password", PASSWORD)
        self.send()

    def invite(self, slug: str, party: str, role: str) -> str:
        self.window.open(f"/p/{slug}/members")
        self.window.one(f'form[action="/p/{slug}/members"] [name=party] option[value={party}]').click()
        self.window.one(f'form[action="/p/{slug}/members"] [name=role] option[value={role}]').click()
        self.send(f'form[action="/p/{slug}/members"] .btn.primary')
        return self.window.text("#invitation")

    def read_guideline(self, place: str) -> None:
        """Open a page of work, and say that its guideline was read where it asks so."""
        self.window.open(place)
        if "/guideline" in self.window.path:
            self.window.one("[name=read]").click()
            self.send("form:has([name=read]) .btn.primary")
            self.window.open(place)

    def guideline(self, slug: str, rubric: str) -> None:
        self.window.open(f"/p/{slug}/guideline/edit")
        self.window.write("#markdown", "# Be true\n\n1. **True.** Say what you know.")
        self.window.one(f'#rubric option[value="{rubric}"]').click()
        self.send('[name=do][value="publish"]')

    def project(self, slug: str, kind: str) -> None:
        self.window.open("/projects/new")
        self.window.write("#title", f"Mission {kind}")
        self.window.write("#slug", slug)
        self.window.one(f'[name=kind][value="{kind}"]').click()
        self.send()


@pytest.fixture(scope="module")
def people(database: Database) -> Iterator[People]:
    window = Chromium()
    with listening(database, runs=RUNS) as address:
        window.at = address
        made = People(window)
        window.open("/")
        assert window.path == "/welcome"
        window.write("#email", "lead@example.org")
        window.write("#password", PASSWORD)
        made.send()
        yield made
    window.close()


def write_pair(people: People, slug: str, prompt: str, reply: str) -> None:
    window = people.window
    people.read_guideline(f"/p/{slug}/write")
    window.until(lambda: "/write/" in window.path)
    if window.one("#prompt").get_attribute("value") == "":
        window.write("#prompt", prompt)
    window.write("#reply", reply)
    window.one('#domain option[value="geography"]').click()
    window.one("#reply").click()
    window.finish()


def leave_to_others(people: People) -> None:
    """Set aside what one was given after sending: each writer writes one pair."""
    window = people.window
    window.until(lambda: window.path.endswith("/write") or "/write/" in window.path)
    if "/write/" in window.path:
        window.one("#skip").click()
        window.one('#skip-dialog [value="other"]').click()
        people.send("#skip-dialog .btn.primary")


def verdict(people: People, slug: str, key: str, reason: str = "") -> str:
    """Give a verdict on the next of the sample; return the prompt that it was about."""
    window = people.window
    people.read_guideline(f"/p/{slug}/review")
    window.until(lambda: "/review/" in window.path)
    prompt = window.text(".prompt .words")
    window.press(key)
    if reason:
        window.until(lambda: window.one(".reasons").is_displayed())
        window.one(f'[name=reason][value="{reason}"]').click()
        window.write("#why", "Please say it in one sentence.")
    window.finish()
    return prompt


def test_three_writers_and_two_parties_make_a_milestone_that_the_road_can_read(
    people: People, database: Database, tmp_path: Path
) -> None:
    window, slug = people.window, "mission-pairs"
    people.enter("lead")
    people.project(slug, "demonstration")
    people.guideline(slug, "")
    window.open(f"/p/{slug}/requirement")
    window.write("#body", "task_type=open_qa prompt_length=short 3")
    people.send('[name=do][value="freeze"]')
    window.open(f"/p/{slug}/members")
    for name in ("internal_share", "client_share"):
        window.write(f"#{name}", "1")
    people.send(f'form[action="/p/{slug}/settings"] .btn')
    links = {name: people.invite(slug, "partner", "writer") for name in WRITERS}
    links["partner"] = people.invite(slug, "partner", "reviewer")
    links["client"] = people.invite(slug, "client", "lead")
    window.open(f"/p/{slug}/batches")
    window.write("#size", "3")
    people.send(f'form[action="/p/{slug}/batches"] .btn.primary')
    for name, link in links.items():
        people.join(name, link)
    for number, name in enumerate(WRITERS):
        people.enter(name)
        write_pair(people, slug, f"What is the capital of country number {number + 1} please?", f"City {number + 1}.")
        leave_to_others(people)
    people.enter("partner")
    returned = verdict(people, slug, "r", "too_vague")
    for _ in range(2):
        verdict(people, slug, "a")
    writer = WRITERS[int(returned.split()[-2]) - 1]
    people.enter(writer)
    window.until(lambda: "Returned" in window.text("main"))
    write_pair(people, slug, "", "It is the city of that number, in one sentence.")
    people.enter("partner")
    people.read_guideline(f"/p/{slug}/review")
    window.until(lambda: "/review/" in window.path)
    assert window.all("ins"), "what changed since the last round is marked"
    window.press("a")
    window.finish()
    people.enter("client")
    for _ in range(3):
        verdict(people, slug, "a")
    people.enter("lead")
    window.open(f"/p/{slug}/deliveries")
    people.send(f'form[action="/p/{slug}/deliveries"] .btn.primary')
    assert window.path == f"/p/{slug}/deliveries/m1"
    people.enter("client")
    window.open(f"/p/{slug}/deliveries/m1")
    pseudonym = window.text(".who")
    window.write("#sign", pseudonym)
    people.send('[name=answer][value="accept"]')
    assert "Accepted." in window.text("main")
    folder = fetch(database.url, slug, "m1", tmp_path)
    rows = [row for row in read_demonstrations("trivium", folder) if isinstance(row, Demonstration)]
    assert len(rows) == 3
    assert {row.task_type for row in rows} == {"open_qa"}
    assert "It is the city of that number, in one sentence." in {row.reply for row in rows}
    assert len({row.writer for row in rows}) == 3
    if KEPT:
        shutil.copytree(folder, Path(KEPT) / f"demonstrations-{'sqlite' if database.is_sqlite else 'postgresql'}")


def rank_one(people: People, place: int) -> None:
    """Rank the replies of the item in the window: as their worth is, the third person turns two around.

    Replies of a model have no known worth: longer ones are put first, equal texts tie.
    """
    window = people.window
    texts = [card.find_element("css selector", ".words").text for card in window.all(".reply")]
    worth = {text: -len(text) for text in texts} if MODEL else REPLIES
    ranks = [1 + sum(worth[other] < worth[text] for other in texts) for text in texts]
    window.one(".reply").click()
    for number, rank in enumerate(ranks):
        digit = {1: 2, 2: 1}.get(rank, rank) if place == 2 and not MODEL else rank
        window.press(*([Keys.ARROW_RIGHT] if number else []), str(digit))
    assert window.text("#ready") == "All ranked"
    window.finish()


def imported_batch(people: People, slug: str, folder: Path) -> None:
    """Take in a file of prompts with their replies as a batch."""
    window = people.window
    rows = [
        Comparison(
            prompt=Prompt.of(f"What is the capital of France ({n})?", origin="dataset", source="mission"),
            replies=tuple(REPLIES), ranks=(1, 1, 1, 1), ranker="file",
        )
        for n in range(NUM_PROMPTS)
    ]  # fmt: skip
    file = folder / "replies.jsonl"
    file.write_text("\n".join(row.model_dump_json() for row in rows))
    window.open(f"/p/{slug}/pool")
    window.one("#file").send_keys(str(file))
    window.one('#format option[value="trivium"]').click()
    window.one('[name=as][value="batch"]').click()
    people.send(f'form[action="/p/{slug}/pool/import"] .btn.primary')
    assert f"{NUM_PROMPTS} prompts are new" in window.text("main"), window.text("main")[:400]
    window.open(f"/p/{slug}/batches")
    people.send(f'form[action="/p/{slug}/batches/1/start"] .btn')


def generated_batch(people: People, slug: str, folder: Path) -> None:
    """Take in prompts, and let a model make four replies to each, with live progress."""
    window = people.window
    exercises = write_prompts(PrimerConfig.small(), 1)[:NUM_PROMPTS]
    file = folder / "prompts.jsonl"
    file.write_text("\n".join(as_prompt(one).model_dump_json() for one in exercises))
    window.open(f"/p/{slug}/pool")
    window.one("#file").send_keys(str(file))
    window.one('#format option[value="trivium"]').click()
    people.send(f'form[action="/p/{slug}/pool/import"] .btn.primary')
    window.open(f"/p/{slug}/batches")
    window.write("#size", str(NUM_PROMPTS))
    window.one('#replies option[value="model"]').click()
    window.write("#model", str(MODEL))
    people.send(f'form[action="/p/{slug}/batches"] .btn.primary')
    WebDriverWait(window.driver, 900).until(lambda _: "all made" in window.text("#generation"))


def test_five_labellers_rank_alone_and_their_mean_ranks_choose_winner_and_loser(
    people: People, database: Database, tmp_path: Path
) -> None:
    window, slug = people.window, "mission-orders"
    people.enter("lead")
    people.project(slug, "comparison")
    people.guideline(slug, "order")
    window.open(f"/p/{slug}/members")
    for name in ("internal_share", "client_share"):
        window.write(f"#{name}", "0")
    people.send(f'form[action="/p/{slug}/settings"] .btn')
    links = {name: people.invite(slug, "internal", "labeller") for name in LABELLERS}
    (generated_batch if MODEL else imported_batch)(people, slug, tmp_path)
    for name, link in links.items():
        people.join(name, link)
    for place, name in enumerate(LABELLERS):
        people.enter(name)
        people.read_guideline(f"/p/{slug}/rank")
        for _ in range(NUM_PROMPTS):
            window.until(lambda: "/rank/" in window.path)
            rank_one(people, place)
        window.until(lambda: "No ranking waits for you." in window.text("main"))
    people.enter("lead")
    window.open(f"/p/{slug}/adjudicate")
    while "/adjudicate/" in window.path:  # replies of a model may be equal: then there is no pair, and a lead says so
        window.one('[name="decision"]').click()
        window.write("#note", "They are as good as each other.")
        window.finish()
    window.open(f"/p/{slug}/quality")
    assert "of pairs agreed" in window.text("main")
    window.open(f"/p/{slug}/deliveries")
    people.send(f'form[action="/p/{slug}/deliveries"] .btn.primary')
    folder = fetch(database.url, slug, "m1", tmp_path)
    comparisons = [row for row in read_comparisons("trivium", folder) if isinstance(row, Comparison)]
    assert len(comparisons) == len(LABELLERS) * NUM_PROMPTS
    if KEPT:
        shutil.copytree(folder, Path(KEPT) / f"comparisons-{'sqlite' if database.is_sqlite else 'postgresql'}")
    if MODEL:
        return
    for one in group(comparisons):
        found = aggregate(one)
        assert found.num_rankers == 5
        assert found.winner is not None
        assert found.loser is not None
        means = dict(zip(found.replies, found.mean_ranks, strict=True))
        assert means == {
            "Paris.": 1.2,
            "It is Paris, I think.": 1.8,
            "Rome.": 3.0,
            "What is the capital of Spain?": 4.0,
        }
        assert found.replies[found.winner] == "Paris."
        assert found.replies[found.loser] == "What is the capital of Spain?"
