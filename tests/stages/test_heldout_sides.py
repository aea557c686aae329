"""Holds the splits of real data to their promise: what is evaluated on was not trained on, nor was a near relative of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trivium import flow
from trivium.core.artifact import Artifact
from trivium.core.runner import Runner
from trivium.core.store import Store
from trivium.human.split import split_group
from trivium.records import Comparison, Demonstration, Document, read_records

RECIPE = """
name = "sides"

[sources]
method = "files"
root = "{root}"
test_share = 0.3
max_document_characters = 60

[[sources.items]]
name = "novels"
path = "novels"
use = "text"
licence = "own"

[[sources.items]]
name = "dialogues"
path = "dialogues.jsonl"
use = "comparisons"
format = "hh-rlhf"
licence = "own"

[[sources.items]]
name = "tasks"
path = "tasks.json"
use = "demonstrations"
format = "alpaca"
licence = "own"
max_rows = 40

[corpus]
heldout_share = 0.3

[comparisons]
method = "files"

[evaluate]
method = "heldout"
"""


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Artifact]:
    """Sources, corpus and demonstrations of twelve novels, forty dialogues of twenty openings, and sixty tasks."""
    root = tmp_path / "data"
    (root / "novels").mkdir(parents=True)
    for novel in range(12):
        text = "\n\n".join(f"Novel {novel}, paragraph {part}: the sea was calm." for part in range(9))
        (root / "novels" / f"{novel}.txt").write_text(text)
    with (root / "dialogues.jsonl").open("w") as file:
        for row in range(40):
            start = f"\n\nHuman: Question {row // 2}?\n\nAssistant: Well.\n\nHuman: Then {row}?\n\nAssistant: "
            file.write(json.dumps({"chosen": f"{start}Yes.", "rejected": f"{start}No."}) + "\n")
        twice = "\n\nHuman: Hello?\n\nAssistant: Well.\n\nAssistant: Once more.\n\nHuman: Then?\n\nAssistant: "
        file.write(json.dumps({"chosen": f"{twice}Yes.", "rejected": f"{twice}No."}) + "\n")
    tasks = [{"instruction": f"Count to {number}.", "output": str(number)} for number in range(60)]
    (root / "tasks.json").write_text(json.dumps(tasks))
    recipe = tmp_path / "sides.toml"
    recipe.write_text(RECIPE.format(root=root))
    runner = Runner(Store(tmp_path / "runs"))
    graph = flow.build(recipe)
    return {**runner.run(graph, "corpus"), **runner.run(graph, "demonstrations")}


def test_pieces_of_one_novel_stay_on_one_side(made: dict[str, Artifact]) -> None:
    sides = [
        {document.group for document in read_records(made["corpus"].path / name, Document)}
        for name in ("documents.jsonl", "heldout.jsonl")
    ]
    assert all(sides)
    assert not sides[0] & sides[1]
    assert sides[0] | sides[1] == {f"novels/{novel}.txt" for novel in range(12)}


def test_dialogues_with_one_opening_stay_on_one_side(made: dict[str, Artifact]) -> None:
    rows = list(read_records(made["sources"].path / "comparisons.jsonl", Comparison))
    sides = [{split_group(row.prompt) for row in rows if row.prompt.split == split} for split in ("train", "test")]
    assert len(rows) == 40
    assert all(sides)
    assert not sides[0] & sides[1]


def test_demonstrations_that_the_sources_hold_out_are_not_trained_on(made: dict[str, Artifact]) -> None:
    folder = made["demonstrations"].path
    train = list(read_records(folder / "demonstrations.jsonl", Demonstration))
    heldout = list(read_records(folder / "heldout.jsonl", Demonstration))
    assert {row.prompt.split for row in train} == {"train"}
    assert {row.prompt.split for row in heldout} == {"test"}


def test_a_cap_takes_rows_from_all_over_the_source(made: dict[str, Artifact]) -> None:
    rows = list(read_records(made["sources"].path / "demonstrations.jsonl", Demonstration))
    numbers = [int(row.reply) for row in rows]
    assert len(numbers) == 40
    assert numbers == sorted(numbers)
    assert max(numbers) >= 50


def test_a_dialogue_in_which_one_side_speaks_twice_is_in_the_ledger_and_stops_nothing(made: dict[str, Artifact]) -> None:
    ledger = (made["sources"].path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    (row,) = [row for row in map(json.loads, ledger) if row["file"] == "dialogues.jsonl"]
    assert row["excerpt"] == "Then?"
    assert row["reason"].startswith("message 3 of 4 is the assistant's where the user must speak")
