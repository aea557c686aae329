"""A three-box road of toy stages: what the runner's tests run."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from trivium.core.config import Config, FromEnvironment, NotIdentity
from trivium.core.errors import SourceError
from trivium.core.graph import Graph
from trivium.core.kinds import Checkpoint, Comparisons, Corpus, Sources
from trivium.core.recipe import Recipe
from trivium.core.road import Road
from trivium.core.stage import Gathers, StageContext, stage


class ReadConfig(Config, Gathers):
    folder: Annotated[Path, NotIdentity(), FromEnvironment("TOY_DATA")]
    lower: bool = False

    def gathered_files(self) -> Mapping[str, Path]:
        found = {path.name: path for path in sorted(self.folder.glob("*.txt"))}
        if not found:
            raise SourceError("no .txt file", where=str(self.folder))
        return found


class TrainConfig(Config):
    steps: int = Field(default=3, gt=0)
    learning_rate: float = 1e-3
    device: Annotated[str, NotIdentity()] = "cpu"
    crash_at: Annotated[int | None, NotIdentity()] = None
    kill_at: Annotated[int | None, NotIdentity()] = None
    interrupt_at: Annotated[int | None, NotIdentity()] = None


class PpoConfig(Config):
    method: Literal["ppo"] = "ppo"
    kl: float = 0.1


class DpoConfig(Config):
    method: Literal["dpo"] = "dpo"
    beta: float = 0.1


PolicyConfig = Annotated[PpoConfig | DpoConfig, Field(discriminator="method")]


@stage(version=1, gathered=True)
def sources(config: ReadConfig, context: StageContext) -> Sources:
    texts = [path.read_text() for path in config.gathered_files().values()]
    (context.out / "documents.txt").write_text("".join(text.lower() if config.lower else text for text in texts))
    context.licences.add("CC0-1.0")
    return context.made(Sources)


@stage(version=1)
def pretrain(sources: Sources, config: TrainConfig, context: StageContext) -> Checkpoint:
    """Write one line a step, kept in scratch, so that a killed run goes on after the last whole line."""
    state = context.scratch / "lines"
    lines = state.read_text().splitlines() if state.is_file() else []
    context.log.write("resumed", steps=len(lines))
    with context.progress("pretrain", config.steps, done=len(lines)) as bar:
        for step in range(len(lines), config.steps):
            (context.out / "half").write_text("half-made")
            if step == config.crash_at:
                raise ZeroDivisionError
            if step == config.interrupt_at:
                raise KeyboardInterrupt
            if step == config.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            lines.append(f"{step} {config.learning_rate} {context.seed}")
            state.write_text("\n".join(lines))
            bar.advance(loss=1 / (step + 1))
    (context.out / "half").unlink(missing_ok=True)
    (context.out / "weights").write_text((sources.path / "documents.txt").read_text() + "\n".join(lines))
    (context.out / "config.json").write_text("{}")
    context.measure("steps", config.steps, n=config.steps)
    return context.made(Checkpoint)


@stage(version=1)
def policy(
    base: Checkpoint,
    comparisons: Sequence[Comparisons],
    corpus: Corpus | None,
    config: PolicyConfig,
    context: StageContext,
) -> Checkpoint:
    (context.out / "weights").write_text((base.path / "weights").read_text() + config.method)
    (context.out / "report.html").write_text("<p>done")
    return context.made(Checkpoint)


def toy_road(recipe: Recipe) -> Graph:
    lay = Road(recipe)
    read = lay.box(sources)
    base = lay.box(pretrain, sources=read)
    lay.box(policy, base=base, comparisons=[], publish=("report.html",))
    return lay.graph()
