"""The command line: verbs parse, call and print; nothing is decided here."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from trivium import __version__
from trivium.cli import curate, models, runs, studio
from trivium.cli.options import answer, say
from trivium.core.errors import TriviumError

app = typer.Typer(
    help="Raw text to an aligned assistant: pre-train, fine-tune, rank, reward, reinforce, evaluate.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
primer = typer.Typer(help="The embedded world: synthetic, with known truth.", no_args_is_help=True)

app.command()(runs.plan)
app.command()(runs.run)
app.command()(curate.curate)
app.command()(runs.why)
app.command()(runs.lineage)
app.command()(runs.diff)
app.command()(runs.verify)
app.command()(runs.doctor)
app.command()(models.generate)
app.command()(models.chat)
app.command()(models.score)
app.command("import")(models.import_)
app.command()(models.export)
app.command()(studio.studio)
primer.command("export")(models.primer_export)
app.add_typer(primer, name="primer")


@app.callback(invoke_without_command=True)
def _top(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        typer.echo(f"trivium {__version__}")
        raise typer.Exit


@primer.callback()
def _primer() -> None:
    """The embedded world: synthetic, with known truth."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 bad input or usage, 3 refused by a gate."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(given, prog_name="trivium")
    except TriviumError as error:
        say(f"error: {error}")
        if "--json" in given:
            report = {"message": error.message, "where": error.where, "do": error.do, "exit_code": error.exit_code}
            answer({"error": report})
        return error.exit_code
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    return 0
