"""The one loop all stages train with: losses in, updated weights out; it checkpoints, resumes exactly, stops on NaN."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from trivium.core.errors import DivergenceError
from trivium.core.log import MetricsLog
from trivium.core.stage import StageContext
from trivium.training.checkpoint import latest_checkpoint, load_state, save_state
from trivium.training.loggers import open_loggers
from trivium.training.schedule import ScheduleConfig, learning_rate_share
from trivium.training.task import Task


@dataclass(frozen=True)
class LoopPlan:
    """How long and how: what the loop itself needs to know."""

    label: str
    num_steps: int
    clip_norm: float
    schedule: ScheduleConfig


def _check_finite(what: str, value: float, task: Task, step: int, scratch: Path) -> None:
    if math.isfinite(value):
        return
    names = list(task.batch_names(step))
    shown = ", ".join(names[:8]) + (f" … {len(names) - 8} more" if len(names) > 8 else "")
    last = latest_checkpoint(scratch)
    raise DivergenceError(
        f"the {what} became {value} at step {step}",
        where=f"batch: {shown or 'unnamed'}; last good checkpoint: {last or 'none yet'}",
        do="lower the learning rate or look at the batch; the run continues from the checkpoint when started again",
    )


def train(task: Task, plan: LoopPlan, context: StageContext) -> int:
    """Run the task to its last step; return the step it started from (0, or where a killed run had left off).

    Gradients are the sum over the yielded losses, clipped by norm for each module. Memory: weights, gradients,
    optimiser state, one micro-batch's activations.
    """
    scratch = context.scratch
    start = load_state(scratch, task) or 0
    if start:
        context.log.write("resumed", f"{plan.label}: goes on at step {start:,} of {plan.num_steps:,}", step=start)
    log = MetricsLog(scratch / "metrics.jsonl", resume_step=start)
    saved_at = time.monotonic()
    folder = context.logs or scratch / "logs"
    with (
        open_loggers(context.loggers, folder, plan.label, start) as loggers,
        context.progress(plan.label, plan.num_steps, "steps", done=start) as bar,
    ):
        for step in range(start, plan.num_steps):
            if step > start and time.monotonic() - saved_at > context.checkpoint_seconds and task.may_checkpoint(step):
                save_state(scratch, task, step)
                saved_at = time.monotonic()
            row = one_step(task, plan, step, scratch)
            row.update(task.after_step(step))
            log.write(step=step, **row)
            loggers.write(step, row)
            bar.advance(1, loss=row["loss"])
    save_state(scratch, task, plan.num_steps)
    (context.out / "metrics.jsonl").write_bytes((scratch / "metrics.jsonl").read_bytes())
    return start


def one_step(task: Task, plan: LoopPlan, step: int, scratch: Path) -> dict[str, float]:
    """Take one optimiser step; return what to log: loss, sums of the task's statistics, gradient norms, rates."""
    begun = time.perf_counter()
    total = 0.0
    stats: dict[str, float] = {}
    for loss, more in task.losses(step):
        value = float(loss.detach())
        _check_finite("loss", value, task, step, scratch)
        if loss.requires_grad:
            loss.backward()  # type: ignore[no-untyped-call]
        total += value
        for key, amount in more.items():
            stats[key] = stats.get(key, 0.0) + amount
    share = learning_rate_share(plan.schedule, step, plan.num_steps)
    norms = {}
    for name, module in task.modules.items():
        trained = [p for p in module.parameters() if p.grad is not None]
        norm = float(torch.nn.utils.clip_grad_norm_(trained, plan.clip_norm)) if trained else 0.0
        _check_finite(f"gradient norm of {name}", norm, task, step, scratch)
        norms["grad_norm" if len(task.modules) == 1 else f"grad_norm_{name}"] = norm
    task.optimizers.set_share(share)
    task.optimizers.step()
    seconds = time.perf_counter() - begun
    return {"loss": total, **stats, **norms, "learning_rate_share": share, "seconds": seconds}
