"""A training in the middle to a file and back: weights, optimisers, step and the task's own state, bit for bit."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from trivium.core.errors import CheckpointError
from trivium.core.storage import storage
from trivium.training.task import Task

KEPT = 2  # the newest and the one before, in case the newest is cut short by a full disk


def _files(scratch: Path) -> list[Path]:
    return sorted(scratch.glob("step-*.pt"))


def latest_checkpoint(scratch: Path) -> Path | None:
    """Return the newest resumable checkpoint, or None."""
    files = _files(scratch)
    return files[-1] if files else None


def save_state(scratch: Path, task: Task, step: int) -> Path:
    """Write `step-########.pt` (the state before that step) through a draft that is renamed; keep the newest two."""
    path = scratch / f"step-{step:08d}.pt"
    draft = path.with_suffix(".draft")
    payload: dict[str, Any] = {
        "step": step,
        "modules": {name: module.state_dict() for name, module in task.modules.items()},
        "optimizers": task.optimizers.state(),
        "task": task.state(),
    }
    with storage(scratch):
        scratch.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            torch.save(payload, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        for old in [*_files(scratch)[:-KEPT], *scratch.glob("step-*.draft")]:
            old.unlink()
    return path


def load_state(scratch: Path, task: Task) -> int | None:
    """Restore the newest checkpoint into the task; return its step, or None where there is none.

    A checkpoint that cannot be read raises CheckpointError: training never starts again silently from the beginning.
    """
    path = latest_checkpoint(scratch)
    if path is None:
        return None
    again = f"delete {path.name} to continue from the one before it, or the folder to begin the stage again"
    try:
        if not zipfile.is_zipfile(path):
            raise EOFError("the file is cut short, or no checkpoint")
        payload = torch.load(path, map_location="cpu", weights_only=True)
        step, modules, optimizers, kept = (payload[key] for key in ("step", "modules", "optimizers", "task"))
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError, KeyError, TypeError) as error:
        reason = str(error).split("\n")[0]
        message = f"the resumable checkpoint cannot be read: {type(error).__name__}: {reason}"
        raise CheckpointError(message, where=str(path), do=again) from error
    try:
        for name, module in task.modules.items():
            module.load_state_dict(modules[name])
        task.optimizers.load_state(optimizers)
    except (RuntimeError, ValueError, KeyError) as error:
        message = f"the resumable checkpoint does not fit this training: {error}"
        raise CheckpointError(message, where=str(path), do="delete the folder to begin the stage again") from error
    task.load_state(kept)
    return int(step)
