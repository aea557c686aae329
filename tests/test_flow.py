from __future__ import annotations

from pathlib import Path

import pytest

from toys import toy_road
from trivium import flow
from trivium.core.errors import RecipeError


def test_a_recipe_is_built_to_its_graph(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "road", toy_road)
    graph = flow.build(recipe_file, ["pretrain.steps=5"])
    assert graph.name == "toy"
    assert [node.name for node in graph.nodes] == ["sources", "pretrain", "policy"]
    assert graph.node("pretrain").config.model_dump()["steps"] == 5


def test_a_section_that_no_stage_reads_is_refused(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "road", toy_road)
    with pytest.raises(RecipeError, match=r"unknown key `polcy`; did you mean `policy`\?"):
        flow.build(recipe_file, ["polcy.kl=1"])
