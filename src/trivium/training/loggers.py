"""Rows of metrics to the loggers a person asked for: TensorBoard, Weights & Biases or Trackio, on this machine only.

The JSON lines beside the artifact are always written; these are for watching. Nothing leaves the machine unless the
person says so the logger's own way: WANDB_MODE=online, or TRACKIO_SPACE_ID / TRACKIO_SERVER_URL.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Protocol, Self

from trivium.core.errors import InputError, MissingExtraError

PROJECT = "trivium"


class Logger(Protocol):
    """Where rows go."""

    def write(self, step: int, fields: Mapping[str, float]) -> None:
        """Take one step's numbers."""
        ...

    def close(self) -> None:
        """Write what is still held back."""
        ...


class Loggers:
    """Several loggers behind one; a context manager that closes them."""

    def __init__(self, members: Sequence[Logger]) -> None:
        """Hold them."""
        self.members = members

    def write(self, step: int, fields: Mapping[str, Any]) -> None:
        """Give each logger the row's numbers; texts and lists stay in the JSON lines."""
        numbers = {name: float(value) for name, value in fields.items() if isinstance(value, int | float)}
        for member in self.members:
            member.write(step, numbers)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Close all."""
        for member in self.members:
            member.close()


class TensorBoard:
    """Event files under `folder/tensorboard/run_name`; a resumed run takes back the rows that it writes again."""

    def __init__(self, folder: Path, run_name: str, resume_step: int) -> None:
        """Open an event file."""
        _need("tensorboard", "tensorboard")
        from torch.utils.tensorboard import SummaryWriter

        where = folder / "tensorboard" / run_name
        self.writer = SummaryWriter(where, purge_step=resume_step or None)

    def write(self, step: int, fields: Mapping[str, float]) -> None:
        """Add a point to each curve."""
        for name, value in fields.items():
            self.writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush the event file."""
        self.writer.close()


class Wandb:
    """A Weights & Biases run, offline unless WANDB_MODE says otherwise; `wandb sync` uploads it later."""

    def __init__(self, folder: Path, run_name: str, resume_step: int) -> None:
        """Start or go on with the run of that name."""
        wandb = _need("wandb", "wandb")
        folder.mkdir(parents=True, exist_ok=True)
        mode = os.environ.get("WANDB_MODE", "offline")
        name = run_name.replace("/", "-")
        self.run = wandb.init(project=PROJECT, name=run_name, id=name, dir=str(folder), mode=mode, resume="allow")

    def write(self, step: int, fields: Mapping[str, float]) -> None:
        """Log the row."""
        self.run.log(dict(fields), step=step)

    def close(self) -> None:
        """Finish the run."""
        self.run.finish()


class Trackio:
    """A Trackio run in a database under `folder/trackio`, unless TRACKIO_DIR names another place."""

    def __init__(self, folder: Path, run_name: str, resume_step: int) -> None:
        """Start or go on with the run of that name."""
        # Trackio reads its folder from the environment when it is imported, and has no other way to be told.
        os.environ.setdefault("TRACKIO_DIR", str(folder / "trackio"))
        trackio = _need("trackio", "trackio")
        resume = "allow" if resume_step else "never"
        self.run = trackio.init(
            project=PROJECT, name=run_name, resume=resume, embed=False, auto_log_gpu=False, auto_log_cpu=False
        )

    def write(self, step: int, fields: Mapping[str, float]) -> None:
        """Log the row."""
        self.run.log(dict(fields), step=step)

    def close(self) -> None:
        """Finish the run."""
        self.run.finish()


KINDS: Mapping[str, Callable[[Path, str, int], Logger]] = {
    "tensorboard": TensorBoard,
    "wandb": Wandb,
    "trackio": Trackio,
}


def open_loggers(names: Sequence[str], folder: Path, run_name: str, resume_step: int = 0) -> Loggers:
    """Open the named loggers; a name that does not exist, or whose extra is not installed, is refused."""
    for name in names:
        if name not in KINDS:
            raise InputError(f"there is no logger called {name!r}", do=f"choose among {', '.join(KINDS)}")
    return Loggers([KINDS[name](folder, run_name, resume_step) for name in names])


def _need(module: str, extra: str) -> ModuleType:
    """Import an optional dependency, or raise MissingExtraError with the install line."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        line = f"pip install 'trivium[{extra}]'"
        raise MissingExtraError(
            f"the logger {extra!r} needs a package that is not installed: {error}", do=line
        ) from error
