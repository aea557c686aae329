"""The mission's own path, by people in a real browser: written, returned, written again, reviewed by both parties, sealed,
accepted, fine-tuned on; and ranked by five people, each alone, to mean ranks, a winner and a loser, and a reward model.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import func, select

from databases import Databases, postgresql_cluster
from studio.browsers import Chromium, listening
from studio.mission import (
    KEPT,
    LABELLERS,
    MODEL,
    NUM_PROMPTS,
    PAIRS_A_WRITER,
    PASSWORD,
    REWRITTEN,
    RUNS,
    WRITERS,
    People,
    pairs_to_write,
)
from studio.mission_road import keep, learnt, tiny, whole
from trivium.human.agreement import pairwise_agreement
from trivium.human.desk.milestone_files import fetch
from trivium.human.formats import read_comparisons, read_demonstrations
from trivium.human.ranking import aggregate, group, ranked
from trivium.human.store.database import Database
from trivium.human.store.work import Judgement, Mark
from trivium.records import Comparison, Demonstration


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


def kind(database: Database) -> str:
    return "sqlite" if database.is_sqlite else "postgresql"


def test_three_writers_and_two_parties_make_a_milestone_that_the_road_can_read(
    people: People, database: Database, tmp_path: Path
) -> None:
    started, window, slug, pairs = time.monotonic(), people.window, "mission-pairs", pairs_to_write()
    people.enter("lead")
    people.project(slug, "demonstration")
    people.guideline(slug, "")
    window.open(f"/p/{slug}/requirement")
    window.write("#body", f"task_type=open_qa prompt_length=short {len(pairs)}")
    people.send('[name=do][value="freeze"]')
    people.shares(slug, 1)
    links = {name: people.invite(slug, "partner", "writer") for name in WRITERS}
    links["partner"] = people.invite(slug, "partner", "reviewer")
    links["client"] = people.invite(slug, "client", "lead")
    window.open(f"/p/{slug}/batches")
    window.write("#size", str(len(pairs)))
    people.send(f'form[action="/p/{slug}/batches"] .btn.primary')
    for name, link in links.items():
        people.join(name, link)
        if name in WRITERS:  # each holds a pair before the first is sent: who sends one is given the next at once
            people.go_to_work(f"/p/{slug}/write")
            window.until(lambda: "/write/" in window.path)
    who = {}
    for number, (prompt, reply) in enumerate(pairs):
        name = WRITERS[number % len(WRITERS)]
        people.enter(name)
        people.write_pair(slug, prompt, reply)
        who[prompt] = name
    people.enter("partner")
    returned = people.verdict(slug, "r", "too_vague")
    for _ in pairs[1:]:
        people.verdict(slug, "a")
    people.enter(who[returned])
    window.until(lambda: "Returned" in window.text("main"))
    people.write_pair(slug, "", REWRITTEN)
    people.enter("partner")
    people.go_to_work(f"/p/{slug}/review")
    window.until(lambda: "/review/" in window.path)
    assert window.all("ins"), "what changed since the last round is marked"
    window.press("a")
    window.finish()
    people.enter("client")
    for _ in pairs:
        people.verdict(slug, "a")
    people.enter("lead")
    window.open(f"/p/{slug}/deliveries")
    people.send(f'form[action="/p/{slug}/deliveries"] .btn.primary')
    assert window.path == f"/p/{slug}/deliveries/m1"
    people.enter("client")
    window.open(f"/p/{slug}/deliveries/m1")
    window.write("#sign", window.text(".who"))
    people.send('[name=answer][value="accept"]')
    assert "Accepted." in window.text("main")
    folder = fetch(database.url, slug, "m1", tmp_path)
    rows = [row for row in read_demonstrations("trivium", folder) if isinstance(row, Demonstration)]
    assert {row.task_type for row in rows} == {"open_qa"}
    assert {row.prompt.text: row.reply for row in rows} == {**dict(pairs), returned: REWRITTEN}
    assert len({row.writer for row in rows}) == len(WRITERS)
    if KEPT:
        shutil.copytree(folder, Path(KEPT) / f"demonstrations-{kind(database)}")
    keep(f"written-{kind(database)}", started, pairs=len(rows), returned=1, reviews=2 * len(rows) + 1)


def test_five_labellers_rank_alone_and_their_mean_ranks_choose_winner_and_loser(
    people: People, database: Database, tmp_path: Path
) -> None:
    started, window, slug = time.monotonic(), people.window, "mission-orders"
    people.enter("lead")
    people.project(slug, "comparison")
    people.guideline(slug, "order")
    people.shares(slug, 0)
    links = {name: people.invite(slug, "internal", "labeller") for name in LABELLERS}
    (people.batch_from_model if MODEL else people.batch_from_file)(slug, tmp_path)
    made = time.monotonic()
    for name, link in links.items():
        people.join(name, link)
    for place, name in enumerate(LABELLERS):
        people.enter(name)
        people.go_to_work(f"/p/{slug}/rank")
        for _ in range(NUM_PROMPTS):
            window.until(lambda: "/rank/" in window.path)
            people.rank(place)
        window.until(lambda: "No ranking waits for you." in window.text("main"))
    orders = time.monotonic()
    people.enter("lead")
    window.open(f"/p/{slug}/adjudicate")
    decided = 0
    while "/adjudicate/" in window.path:
        people.decide()
        decided += 1
    window.open(f"/p/{slug}/quality")
    shown = " ".join(window.text(".figures").split())
    assert "of pairs agreed" in shown
    window.open(f"/p/{slug}/deliveries")
    people.send(f'form[action="/p/{slug}/deliveries"] .btn.primary')
    folder = fetch(database.url, slug, "m1", tmp_path)
    rows = [row for row in read_comparisons("trivium", folder) if isinstance(row, Comparison)]
    assert len(rows) == len(LABELLERS) * NUM_PROMPTS + orders_of_leads(database)
    agreement = pairwise_agreement([ranked(one) for one in group(rows)])
    with database.read() as db:
        query = select(func.count()).select_from(Mark).join(Judgement, Judgement.id == Mark.judgement_id)
        marks = db.scalar(query.where(Judgement.step == "label"))
    if KEPT:
        shutil.copytree(folder, Path(KEPT) / f"comparisons-{kind(database)}")
    keep(f"ranked-{kind(database)}", started, rankings=len(rows), marks=marks, adjudicated=decided, page=shown,
         agreement=agreement.model_dump(), seconds_of_replies=round(made - started, 1),
         seconds_of_ranking=round(orders - made, 1))  # fmt: skip
    if MODEL:
        return
    for one in group(rows):
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


def orders_of_leads(database: Database) -> int:
    """Return how many contested items a lead settled by an order, which is delivered as one more ranking."""
    with database.read() as db:
        decisions = db.scalars(select(Judgement.body).where(Judgement.step == "adjudicate")).all()
    return sum(one["decision"] == "winner" for one in decisions)


def test_the_road_trains_on_what_was_sealed_in_the_browser(database: Database, tmp_path: Path) -> None:
    started = time.monotonic()
    if not MODEL:
        made = tiny(database.url, tmp_path)
        assert made["sft"].manifest.metrics["demonstrations"].value == len(WRITERS) * PAIRS_A_WRITER
        known = learnt(made["comparisons"], made["reward"])
        assert (known.num_prompts, known.num_contested, known.num_pairs) == (NUM_PROMPTS, 0, 6 * NUM_PROMPTS)
        assert made["reward"].manifest.metrics["groups"].value == NUM_PROMPTS
        return
    made = whole(database.url, tmp_path)
    known = learnt(made["mission-reward/comparisons"], made["mission-reward/reward"])
    keep(f"trained-{kind(database)}", started, **asdict(known),
         **{f"{name} {key}": value.model_dump() for name in ("mission-sft/sft", "mission-reward/comparisons",
            "mission-reward/reward") for key, value in made[name].manifest.metrics.items()},
         ids={name: one.id for name, one in made.items()})  # fmt: skip
    written = made["mission-sft/demonstrations"].manifest.metrics
    assert written["demonstrations"].value + written["heldout"].value == len(WRITERS) * PAIRS_A_WRITER
    assert known.num_prompts == NUM_PROMPTS
    assert known.num_right > known.num_pairs / 2
