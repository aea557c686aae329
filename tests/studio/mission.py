"""Everybody of the mission's path in one browser window, one after the other: they join, write, review, rank, decide."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from studio.browsers import Chromium
from trivium.human.duplicates import PromptIndex
from trivium.primer.config import PrimerConfig
from trivium.primer.demonstrations import as_prompt, write_demonstrations, write_prompts
from trivium.primer.exercises import Exercise
from trivium.primer.rankers import PANEL
from trivium.primer.truth import grade
from trivium.records import Comparison, Prompt

PASSWORD = "a long enough password"
WRITERS, LABELLERS = ("w1", "w2", "w3"), ("l1", "l2", "l3", "l4", "l5")
REPLIES = {"Paris.": 1, "It is Paris, I think.": 2, "Rome.": 3, "What is the capital of Spain?": 4}
REWRITTEN = "It is the city of that number, in one sentence."
MODEL = os.environ.get("TRIVIUM_MISSION_MODEL", "")
"""A model whose replies are ranked, such as quickstart/sft of the runs folder; without it they come from a file."""
RUNS = Path(os.environ.get("TRIVIUM_RUNS", "runs"))
NUM_PROMPTS = int(os.environ.get("TRIVIUM_MISSION_PROMPTS", "3"))
PAIRS_A_WRITER = int(os.environ.get("TRIVIUM_MISSION_PAIRS", "1"))
KEPT = os.environ.get("TRIVIUM_MISSION_KEPT", "")
"""A folder that the sealed milestones and the figures are copied to."""


@dataclass
class People:
    """Everybody, in one window that they share."""

    window: Chromium

    def send(self, selector: str = "main form .btn.primary") -> None:
        """Press a button and wait for the page that it leads to."""
        old = self.window.one("html")
        self.window.one(selector).click()
        self.window.until(lambda: self.window.all("html") and self.window.one("html") != old)

    def enter(self, name: str) -> None:
        """Sign in with e-mail and password."""
        self.window.driver.delete_all_cookies()
        self.window.open("/sign-in")
        self.window.write("#email", f"{name}@example.org")
        self.window.write("#password", PASSWORD)
        self.send('form[action="/sign-in"] .btn')
        self.window.until(lambda: self.window.path == "/")

    def join(self, name: str, link: str) -> None:
        """Take an invitation with a new account."""
        self.window.driver.delete_all_cookies()
        self.window.driver.get(link)
        self.window.write("#email", f"{name}@example.org")
        self.window.write("#password", PASSWORD)
        self.send()

    def invite(self, slug: str, party: str, role: str) -> str:
        """Make an invitation and return its link."""
        self.window.open(f"/p/{slug}/members")
        self.window.one(f'form[action="/p/{slug}/members"] [name=party] option[value={party}]').click()
        self.window.one(f'form[action="/p/{slug}/members"] [name=role] option[value={role}]').click()
        self.send(f'form[action="/p/{slug}/members"] .btn.primary')
        return self.window.text("#invitation")

    def go_to_work(self, place: str) -> None:
        """Open a page of work, and say that its guideline was read where it asks so."""
        self.window.open(place)
        if "/guideline" in self.window.path:
            self.window.one("[name=read]").click()
            self.send("form:has([name=read]) .btn.primary")
            self.window.open(place)

    def guideline(self, slug: str, rubric: str) -> None:
        """Publish a guideline with what is marked under it."""
        self.window.open(f"/p/{slug}/guideline/edit")
        self.window.write("#markdown", "# Be true\n\n1. **True.** Say what you know.")
        self.window.one(f'#rubric option[value="{rubric}"]').click()
        self.send('[name=do][value="publish"]')

    def project(self, slug: str, kind: str) -> None:
        """Open a project."""
        self.window.open("/projects/new")
        self.window.write("#title", f"Mission {kind}")
        self.window.write("#slug", slug)
        self.window.one(f'[name=kind][value="{kind}"]').click()
        self.send()

    def shares(self, slug: str, share: int) -> None:
        """Say which share of a batch each party reviews."""
        self.window.open(f"/p/{slug}/members")
        for name in ("internal_share", "client_share"):
            self.window.write(f"#{name}", str(share))
        self.send(f'form[action="/p/{slug}/settings"] .btn')

    def write_pair(self, slug: str, prompt: str, reply: str) -> None:
        """Write what one holds, and send it to review."""
        window = self.window
        self.go_to_work(f"/p/{slug}/write")
        window.until(lambda: "/write/" in window.path)
        if window.one("#prompt").get_attribute("value") == "":
            window.write("#prompt", prompt)
        window.write("#reply", reply)
        window.one('#domain option[value="geography"]').click()
        window.one("#reply").click()
        window.finish()

    def verdict(self, slug: str, key: str, reason: str = "") -> str:
        """Give a verdict on the next of the sample; return the prompt that it was about."""
        window = self.window
        self.go_to_work(f"/p/{slug}/review")
        window.until(lambda: "/review/" in window.path)
        prompt = window.text(".prompt .words")
        window.press(key)
        if reason:
            window.until(lambda: window.one(".reasons").is_displayed())
            window.one(f'[name=reason][value="{reason}"]').click()
            window.write("#why", "Please say it in one sentence.")
        window.finish()
        return prompt

    def rank(self, place: int) -> None:
        """Rank the replies of the item in the window by keys, as the labeller of that place feels."""
        window = self.window
        texts = [card.find_element("css selector", ".words").text for card in window.all(".reply")]
        ranks = felt(place, window.text(".prompt .words"), texts)
        window.one(".reply").click()
        for number, rank in enumerate(ranks):
            window.press(*([Keys.ARROW_RIGHT] if number else []), str(rank))
        assert window.text("#ready") == "All ranked"
        window.finish()

    def decide(self) -> None:
        """Settle the contested item in the window: the best reply wins where there is one, else there is no pair."""
        window = self.window
        before = window.driver.current_url
        texts = [card.find_element("css selector", ".words").text for card in window.all(".reply")]
        ranks = felt(-1, window.text(".prompt .words"), texts)
        if ranks.count(1) == 1:
            for slot, rank in zip("ABCDEFGHI", ranks, strict=False):
                window.one(f'[name="rank-{slot}"][value="{rank}"]').find_element("xpath", "./..").click()
            window.write("#note", "One reply is right.")
            window.finish()
        if window.driver.current_url == before:  # one more order does not leave one winner, or none is the best
            window.one('[name="decision"]').click()
            window.write("#note", "They are as good as each other.")
            window.finish()

    def batch_from_file(self, slug: str, folder: Path) -> None:
        """Take in a file of prompts with their replies as a batch."""
        window = self.window
        rows = [
            Comparison(
                prompt=Prompt.of(f"What is the capital of France ({n})?", origin="dataset", source="mission"),
                replies=tuple(REPLIES), ranks=(1, 1, 1, 1), ranker="file",
            )
            for n in range(NUM_PROMPTS)
        ]  # fmt: skip
        file = folder / "replies.jsonl"
        file.write_text("\n".join(row.model_dump_json() for row in rows))
        self._import(slug, file, '[name=as][value="batch"]')
        assert f"{NUM_PROMPTS} prompts are new" in window.text("main"), window.text("main")[:400]
        window.open(f"/p/{slug}/batches")
        self.send(f'form[action="/p/{slug}/batches/1/start"] .btn')

    def batch_from_model(self, slug: str, folder: Path) -> None:
        """Take in prompts, and let a model make four replies to each, with live progress."""
        window = self.window
        file = folder / "prompts.jsonl"
        file.write_text("\n".join(as_prompt(one).model_dump_json() for one in exercises()))
        self._import(slug, file, '[name=as][value="prompts"]')
        window.open(f"/p/{slug}/batches")
        window.write("#size", str(NUM_PROMPTS))
        window.write("#model", MODEL)
        self.send(f'form[action="/p/{slug}/batches"] .btn.primary')
        WebDriverWait(window.driver, 1800).until(lambda _: "all made" in window.text("#generation"))

    def _import(self, slug: str, file: Path, taken_as: str) -> None:
        window = self.window
        window.open(f"/p/{slug}/pool")
        window.one("#file").send_keys(str(file))
        window.one('#format option[value="trivium"]').click()
        window.one(taken_as).click()
        self.send(f'form[action="/p/{slug}/pool/import"] .btn.primary')


@lru_cache
def exercises() -> tuple[Exercise, ...]:
    """Return the prompts whose replies a model makes, with what is true of them."""
    return write_prompts(PrimerConfig.small(), 1)[:NUM_PROMPTS]


def pairs_to_write() -> list[tuple[str, str]]:
    """Return what the writers write, three short questions with their answers for each pair that a writer makes.

    None is so close to another that it would be taken for a copy.
    """
    wanted = len(WRITERS) * PAIRS_A_WRITER
    if PAIRS_A_WRITER == 1:
        return [(f"What is the capital of country number {n} please?", f"City {n}.") for n in range(1, wanted + 1)]
    index, found = PromptIndex(), []
    for one in write_demonstrations(PrimerConfig.small(), 1):
        if "bad" in one.marks or one.kind in ("harmful", "honesty") or len(one.text.split()) > 60 or "\n" in one.text:
            continue
        if not index.nearest(one.text, least=0.6):
            index.add(one.text, one.text)
            found.append((one.text, one.reply))
        if len(found) == wanted:
            return found
    raise AssertionError(f"the primer has only {len(found)} such questions")


def plain(text: str) -> str:
    """Return the letters and digits of a text: a page shows it as markdown."""
    return re.sub(r"\W+", "", text).lower()


def felt(place: int, prompt: str, texts: Sequence[str]) -> Sequence[int]:
    """Return the ranks that a labeller gives; −1 is a lead, who knows.

    Replies of a file have a known worth, and the third labeller turns the first two around. A model's replies are
    ranked by the primer's five simulated people, who see the truth through noise and in the order of the page.
    """
    if not MODEL:
        ranks = by_worth(texts, REPLIES)
        return [{1: 2, 2: 1}.get(rank, rank) for rank in ranks] if place == 2 else ranks
    truth = next(one.truth for one in exercises() if plain(one.text) == plain(prompt))
    golds = [grade(truth, text, stopped=True).gold for text in texts]
    if place < 0:
        return by_worth(texts, {text: -gold for text, gold in zip(texts, golds, strict=True)})
    return PANEL[place].rank(prompt, texts, golds, seed=1)


def by_worth(texts: Sequence[str], worth: Mapping[str, float]) -> list[int]:
    """Return competition ranks, the least worth first."""
    return [1 + sum(worth[other] < worth[text] for other in texts) for text in texts]
