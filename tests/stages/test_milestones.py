"""Sealed milestones of the Studio become sources: SFT trains on what writers wrote, the reward model on what people ranked."""

from __future__ import annotations

from pathlib import Path

import pytest

from flow.tiny_road import RECIPE
from human.desk.desk_sentences import batch_of, label_everything, write_everything
from human.desk.people_of_the_house import House, house, requirement
from trivium import flow
from trivium.core.artifact import Artifact
from trivium.core.errors import RecipeError, SourceError
from trivium.core.runner import Runner
from trivium.core.store import Store
from trivium.human.desk import batches, deliveries, specs
from trivium.human.desk.milestone import Contents
from trivium.human.desk.settings import ProjectSettings, SamplingPlan
from trivium.human.store.database import Database
from trivium.human.store.migrate import prepare
from trivium.records import Comparison, Demonstration, read_records

UNSEEN = ProjectSettings(overlap=3, internal_qa=SamplingPlan(share=0), client_qa=SamplingPlan(share=0))
STUDIO = """
[studio]
demonstrations = "studio:plain-words@m1"
comparisons = ["studio:everyday-help@m1"]
database = "{database}"
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Studio's file with 24 written pairs and 12 ranked prompts, sealed."""
    file = tmp_path_factory.mktemp("studio") / "studio.db"
    database = Database(str(file))
    prepare(database)
    with database.write() as db:
        h = house(db, "demonstration", settings=UNSEEN)
        spec = specs.draft(db, h.lead, h.id, requirement(target=12))
        specs.freeze(db, h.lead, h.id, spec.id)
        batch = batches.open_batch(db, h.lead, h.id)
        batches.plan_cells(db, h.lead, batch.id)
        batches.start(db, h.lead, batch.id)
    write_everything(database, h, ["writer1", "writer2", "writer3"])
    with database.write() as db:
        deliveries.seal(db, h.lead, h.id, "m1", Contents())
    ranked = rank(database)
    with database.write() as db:
        deliveries.seal(db, ranked.lead, ranked.id, "m1")
    database.close()
    return file


def rank(database: Database) -> House:
    """Let other people rank twelve prompts in another project."""
    with database.write() as db:
        other = house(db, "comparison", settings=UNSEEN, slug="everyday-help", prefix="r-")
        batches.start(db, other.lead, batch_of(db, other, num_items=12, num_replies=4).id)
    label_everything(database, other, ["labeller1", "labeller2", "labeller3"])
    return other


def recipe(folder: Path, studio: Path) -> Path:
    """Write the tiny road with people's work in it."""
    text = RECIPE.format(rounds=1).replace('method = "simulated"\nnum_prompts = 24\nmax_new_tokens = 8\nnum_rankers = 3',
                                           'method = "files"')  # fmt: skip
    file = folder / "people.toml"
    file.write_text(text + STUDIO.format(database=studio), encoding="utf-8")
    return file


def test_a_run_on_milestones_ends_with_a_report_that_names_them_and_their_licences(
    studio: Path, tmp_path: Path
) -> None:
    graph = flow.build(recipe(tmp_path, studio))
    flow.walk(graph, Runner(Store(tmp_path / "runs")), "demonstrations", command="trivium run people.toml")
    [report] = tmp_path.rglob("report.html")
    text = report.read_text(encoding="utf-8")
    assert "studio:plain-words@m1, for demonstrations" in text
    assert "studio:everyday-help@m1, for comparisons" in text


def test_sft_and_reward_train_on_sealed_milestones(studio: Path, tmp_path: Path) -> None:
    graph = flow.build(recipe(tmp_path, studio))
    made: dict[str, Artifact] = Runner(Store(tmp_path / "runs")).run(graph, "reward")
    shown = made["demonstrations"].path
    rows = [row for name in ("demonstrations", "heldout") for row in read_records(shown / f"{name}.jsonl", Demonstration)]
    assert len(rows) == 24
    assert {row.writer for row in rows} == {"writer1-00", "writer2-00", "writer3-00"}
    orders = list(read_records(made["comparisons"].path / "comparisons.jsonl", Comparison))
    assert len(orders) == 36
    assert {order.ranker for order in orders} == {f"r-labeller{n}-00" for n in (1, 2, 3)}
    assert made["comparisons"].manifest.metrics["agreement"].value == 1
    assert made["sft"].manifest.metrics
    assert made["reward"].manifest.metrics["groups"].value > 0


def test_the_same_milestone_has_the_same_id_from_another_file(studio: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.db"
    copy.write_bytes(studio.read_bytes())
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    one, other = flow.build(recipe(first, studio)), flow.build(recipe(second, copy))
    ids = [Runner(Store(tmp_path / "runs")).run(graph, "milestones")["milestones"].id for graph in (one, other)]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ("studio:plain-words@m7", SourceError, "sealed there: m1"),
        ("plain-words", RecipeError, "wanted studio:PROJECT@MILESTONE"),
    ],
)
def test_a_milestone_that_is_not_there_is_said(
    studio: Path, tmp_path: Path, change: str, error: type[Exception], says: str
) -> None:
    file = recipe(tmp_path, studio)
    file.write_text(file.read_text().replace("studio:plain-words@m1", change))
    with pytest.raises(error, match=says):
        Runner(Store(tmp_path / "runs")).run(flow.build(file), "milestones")
