"""A graph and the store to what a run left behind: artifacts, their files, logs, and where it stopped. Read-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from trivium.core.artifact import Artifact
from trivium.core.errors import TriviumError
from trivium.core.graph import Graph, Step, plan
from trivium.core.identity import fingerprint
from trivium.core.log import read_metrics
from trivium.core.manifest import Metric
from trivium.core.rundir import RunFolder
from trivium.core.store import Store
from trivium.evaluation.card import read_card
from trivium.records import Measure, read_records

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Halt:
    """Why a run ended before its end: the stage, the cause in a sentence, and the one thing to do next."""

    stage: str
    cause: str
    do: str = ""


@dataclass(frozen=True)
class Trail:
    """What of a graph is made, as its run left it.

    A stage that an earlier run of the same recipe made is part of it: its id says that it would come out the same.
    """

    graph: Graph
    store: Store
    steps: Mapping[str, Step]
    reused: frozenset[str]
    """Stages that the last run found made."""
    command: str = ""
    until: str | None = None
    halt: Halt | None = None

    @classmethod
    def read(cls, graph: Graph, store: Store, *, command: str = "", until: str | None = None) -> Trail:
        """Look up every stage of the graph in the store."""
        record = RunFolder(store, graph.name).read()
        reused = frozenset(name for name, stage in record.stages.items() if stage.cached)
        steps = {step.node.name: step for step in plan(graph, store)}
        return cls(graph, store, steps, reused, command, until)

    def first_missing(self) -> str | None:
        """Return the first stage that was wanted and is not made: the one that a run stopped at."""
        wanted = self.graph.until(self.until).nodes
        return next((node.name for node in wanted if self.artifact(node.name) is None), None)

    @cached_property
    def made(self) -> dict[str, Artifact]:
        """The finished artifacts by the name of their stage, in the order of the road."""
        return {name: step.artifact for name, step in self.steps.items() if step.artifact is not None}

    @property
    def recipe_id(self) -> str:
        """The hash over the ids of all stages: the same settings, sources and code versions give the same."""
        return fingerprint({name: step.id for name, step in self.steps.items()})

    def artifact(self, name: str) -> Artifact | None:
        """Return what the stage made, or None."""
        return self.made.get(name)

    def config(self, name: str) -> dict[str, Any]:
        """Return the stage's resolved settings; empty where there is no such stage."""
        step = self.steps.get(name)
        config = step.identity.settings["config"] if step is not None else {}
        return config if isinstance(config, dict) else {}

    def metric(self, name: str, key: str) -> Metric | None:
        """Return a number that the stage reported, where it has a value."""
        artifact = self.artifact(name)
        metric = artifact.manifest.metrics.get(key) if artifact is not None else None
        return metric if metric is not None and metric.value is not None else None

    def number(self, name: str, key: str) -> float | None:
        """Return the value of a number that the stage reported."""
        metric = self.metric(name, key)
        return metric.value if metric is not None else None

    def file(self, name: str, file: str) -> Path | None:
        """Return a file of what the stage made, or None where it is not there."""
        artifact = self.artifact(name)
        path = artifact.path / file if artifact is not None else None
        return path if path is not None and path.is_file() else None

    def rows(self, name: str, file: str, kind: type[R]) -> Iterator[R]:
        """Yield the records in a file of what the stage made; none where it is not there."""
        path = self.file(name, file)
        if path is not None:
            yield from read_records(path, kind)

    def log(self, name: str) -> list[dict[str, Any]]:
        """Return the stage's rows of measurements; of one that stopped, those it left in its scratch folder."""
        path = self.file(name, "metrics.jsonl")
        if path is None and name in self.steps:
            path = self.store.root / "scratch" / self.steps[name].id / "metrics.jsonl"
        return read_metrics(path) if path is not None and path.is_file() else []

    @cached_property
    def evaluated(self) -> dict[str, Measure]:
        """The scorecard of the evaluation; empty where it was not made."""
        path = self.file("evaluate", "scorecard.json")
        return read_card(path) if path is not None else {}

    @property
    def synthetic(self) -> bool:
        """Whether the sources are the embedded world."""
        step = self.steps.get("sources")
        return step is not None and step.node.stage.name == "primer"

    @property
    def truth_known(self) -> bool:
        """Whether replies were graded against known truth."""
        return self.config("evaluate").get("method") == "primer"


def split_round(name: str) -> tuple[str, int | None]:
    """Return a stage's plain name and its round; the last round bears the plain name, so None stands for it.

    >>> split_round("policy-1"), split_round("policy_without_mix")
    (('policy', 1), ('policy_without_mix', None))
    """
    plain, dash, number = name.rpartition("-")
    return (plain, int(number)) if dash and number.isdigit() else (name, None)


def num_rounds(graph: Graph) -> int:
    """Return how often comparisons → reward → policy are gone through."""
    return 1 + max((split_round(node.name)[1] or 0 for node in graph.nodes), default=0)


def halt_of(error: BaseException, stage: str) -> Halt:
    """Return in words why a run stopped at that stage."""
    if isinstance(error, TriviumError):
        return Halt(stage, error.message.rstrip("."), error.do)
    if isinstance(error, KeyboardInterrupt):
        return Halt(stage, "it was interrupted", "The same command continues where it stopped.")
    return Halt(stage, f"{type(error).__name__}: {error}".rstrip(": ."), "This is a defect of ours: see the traceback.")
