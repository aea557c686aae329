"""The verb that makes a corpus from folders and files: arguments to a recipe, and the recipe to token shards."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trivium.cli.options import Json, Seed, Sets, answer, say

if TYPE_CHECKING:
    from trivium.core.artifact import Artifact

NAME = "curated"
MOST_REASONS = 6
"""Why something was not read: shown are so many, the commonest first."""


def curate(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="Folders, files, or addresses of object stores; NAME=PATH gives one a name."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for everything that is made.")],
    against: Annotated[
        list[str], typer.Option(metavar="FILE", help="Evaluation items that must not be in the corpus.")
    ] = [],  # noqa: B006 (typer)
    licences: Annotated[
        list[str], typer.Option("--licence", metavar="[NAME=]TEXT", help="Licence of one source, or of all.")
    ] = [],  # noqa: B006 (typer)
    weights: Annotated[
        list[str], typer.Option("--weight", metavar="NAME=SHARE", help="Share of a source in the tokens.")
    ] = [],  # noqa: B006 (typer)
    text_keys: Annotated[
        list[str],
        typer.Option("--text-key", metavar="[NAME=]KEY", help="Key or column that holds the text; `text` unless said."),
    ] = [],  # noqa: B006 (typer)
    examples: Annotated[
        list[str],
        typer.Option(
            metavar="KIND=PATH",
            help="Examples of your own that train a classifier: `good` and `bad`, or `toxic` and `harmless`.",
        ),
    ] = [],  # noqa: B006 (typer)
    seed: Seed = 0,
    sets: Sets = [],  # noqa: B006 (typer)
    as_json: Json = False,
) -> None:
    """Make a corpus, a tokenizer and token shards from raw text, with a report of what was kept and dropped.

    Every step is on: encoding repair, language identification, quality rules, bad words, personal data, exact and near
    duplicates, repeated paragraphs. The recipe lies in DIR: change it there and run it again, or use --set, as in
    --set corpus.language.keep='["en"]', --set tokenizer.vocab_size=16384 or --set corpus.engine.workers=2.
    Sources may be s3://, gs:// and hf:// addresses, read with the keys of the environment: --set
    sources.store.anonymous=true reads public data, --set sources.store.endpoint=URL another S3.
    """
    from trivium import flow
    from trivium.core.log import EventLog
    from trivium.core.progress import Progress
    from trivium.core.runner import Runner
    from trivium.core.storage import storage
    from trivium.core.store import Store
    from trivium.curation.recipe import Asked, compose

    text = compose(
        Asked(tuple(sources), tuple(against), tuple(licences), tuple(weights), tuple(text_keys), tuple(examples), seed)
    )
    recipe = out / f"{NAME}.toml"
    with storage(out):
        out.mkdir(parents=True, exist_ok=True)
        recipe.write_text(text, encoding="utf-8")
    store = Store(out)
    graph = flow.build(recipe, sets)
    log = EventLog(store.root / graph.name / "events.jsonl", say=say)
    try:
        made = Runner(store, log, Progress(sys.stderr)).run(graph)
    except KeyboardInterrupt:
        say("interrupted; what is finished stays, and the same command continues where this one stopped")
        raise typer.Exit(130) from None
    folder = out / graph.name
    if as_json:
        answer(_document(made, folder))
        return
    _show(made, folder)


def _document(made: dict[str, Artifact], folder: Path) -> dict[str, Any]:
    account = json.loads((made["corpus"].path / "corpus.json").read_text(encoding="utf-8"))
    account.pop("samples")
    stages = {name: {"id": each.id, "path": str(folder / name)} for name, each in made.items()}
    metrics = {
        name: {key: metric.value for key, metric in made[name].manifest.metrics.items()}
        for name in ("tokenizer", "tokens")
    }
    reading = {
        action: {each["reason"]: each["rows"] for each in reasons} for action, reasons in account.pop("reading").items()
    }
    return {"stages": stages, "report": str(folder / "corpus.html"), "reading": reading, "corpus": account, **metrics}


def _show(made: dict[str, Artifact], folder: Path) -> None:
    account = json.loads((made["corpus"].path / "corpus.json").read_text(encoding="utf-8"))
    documents = account["documents"]
    reading = account["reading"]
    for action, said in (("dropped", "left out while reading"), ("repaired", "repaired while reading")):
        for each in reading[action][:MOST_REASONS]:
            typer.echo(f"{each['rows']:>12,} {said}: {each['reason']}")
    if reading["dropped"]:
        typer.echo(f"{'':>12} each with file and line in {folder / 'sources' / 'ledger.jsonl'}")
    typer.echo(f"{documents['read']:>12,} documents read")
    for each in account["dropped"]:
        typer.echo(f"{each['documents']:>12,} dropped: {each['rule']}")
    typer.echo(f"{documents['kept']:>12,} kept, {documents['heldout']:,} more held out")
    number = made["tokens"].manifest.metrics["train_tokens"].value
    typer.echo(f"{number:>12,.0f} tokens in {folder / 'tokens' / 'train'}")
    typer.echo(f"see {folder / 'corpus.html'}")
