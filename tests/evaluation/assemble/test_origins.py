from __future__ import annotations

import json
from pathlib import Path

from evaluation.assemble.invented import Invented, whole
from trivium.evaluation.assemble.origins import origins


def test_what_adds_no_licence_has_that_of_its_inputs(tmp_path: Path) -> None:
    rows = {row.stage: row for row in origins(whole(tmp_path, rounds=2).trail())}
    assert (rows["sources"].made_from, rows["sources"].licence) == (("primer, seed 7",), "CC0-1.0")
    assert (rows["corpus"].made_from, rows["corpus"].licence) == (("sources",), "as its inputs")
    assert rows["reward"].made_from == ("sft", "comparisons-1", "comparisons", "demonstrations")
    assert list(rows)[-1] == "evaluate"


def test_gathered_sources_are_told_one_by_one(tmp_path: Path) -> None:
    run = Invented(tmp_path, method="heldout")
    table = [{"name": "tales", "use": "text", "licence": "CC0-1.0"}, {"name": "attacks", "use": "comparisons", "licence": "MIT"}]
    run.make("sources", {"sources.json": json.dumps(table)})
    rows = origins(run.trail())
    assert [(row.made_from, row.licence) for row in rows] == [(("tales, for text",), "CC0-1.0"), (("attacks, for comparisons",), "MIT")]
    assert len({row.artifact for row in rows}) == 1
