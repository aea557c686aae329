"""The verbs over recipes and artifacts: plan, run, why, lineage, diff, verify, doctor."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trivium.cli.options import RUNS, CheckpointSeconds, Json, RecipePath, Reference, Runs, Sets, answer, say
from trivium.core.errors import InputError, TriviumError

if TYPE_CHECKING:
    from trivium.core.graph import Step
    from trivium.core.store import Store

# Heavy rooms (torch, rich, the stages) are imported inside the verb that needs them: `trivium --help` answers at once.


def plan(recipe: RecipePath, sets: Sets = [], runs: Runs = RUNS, as_json: Json = False) -> None:  # noqa: B006 (typer)
    """Say which stages will run, which are already made, and why."""
    from trivium import flow
    from trivium.core.explain import why as explain
    from trivium.core.graph import plan as plan_graph
    from trivium.core.rundir import RunFolder

    store = _store(runs)
    graph = flow.build(recipe, sets)
    record = RunFolder(store, graph.name).read()
    reasons = [explain(step, store, record) for step in plan_graph(graph, store)]
    if as_json:
        answer([_step_row(one.step) | {"why": str(one)} for one in reasons])
        return
    width = max((len(one.step.node.name) for one in reasons), default=0)
    for one in reasons:
        typer.echo(f"{one.step.node.name:<{width}}  {one}")
    num_missing = sum(one.step.artifact is None for one in reasons)
    typer.echo(
        f"{num_missing} of {len(reasons)} stages will run" if num_missing else f"all {len(reasons)} stages are made"
    )


def run(
    recipe: RecipePath,
    until: Annotated[str | None, typer.Option(help="Stop after this stage; only what it needs is made.")] = None,
    sets: Sets = [],  # noqa: B006 (typer)
    runs: Runs = RUNS,
    checkpoint_seconds: CheckpointSeconds = 20.0,
    as_json: Json = False,
) -> None:
    """Make what is missing, with live progress; what is made stays."""
    from trivium import flow
    from trivium.cli import scorecard
    from trivium.core.log import EventLog
    from trivium.core.progress import Progress
    from trivium.core.runner import Runner

    store = _store(runs)
    graph = flow.build(recipe, sets)
    log = EventLog(store.root / graph.name / "events.jsonl", say=say)
    runner = Runner(store, log, Progress(sys.stderr), flow.device(), checkpoint_seconds)
    command = shlex.join(["trivium", "run", str(recipe), *(part for one in sets for part in ("--set", one))])
    try:
        ending = flow.walk(graph, runner, until, command=command + (f" --until {until}" if until else ""))
    except KeyboardInterrupt:
        say("interrupted; what is finished stays, and the same command continues where this one stopped")
        raise typer.Exit(130) from None
    if as_json:
        answer(scorecard.document(ending))
        return
    scorecard.show(ending)
    say(f"see {ending.report}")


def why(
    recipe: RecipePath,
    stage: Annotated[str, typer.Argument(metavar="STAGE")],
    sets: Sets = [],  # noqa: B006 (typer)
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Say field by field why a stage was or was not made again."""
    from trivium import flow
    from trivium.core.explain import why as explain
    from trivium.core.graph import plan as plan_graph
    from trivium.core.rundir import RunFolder

    store = _store(runs)
    graph = flow.build(recipe, sets)
    node = graph.node(stage)
    step = next(step for step in plan_graph(graph, store) if step.node is node)
    reason = explain(step, store, RunFolder(store, graph.name).read())
    if as_json:
        fields = [{"field": one.field, "before": one.before, "after": one.after} for one in reason.differences]
        answer(_step_row(step) | {"why": str(reason), "differences": fields})
    else:
        typer.echo(f"{stage}: {reason}")


def lineage(reference: Reference, runs: Runs = RUNS, as_json: Json = False) -> None:
    """Show every ancestor, down to sources and licences."""
    from trivium.core.explain import lineage as trace
    from trivium.core.reference import resolve

    store = _store(runs)
    artifact = resolve(reference, store)
    ancestors = trace(artifact, store)
    if as_json:
        manifests = {one.id: one.manifest.model_dump(mode="json") if one.manifest else None for one in ancestors}
        answer({"id": artifact.id, "artifacts": manifests})
        return
    for one in ancestors:
        typer.echo(str(one))
    typer.echo(f"licences: {', '.join(artifact.manifest.licences) or 'none stated'}")


def diff(a: Reference, b: Reference, runs: Runs = RUNS, as_json: Json = False) -> None:
    """Show what differs between two artifacts: settings, inputs, metrics, files."""
    from trivium.core.explain import diff as compare
    from trivium.core.reference import resolve

    store = _store(runs)
    differences = compare(resolve(a, store), resolve(b, store), store)
    if as_json:
        answer([{"field": one.field, "a": one.before, "b": one.after} for one in differences])
        return
    for one in differences:
        typer.echo(str(one))
    if not differences:
        typer.echo("nothing differs")


def verify(reference: Reference, runs: Runs = RUNS, as_json: Json = False) -> None:
    """Hash every file of an artifact again; exit 2 naming the first that differs."""
    from trivium.core.reference import resolve

    store = _store(runs)
    artifact = resolve(reference, store)
    num_files = store.verify(artifact)
    if as_json:
        answer({"id": artifact.id, "num_files": num_files, "ok": True})
    else:
        typer.echo(f"{artifact.id}: {num_files} files are as they were made")


def doctor(
    recipe: Annotated[Path | None, typer.Argument(metavar="[RECIPE]")] = None,
    sets: Sets = [],  # noqa: B006 (typer)
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Check machine, libraries, data and recipe before a long run; print what a bug report needs."""
    from trivium.core.machine import Check, examine

    checks = examine(runs)
    if recipe is not None:
        try:
            checks.append(Check("recipe", _recipe_summary(recipe, sets, runs)))
        except TriviumError as error:
            checks.append(Check("recipe", str(error), ok=False))
    failed = [check for check in checks if not check.ok]
    if as_json:
        rows = [{"name": one.name, "found": one.found, "ok": one.ok, "do": "" if one.ok else one.do} for one in checks]
        answer({"ok": not failed, "checks": rows})
    else:
        for check in checks:
            typer.echo(f"{'ok ' if check.ok else 'NO '} {check.name:<14} {check.found}")
            if not check.ok and check.do:
                typer.echo(f"    {'':<14} next: {check.do}")
    if failed:
        raise typer.Exit(InputError.exit_code)


def _store(runs: Path) -> Store:
    from trivium.core.store import Store

    return Store(runs)


def _step_row(step: Step) -> dict[str, Any]:
    path = str(step.artifact.path) if step.artifact is not None else None
    return {"stage": step.node.name, "id": step.id, "made": step.artifact is not None, "path": path}


def _recipe_summary(recipe: Path, sets: list[str], runs: Path) -> str:
    from trivium import flow
    from trivium.core.graph import plan as plan_graph

    steps = plan_graph(flow.build(recipe, sets), _store(runs))
    num_made = sum(step.artifact is not None for step in steps)
    return f"{recipe} resolves: {len(steps)} stages, {num_made} made"
