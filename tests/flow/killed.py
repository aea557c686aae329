"""The command line, killed with SIGKILL in the middle of one step of one stage: `killed.py LABEL STEP ARGUMENTS…`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from trivium.cli import main
from trivium.training import loop
from trivium.training.loop import LoopPlan
from trivium.training.task import Task

LABEL, STEP = sys.argv[1], int(sys.argv[2])
one_step = loop.one_step


def dying_step(task: Task, plan: LoopPlan, step: int, scratch: Path) -> dict[str, Any]:
    """Take the step, unless it is the last one: then leave what a kill at the worst moment leaves, and die."""
    if (plan.label, step) != (LABEL, STEP):
        return one_step(task, plan, step, scratch)
    for loss, _ in task.losses(step):
        loss.backward()  # type: ignore[no-untyped-call]
    with (scratch / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 99, "lo')
    (scratch / "step-00000099.draft").write_bytes(b"half a checkpoint")
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


loop.one_step = dying_step
sys.exit(main(sys.argv[3:]))
