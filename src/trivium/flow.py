"""A recipe to the road on one screen: which stages there are, and what flows from each into the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trivium.core.errors import RecipeError, TriviumError
from trivium.core.graph import Graph
from trivium.core.recipe import Recipe, load
from trivium.core.road import Road
from trivium.core.runner import Runner
from trivium.stages import comparisons as c
from trivium.stages import (
    corpus,
    demonstrations,
    evaluate,
    milestones,
    policy,
    pretrain,
    reward,
    sft,
    sources,
    tokenizer,
    tokens,
)

if TYPE_CHECKING:
    from trivium.evaluation.assemble.ending import Ending


def text(recipe: Recipe) -> Graph:
    """Lay the first part of the road alone: raw text to token shards (`road = "text"` in a recipe)."""
    lay = Road(recipe)
    _shards(lay, lay.box(sources.gather, "sources"), publish=("corpus.html", "corpus.json"))
    return lay.graph()


def _shards(lay: Road, world: str, publish: tuple[str, ...] = ()) -> tuple[str, str]:
    """Lay sources to token shards; return the names of the tokenizer's box and the shards'."""
    kept = lay.box(corpus.corpus, publish=publish, sources=world)
    words = lay.box(tokenizer.tokenizer, corpus=kept)
    return words, lay.box(tokens.tokens, corpus=kept, tokenizer=words)


def road(recipe: Recipe) -> Graph:
    """Lay the road that the recipe describes.

    With `rounds = 2` comparisons → reward → policy are gone through twice: the second round samples from the first
    policy, its reward model learns from both rounds, and its policy starts from SFT again. The last round bears the
    plain names.
    """
    lay = Road(recipe)
    world = lay.box(recipe.method("sources", {"primer": sources.primer, "files": sources.gather}), "sources")
    words, shards = _shards(lay, world)
    base = lay.box(pretrain.pretrain, tokens=shards, tokenizer=words)
    written, ranked_by = _people(lay, recipe, world)
    shown = lay.box(demonstrations.demonstrations, sources=written)
    tuned = lay.box(sft.sft, base=base, demonstrations=shown, tokens=shards)

    rounds = recipe.count("rounds", 1)
    model, orders, rewarded, reinforced = tuned, [], "", ""
    for number in range(1, rounds + 1):
        tag = "" if number == rounds else f"-{number}"
        name = f"comparisons{tag}"
        orders.append(lay.box(c.comparisons, name, section="comparisons", model=model, sources=ranked_by))
        ranked: dict[str, Any] = {"comparisons": tuple(orders), "demonstrations": shown, "tokens": shards}
        rewarded = lay.box(reward.reward, f"reward{tag}", section="reward", sft=tuned, **ranked)
        given: dict[str, Any] = {"sft": tuned, "reward": rewarded, "sources": world, "tokens": shards}
        model = reinforced = lay.box(policy.policy, f"policy{tag}", section="policy", **given)
    unmixed = lay.box(policy.policy, "policy_without_mix", section="policy", replace={"mix_coefficient": 0.0}, **given)

    models: dict[str, Any] = {"base": base, "sft": tuned, "reward": rewarded, "policy": reinforced}
    models["policy_without_mix"] = unmixed
    data: dict[str, Any] = {"comparisons": tuple(orders), "demonstrations": shown, "tokens": shards, "sources": world}
    lay.box(evaluate.evaluate, **models, **data)
    return lay.graph()


def _people(lay: Road, recipe: Recipe, world: str) -> tuple[str, str]:
    """Return where demonstrations and comparisons come from: milestones of the Studio where [studio] names them, else
    the sources.
    """
    if "studio" not in recipe.sections:
        return world, world
    named = recipe.section("studio", milestones.MilestonesConfig)
    sealed = lay.box(milestones.milestones, section="studio")
    return sealed if named.demonstrations else world, sealed if named.comparisons else world


ROADS = {"whole": road, "text": text}


def _road_of(recipe: Recipe) -> str:
    name = recipe.value("road", "whole")
    if name not in ROADS:
        raise RecipeError(f"`road`: wanted {' or '.join(ROADS)}, found {name!r}", where=str(recipe.path))
    return name


def build(path: Path, sets: Sequence[str] = ()) -> Graph:
    """Read a recipe, lay its road, and refuse what no stage reads."""
    recipe = load(path, sets)
    graph = ROADS[_road_of(recipe)](recipe)
    recipe.refuse_unread()
    return graph


def walk(graph: Graph, runner: Runner, until: str | None = None, *, command: str = "") -> Ending:
    """Make what is missing, and write the report and the scorecard, whether the run came to its end or not."""
    from trivium.evaluation.assemble.ending import end  # here: `plan` draws no page
    from trivium.evaluation.assemble.trail import Trail

    def ended(error: BaseException | None = None) -> Ending:
        return end(Trail.read(graph, runner.store, command=command, until=until), error)

    try:
        runner.run(graph, until)
    except BaseException as stopped:
        try:
            ended(stopped)
        except TriviumError as failure:
            runner.log.write("no report", f"no report was written: {failure.message}")
        raise
    return ended()


def device() -> str:
    """Return the device that stages compute on: a CUDA one where there is one. It is no part of any identity."""
    import torch  # here: `plan --help` and `why` need no torch

    return "cuda" if torch.cuda.is_available() else "cpu"
