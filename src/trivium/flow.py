"""A recipe to the road on one screen: which stages there are, and what flows from each into the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trivium.core.graph import Graph
from trivium.core.recipe import Recipe, load
from trivium.core.road import Road


def road(recipe: Recipe) -> Graph:
    """Lay the road that the recipe describes."""
    lay = Road(recipe)
    return lay.graph()


def build(path: Path, sets: Sequence[str] = ()) -> Graph:
    """Read a recipe, lay its road, and refuse what no stage reads."""
    recipe = load(path, sets)
    graph = road(recipe)
    recipe.refuse_unread()
    return graph


def device() -> str:
    """Return the device that stages compute on: a CUDA one where there is one. It is no part of any identity."""
    import torch  # here: `plan --help` and `why` need no torch

    return "cuda" if torch.cuda.is_available() else "cpu"
