"""What verbs share: arguments, options, and how an answer and a word to a person are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

RUNS = Path("runs")

RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe, such as recipes/quickstart.toml.")]
Sets = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="Override one key: --set sft.epochs=2.")]
Runs = Annotated[Path, typer.Option("--runs", envvar="TRIVIUM_RUNS", help="Folder for all output.")]
CheckpointSeconds = Annotated[
    float,
    typer.Option(
        envvar="TRIVIUM_CHECKPOINT_SECONDS", help="Least time between two checkpoints that a killed run continues from."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Reference = Annotated[str, typer.Argument(metavar="REF", help="RUN/STAGE, 8 or more digits of an id, or a folder.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="RUN/STAGE, 8 or more digits of an id, or a folder.")]
MaxTokens = Annotated[int, typer.Option(min=1, help="Tokens a reply may have.")]
Temperature = Annotated[float, typer.Option(min=0, help="0 takes the likeliest token each time.")]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same text.")]


def say(text: str) -> None:
    """Write a line for people: never to standard output, which belongs to the answer."""
    typer.echo(text, err=True)


def answer(document: Any) -> None:
    """Print the one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
