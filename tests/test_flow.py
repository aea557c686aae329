from __future__ import annotations

import json
from pathlib import Path

import pytest

from toys import toy_road
from trivium import flow
from trivium.core.errors import ArtifactError, RecipeError
from trivium.core.log import EventLog
from trivium.core.runner import Runner
from trivium.core.store import Store


def test_a_recipe_is_built_to_its_graph(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flow.ROADS, "whole", toy_road)
    graph = flow.build(recipe_file, ["pretrain.steps=5"])
    assert graph.name == "toy"
    assert [node.name for node in graph.nodes] == ["sources", "pretrain", "policy"]
    assert graph.node("pretrain").config.model_dump()["steps"] == 5


def test_a_section_that_no_stage_reads_is_refused(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flow.ROADS, "whole", toy_road)
    with pytest.raises(RecipeError, match=r"unknown key `polcy`; did you mean `policy`\?"):
        flow.build(recipe_file, ["polcy.kl=1"])


@pytest.mark.parametrize("rounds", [0, -1])
def test_a_road_has_at_least_one_round(tmp_path: Path, rounds: int) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(f"rounds = {rounds}\n")
    with pytest.raises(RecipeError, match=rf"rounds: wanted a whole number ≥ 1, found {rounds}"):
        flow.build(recipe)


def test_sources_are_a_section_with_a_known_method(tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text('sources = "primer"\n')
    with pytest.raises(RecipeError, match="sources: wanted a section, found 'primer'"):
        flow.build(recipe)
    recipe.write_text('[sources]\nmethod = "primr"\n')
    with pytest.raises(RecipeError, match=r'`sources.method`: wanted "primer" or "files", found \'primr\''):
        flow.build(recipe)


def test_a_walk_ends_with_a_report_whether_it_came_to_its_end_or_not(
    recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(flow.ROADS, "whole", toy_road)
    runner = Runner(Store(tmp_path / "runs"))
    report = tmp_path / "runs" / "toy" / "report.html"
    with pytest.raises(ZeroDivisionError):
        flow.walk(flow.build(recipe_file, ["pretrain.crash_at=1"]), runner)
    assert "Pretrain stopped: ZeroDivisionError" in report.read_text(encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        flow.walk(flow.build(recipe_file, ["pretrain.interrupt_at=1"]), runner)
    assert "Pretrain stopped: it was interrupted" in report.read_text(encoding="utf-8")
    ending = flow.walk(flow.build(recipe_file), runner, command="trivium run toy.toml")
    assert list(ending.made) == ["sources", "pretrain", "policy"]
    assert "Pretrain stopped" not in report.read_text(encoding="utf-8")
    assert json.loads(ending.scorecard.read_text())["wall_seconds"]["n"] == 3


def test_what_cannot_be_reported_does_not_hide_what_stopped_the_run(
    recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(flow.ROADS, "whole", toy_road)
    said: list[str] = []
    runner = Runner(Store(tmp_path / "runs"), EventLog(say=said.append))
    graph = flow.build(recipe_file)
    made = flow.walk(graph, runner).made["pretrain"]
    (made.path / "weights").chmod(0o644)
    (made.path / "weights").write_text("cut")
    with pytest.raises(ArtifactError, match="truncated or changed"):
        flow.walk(graph, runner)
    assert said[-1].startswith("no report was written: weights was truncated or changed")
