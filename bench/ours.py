"""Trivium's tasks and engine to seconds: what ours need for the same work."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.inputs import BATCH, Inputs, Pair
from bench.settings import OPTIMIZER, Draw
from trivium.alignment.reward_task import RankedTree, RankingSettings, RewardTask
from trivium.inference.engine import Engine
from trivium.inference.sampling import Sampling
from trivium.model.exchange import load_checkpoint
from trivium.training.batch import Tree
from trivium.training.language import LanguageTask, Layout, Stream
from trivium.training.loop import LoopPlan, one_step
from trivium.training.optimizer import build_optimizer
from trivium.training.schedule import ScheduleConfig
from trivium.training.task import Task

CONSTANT = ScheduleConfig(shape="constant", warmup_share=0.0)
LAYOUT = Layout(row_tokens=8192, micro_tokens=8192)  # one row a step: nothing is padding


@dataclass
class Ours:
    """One of our tasks on a model of its own; `kind` is sft-text, sft-replies or reward."""

    kind: str
    inputs: Inputs

    def __post_init__(self) -> None:
        """Open the shared weights."""
        if self.kind == "reward":
            self.model = load_checkpoint(self.inputs.reward_folder, head="scalar")
        else:
            self.model = load_checkpoint(self.inputs.language_folder, head="language")

    def task(self, pairs: list[Pair]) -> Task:
        """Return the task that goes through these examples in their order."""
        optimizers = build_optimizer([self.model], OPTIMIZER)
        trees = [self.tree(index, pair) for index, pair in enumerate(pairs)]
        if self.kind == "reward":
            groups = [RankedTree(tree, (1.0, 2.0)) for tree in trees]
            return RewardTask(
                self.model,
                optimizers,
                lambda step: groups[step * BATCH : (step + 1) * BATCH],
                LAYOUT,
                RankingSettings(),
            )
        stream = Stream("sft", lambda step: (trees[step * BATCH : (step + 1) * BATCH], None))
        return LanguageTask(self.model, optimizers, [stream], LAYOUT)

    def tree(self, index: int, pair: Pair) -> Tree:
        """Lay one example out: chosen and rejected behind one prompt, or the dialogue with what is predicted."""
        if self.kind == "reward":
            return Tree(pair.prompt, (pair.chosen, pair.rejected), name=str(index))
        if self.kind == "sft-replies":
            return Tree(pair.prompt, (pair.chosen,), name=str(index))
        whole = pair.prompt + pair.chosen
        return Tree(whole, prompt_loss=[True] * len(whole), name=str(index))

    def train(self, pairs: list[Pair]) -> tuple[float, list[float]]:
        """Train on the pairs once; return the seconds it took and each step's loss."""
        task = self.task(pairs)
        plan = LoopPlan("bench", len(pairs) // BATCH, OPTIMIZER.clip_norm, CONSTANT)
        begun = time.perf_counter()
        rows = [one_step(task, plan, step, self.inputs.folder) for step in range(plan.num_steps)]
        return time.perf_counter() - begun, [row["loss"] for row in rows]


class OurEngine:
    """Our engine, in this process."""

    def __init__(self, inputs: Inputs, max_batch: int) -> None:
        """Open the shared weights."""
        self.engine = Engine(load_checkpoint(inputs.language_folder, head="language"), max_batch=max_batch)

    def __call__(
        self, prompts: list[list[int]], draw: Draw, stop_ids: tuple[int, ...]
    ) -> tuple[float, list[list[int]]]:
        """Continue each prompt; return the seconds and the new ids, a stop included."""
        temperature = 1.0 if stop_ids else 0.0
        begun = time.perf_counter()
        sampling = Sampling(max_new_tokens=draw.max_new_tokens, temperature=temperature, stop_ids=stop_ids)
        replies = self.engine.generate(prompts, sampling)
        return time.perf_counter() - begun, [list(reply[0].ids) for reply in replies]
