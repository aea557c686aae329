"""Sealed milestones to what the road makes of them: SFT on written pairs, a reward model on ranked replies."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flow.tiny_road import RECIPE
from studio.mission import KEPT, RUNS
from trivium import flow
from trivium.core.artifact import Artifact
from trivium.core.runner import Runner
from trivium.core.store import Store
from trivium.human.ranking import Aggregate
from trivium.records import read_records
from trivium.use import Scored, score

QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.toml"
SIMULATED = 'method = "simulated"\nnum_prompts = 24\nmax_new_tokens = 8\nnum_rankers = 3'
PAIRS, ORDERS = "studio:mission-pairs@m1", "studio:mission-orders@m1"


def tiny(database: str, folder: Path) -> dict[str, Artifact]:
    """Walk the tiny road to its reward model; both milestones are on it."""
    recipe = folder / "mission.toml"
    sealed = f'[studio]\ndemonstrations = "{PAIRS}"\ncomparisons = "{ORDERS}"\ndatabase = "{database}"\n'
    text = RECIPE.format(rounds=1).replace(SIMULATED, 'method = "files"') + sealed
    recipe.write_text(text.replace("[reward]", "[demonstrations]\nheldout_share = 0.0\n\n[reward]\nheldout_share = 0.0"))
    return Runner(Store(folder / "runs")).run(flow.build(recipe), "reward")


def whole(database: str, folder: Path) -> dict[str, Artifact]:
    """Fine-tune the quickstart's base on the written pairs; train a reward model from its assistant on the orders."""
    text = re.sub(r"\n\[(?:reward|policy)-1\][^[]*", "\n", QUICKSTART.read_text(encoding="utf-8"))
    text = text.replace("rounds = 2", "rounds = 1").replace('name = "quickstart"', 'name = "{name}"')
    made: dict[str, Artifact] = {}
    for name, named, until, sets in (
        ("mission-sft", f'demonstrations = "{PAIRS}"', "sft", ("sft.epochs=6", "sft.demonstrations_per_step=8")),
        ("mission-reward", f'comparisons = "{ORDERS}"', "reward",
         ("comparisons.method=files", "reward.epochs=12", "reward.prompts_per_step=8", "reward.heldout_share=0.0",
          "reward.min_rank_gap=0.0")),
    ):  # fmt: skip
        recipe = folder / f"{name}.toml"
        sealed = f'\n[studio]\n{named}\ndatabase = "{database}"\n'
        recipe.write_text(text.replace("{name}", name) + sealed, encoding="utf-8")
        graph = flow.build(recipe, sets)
        made |= {f"{name}/{stage}": one for stage, one in Runner(Store(RUNS)).run(graph, until).items()}
    return made


@dataclass(frozen=True)
class Learnt:
    """How well a reward model orders the pairs it was trained on."""

    num_prompts: int
    num_contested: int
    num_pairs: int
    num_right: int
    num_best_worst: int
    num_best_above_worst: int


def learnt(comparisons: Artifact, reward: Artifact) -> Learnt:
    """Score the replies of every prompt that the reward model was trained on, and compare with people's mean ranks."""
    groups = list(read_records(comparisons.path / "groups.jsonl", Aggregate))
    used = [one for one in groups if not one.contested]
    rows = [Scored(prompt=tuple(one.prompt.messages), reply=reply) for one in used for reply in one.replies]
    scores = iter(row["score"] for row in score(reward.path, rows))
    pairs = right = best = 0
    for one in used:
        own = [next(scores) for _ in one.replies]
        assert one.winner is not None
        assert one.loser is not None
        best += own[one.winner] > own[one.loser]
        for i, rank in enumerate(one.mean_ranks):
            for j, other in enumerate(one.mean_ranks):
                pairs += rank < other
                right += rank < other and own[i] > own[j]
    return Learnt(len(groups), len(groups) - len(used), pairs, right, len(used), best)


def keep(name: str, started: float, **figures: Any) -> None:
    """Write figures beside the kept milestones, with the seconds since `started`; nothing where none are kept."""
    if not KEPT:
        return
    Path(KEPT).mkdir(parents=True, exist_ok=True)
    said = {"seconds": round(time.monotonic() - started, 1), **figures}
    (Path(KEPT) / f"{name}.json").write_text(json.dumps(said, indent=1, default=str), encoding="utf-8")
