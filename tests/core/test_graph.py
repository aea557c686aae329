from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from toys import PpoConfig, ReadConfig, TrainConfig, policy, pretrain, sources, toy_road
from trivium.core.errors import RecipeError
from trivium.core.graph import Graph, Node
from trivium.core.recipe import load
from trivium.core.road import Road


def test_a_node_lists_the_nodes_it_takes_from(recipe_file: Path) -> None:
    graph = toy_road(load(recipe_file))
    assert [node.parents() for node in graph.nodes] == [[], ["sources"], ["pretrain"]]


def test_until_keeps_a_node_and_its_ancestors(recipe_file: Path) -> None:
    graph = toy_road(load(recipe_file))
    assert [node.name for node in graph.until("pretrain").nodes] == ["sources", "pretrain"]
    assert graph.until(None) is graph


def test_an_unknown_stage_names_the_nearest(recipe_file: Path) -> None:
    with pytest.raises(RecipeError, match=r"no stage `pollicy`; did you mean `policy`\?") as caught:
        toy_road(load(recipe_file)).until("pollicy")
    assert "stages: sources, pretrain, policy" in caught.value.do


def test_replace_sets_fields_of_one_box_and_checks_them(recipe_file: Path) -> None:
    lay = Road(load(recipe_file))
    lay.box(sources)
    lay.box(pretrain, "short", section="pretrain", replace={"steps": 1}, sources="sources")
    assert lay.graph().node("short").config.model_dump()["steps"] == 1
    with pytest.raises(ValidationError):
        lay.box(pretrain, "none", section="pretrain", replace={"steps": 0}, sources="sources")


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "base is not given"),
        ({"base": "nowhere", "comparisons": []}, "does not stand above"),
        ({"base": "pretrain", "comparisons": ["pretrain"]}, "wants comparisons, given checkpoint"),
        ({"base": ["pretrain"], "comparisons": []}, "one or many"),
        ({"base": "pretrain", "comparisons": "pretrain"}, "one or many"),
        ({"base": "pretrain", "comparisons": [], "bse": "pretrain"}, "not in"),
    ],
)
def test_a_wrongly_joined_graph_is_our_own_mistake(inputs: dict[str, str | list[str]], words: str) -> None:
    nodes = [
        Node("sources", sources, ReadConfig(folder=Path()), {}, 7),
        Node("pretrain", pretrain, TrainConfig(), {"sources": "sources"}, 7),
        Node("policy", policy, PpoConfig(), inputs, 7),
    ]
    with pytest.raises(AssertionError, match=words):
        Graph("toy", nodes)
