"""Boxes laid one after another to a graph: what `flow.py` draws the road with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trivium.core.graph import Given, Graph, Node
from trivium.core.recipe import Recipe
from trivium.core.stage import Stage


class Road:
    """Lays boxes in the order they run; each reads its config from the recipe's section of its name."""

    def __init__(self, recipe: Recipe) -> None:
        """Start with no boxes."""
        self.recipe = recipe
        self.nodes: list[Node] = []

    def box(
        self,
        stage: Stage[Any],
        name: str = "",
        *,
        section: str = "",
        publish: tuple[str, ...] = (),
        replace: Mapping[str, Any] | None = None,
        **inputs: Given,
    ) -> str:
        """Lay a stage and return its name, to be given to the boxes below.

        `name` and `section` are the stage's name unless said; where they differ, the recipe's section of the box's own
        name, if there is one, is laid over the shared one; `publish` names files to copy into the run's folder;
        `replace` overrides fields of the config, for a box that is laid for comparison.
        """
        name = name or stage.name
        config = self.recipe.section(section or name, stage.config_type, own=name)
        if replace:
            config = type(config)(**{**dict(config), **replace})
        self.nodes.append(Node(name, stage, config, inputs, self.recipe.seed, publish))
        return name

    def graph(self) -> Graph:
        """Return the finished graph."""
        return Graph(self.recipe.name, self.nodes)
