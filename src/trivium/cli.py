"""The command line: verbs parse, call and print; nothing is decided here."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trivium import __version__
from trivium.core.errors import InputError, TriviumError

if TYPE_CHECKING:
    from trivium.core.artifact import Store
    from trivium.core.graph import Step

# Heavy rooms (torch, rich, the stages) are imported inside the verb that needs them: `trivium --help` answers at once.
app = typer.Typer(
    help="Raw text to an aligned assistant: pre-train, fine-tune, rank, reward, reinforce, evaluate.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
primer_app = typer.Typer(help="The embedded world: synthetic, with known truth.", no_args_is_help=True)
app.add_typer(primer_app, name="primer")

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, such as recipes/quickstart.toml.")]
Sets = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="Override one key: --set sft.steps=200.")]
Runs = Annotated[Path, typer.Option("--runs", envvar="TRIVIUM_RUNS", help="Folder for all output.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Reference = Annotated[str, typer.Argument(metavar="REF", help="RUN/STAGE, 8 or more digits of an id, or a folder.")]
Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="RUN/STAGE, 8 or more digits of an id, or a model's folder.")
]
RUNS = Path("runs")


@app.command()
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
        _print_json([_step_row(one.step) | {"why": str(one)} for one in reasons])
        return
    width = max((len(one.step.node.name) for one in reasons), default=0)
    for one in reasons:
        typer.echo(f"{one.step.node.name:<{width}}  {one}")
    num_missing = sum(one.step.artifact is None for one in reasons)
    typer.echo(
        f"{num_missing} of {len(reasons)} stages will run" if num_missing else f"all {len(reasons)} stages are made"
    )


@app.command()
def run(
    recipe: RecipePath,
    until: Annotated[str | None, typer.Option(help="Stop after this stage; only what it needs is made.")] = None,
    sets: Sets = [],  # noqa: B006 (typer)
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Make what is missing, with live progress; what is made stays."""
    from trivium import flow
    from trivium.core.log import EventLog
    from trivium.core.progress import Progress
    from trivium.core.runner import Runner

    store = _store(runs)
    graph = flow.build(recipe, sets)
    log = EventLog(store.root / graph.name / "events.jsonl", say=_say)
    runner = Runner(store, log, Progress(sys.stderr), flow.device())
    try:
        made = runner.run(graph, until)
    except KeyboardInterrupt:
        _say("interrupted; what is finished stays, and the same command continues where this one stopped")
        raise typer.Exit(130) from None
    if as_json:
        _print_json({name: {"id": one.id, "path": str(one.path)} for name, one in made.items()})


@app.command()
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
        _print_json(_step_row(step) | {"why": str(reason), "differences": fields})
    else:
        typer.echo(f"{stage}: {reason}")


@app.command()
def lineage(reference: Reference, runs: Runs = RUNS, as_json: Json = False) -> None:
    """Show every ancestor, down to sources and licences."""
    from trivium.core.explain import lineage as trace
    from trivium.core.reference import resolve

    store = _store(runs)
    artifact = resolve(reference, store)
    ancestors = trace(artifact, store)
    if as_json:
        manifests = {one.id: one.manifest.model_dump(mode="json") if one.manifest else None for one in ancestors}
        _print_json({"id": artifact.id, "artifacts": manifests})
        return
    for one in ancestors:
        typer.echo(str(one))
    typer.echo(f"licences: {', '.join(artifact.manifest.licences) or 'none stated'}")


@app.command()
def diff(a: Reference, b: Reference, runs: Runs = RUNS, as_json: Json = False) -> None:
    """Show what differs between two artifacts: settings, inputs, metrics, files."""
    from trivium.core.explain import diff as compare
    from trivium.core.reference import resolve

    store = _store(runs)
    differences = compare(resolve(a, store), resolve(b, store), store)
    if as_json:
        _print_json([{"field": one.field, "a": one.before, "b": one.after} for one in differences])
        return
    for one in differences:
        typer.echo(str(one))
    if not differences:
        typer.echo("nothing differs")


@app.command()
def verify(reference: Reference, runs: Runs = RUNS, as_json: Json = False) -> None:
    """Hash every file of an artifact again; exit 2 naming the first that differs."""
    from trivium.core.reference import resolve

    store = _store(runs)
    artifact = resolve(reference, store)
    num_files = store.verify(artifact)
    if as_json:
        _print_json({"id": artifact.id, "num_files": num_files, "ok": True})
    else:
        typer.echo(f"{artifact.id}: {num_files} files are as they were made")


@app.command()
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
        _print_json({"ok": not failed, "checks": rows})
    else:
        for check in checks:
            typer.echo(f"{'ok ' if check.ok else 'NO '} {check.name:<14} {check.found}")
            if not check.ok and check.do:
                typer.echo(f"    {'':<14} next: {check.do}")
    if failed:
        raise typer.Exit(InputError.exit_code)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 bad input or usage, 3 refused by a gate."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(given, prog_name="trivium")
    except TriviumError as error:
        _say(f"error: {error}")
        if "--json" in given:
            report = {"message": error.message, "where": error.where, "do": error.do, "exit_code": error.exit_code}
            _print_json({"error": report})
        return error.exit_code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    return 0


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"trivium {__version__}")
        raise typer.Exit


def _store(runs: Path) -> Store:
    from trivium.core.artifact import Store

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


def _say(text: str) -> None:
    """Write a line for people: never to standard output, which belongs to the answer."""
    typer.echo(text, err=True)


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
