"""A graph to finished artifacts: makes what is missing, in order, and leaves nothing half-made."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trivium.core.artifact import Artifact
from trivium.core.errors import SourceError, TriviumError
from trivium.core.graph import Graph, Node, Step, plan
from trivium.core.identity import execution
from trivium.core.log import EventLog
from trivium.core.manifest import Manifest, as_metrics
from trivium.core.memory import peak_bytes, reset_peak
from trivium.core.progress import Progress
from trivium.core.rundir import RunFolder
from trivium.core.stage import StageContext
from trivium.core.storage import storage
from trivium.core.store import Store
from trivium.core.version import code_version


@dataclass(frozen=True)
class Runner:
    """What a run needs that is not identity: where, how loud, on which device, how often to save."""

    store: Store
    log: EventLog = field(default_factory=EventLog)
    progress: Progress = field(default_factory=lambda: Progress(quiet=True))
    device: str = "cpu"
    checkpoint_seconds: float = 20.0

    def run(self, graph: Graph, until: str | None = None, *, keep_others: bool = False) -> dict[str, Artifact]:
        """Make every node that is missing; return name → artifact. What is made is taken as it is, and said so.

        `keep_others` leaves in the run's record what this graph does not have, as a collection needs.
        """
        wanted = plan(graph, self.store)
        needed = {node.name for node in graph.until(until).nodes}
        steps = [step for step in wanted if step.node.name in needed]
        folder = RunFolder(self.store, graph.name)
        if not keep_others:
            folder.forget_stale({step.node.name: step.id for step in wanted})
        made: dict[str, Artifact] = {}
        num_cached = 0
        for number, step in enumerate(steps, start=1):
            name = step.node.name
            self._warn_of_change(step)
            if step.artifact is None:
                self.log.write("started", f"[{number}/{len(steps)}] {name}", stage=name, id=step.id)
            artifact, cached = (step.artifact, True) if step.artifact is not None else self._make(step, made)
            if cached:
                num_cached += 1
                self.log.write("made before", stage=name, id=step.id)
            else:
                text = f"[{number}/{len(steps)}] {name} made in {artifact.manifest.seconds:.1f} s: {artifact.id}"
                self.log.write("finished", text, stage=name, id=step.id, seconds=artifact.manifest.seconds)
            made[name] = artifact
            folder.add(name, artifact, cached=cached, publish=step.node.publish)
        self.log.write("run finished", _closing(num_cached, len(steps)), recipe=graph.name, cached=num_cached)
        return made

    def _warn_of_change(self, step: Step) -> None:
        if step.source_changed:
            name = step.node.name
            text = f"warning: the code of {name} changed since {step.id} was made, its version did not; kept"
            self.log.write("source changed", text, stage=name, id=step.id)

    def _make(self, step: Step, made: dict[str, Artifact]) -> tuple[Artifact, bool]:
        name = step.node.name

        def waiting(holder: str) -> None:
            self.log.write("waiting", f"{name} is being made by {holder}; waiting for it", stage=name, id=step.id)

        with storage(self.store.root), self.store.lock(step.id, waiting):
            artifact = self.store.find(step.id)
            if artifact is not None:
                return artifact, True
            draft = self.store.draft(step.id)
            context = StageContext(
                out=draft,
                scratch=self.store.scratch(step.id),
                seed=step.node.seed if step.node.stage.seeded else 0,
                device=self.device,
                checkpoint_seconds=self.checkpoint_seconds,
                progress=self.progress,
                log=self.log,
            )
            try:
                return self._finish(step, made, context), False
            except TriviumError as error:
                error.where = f"stage {name}" + (f", {error.where}" if error.where else "")
                self.log.write("failed", stage=name, id=step.id, error=error.message, where=error.where)
                raise
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def _finish(self, step: Step, made: dict[str, Artifact], context: StageContext) -> Artifact:
        inputs = _inputs(step.node, made)
        created_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        reset_peak()
        started = time.perf_counter()
        with storage(self.store.root):
            step.node.stage(**inputs, config=step.node.config, context=context)
        if step.node.stage.gathered and step.node.stage.identity(step.node.config, None, {}) != step.identity:
            raise SourceError("a source changed while it was read", do="run again when nothing writes to it")
        licences = set(context.licences)
        for one in inputs.values():
            for artifact in one if isinstance(one, tuple) else (one,) if one is not None else ():
                licences.update(artifact.manifest.licences)
        settings = step.identity.settings
        manifest = Manifest(
            id=step.id,
            identity=step.identity.full,
            kind=step.node.stage.output.kind,
            stage=step.node.stage.name,
            stage_version=step.node.stage.version,
            source_hash=step.node.stage.source_hash,
            inputs=step.inputs,
            config=settings["config"],
            execution=execution(step.node.config) | {"device": self.device},
            files={},
            metrics=as_metrics(context.metrics),
            seed=settings["seed"],
            code_version=code_version(),
            seconds=round(time.perf_counter() - started, 3),
            peak_memory_bytes=peak_bytes(),
            licences=sorted(licences),
            created_at=created_at,
            gathered=step.node.stage.gathered,
            gathered_files=settings.get("gathered", {}),
        )
        return self.store.finish(context.out, manifest)


def _inputs(node: Node, made: dict[str, Artifact]) -> dict[str, Any]:
    """Return the artifacts a stage function takes: one, a tuple, or None."""
    found: dict[str, Any] = {}
    for parameter in node.stage.inputs:
        given = node.inputs.get(parameter)
        if given is None or isinstance(given, Artifact):
            found[parameter] = given
        elif isinstance(given, str):
            found[parameter] = made[given]
        else:
            found[parameter] = tuple(made[one] if isinstance(one, str) else one for one in given)
    return found


def _closing(num_cached: int, num_steps: int) -> str:
    if num_cached == num_steps:
        return f"nothing to do: all {num_steps} stages are made"
    return f"done: {num_steps - num_cached} stages made, {num_cached} made before"
