"""The verbs that use a model: generate, chat, score, import, export, and the primer's export."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from trivium.cli.options import RUNS, Json, MaxTokens, Model, Runs, Seed, Temperature, answer, say
from trivium.core.errors import ContextError, InputError

# Rooms with torch are imported inside the verbs: `trivium --help` answers at once.


def generate(
    model: Model,
    prompts: Annotated[list[str], typer.Argument(metavar="PROMPT...")],
    chat: Annotated[bool, typer.Option("--chat", help="Ask through the chat template.")] = False,
    n: Annotated[int, typer.Option("-n", min=1, help="Samples of each prompt.")] = 1,
    max_tokens: MaxTokens = 128,
    temperature: Temperature = 1.0,
    seed: Seed = 0,
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Complete prompts, or reply to them with --chat."""
    from trivium import use
    from trivium.inference.sampling import Sampling

    sampling = Sampling(max_new_tokens=max_tokens, temperature=temperature, seed=seed)
    rows = use.generate(_folder(model, runs), prompts, sampling, chat=chat, n=n)
    if as_json:
        answer(rows)
        return
    for row in rows:
        if len(rows) > 1:
            typer.echo(f"--- {row['prompt']} [{row['sample'] + 1}/{n}]")
        typer.echo(row["text"])


def chat(
    model: Model,
    max_tokens: MaxTokens = 512,
    temperature: Temperature = 0.7,
    seed: Seed = 0,
    runs: Runs = RUNS,
) -> None:
    """Talk to a model in the terminal; /new starts again, /quit or end of input ends."""
    from trivium import use
    from trivium.inference.sampling import Sampling

    talk = use.Talk(_folder(model, runs), Sampling(max_new_tokens=max_tokens, temperature=temperature, seed=seed))
    say("type, and press enter; /new starts again, /quit ends")
    while True:
        if sys.stdin.isatty():
            typer.echo("> ", nl=False, err=True)
        line = sys.stdin.readline()
        text = line.strip()
        if not line or text == "/quit":
            return
        if text == "/new":
            talk.turns = []
        elif text:
            _reply(talk.say(text))


def score(
    model: Model,
    data: Annotated[Path, typer.Option(help='JSON lines {"prompt": …, "reply": …}; a prompt is a text or turns.')],
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Score replies: a reward model's number, or a language model's log-probability in nats."""
    from trivium import use

    rows = use.read_scored(data, say)
    scored = use.score(_folder(model, runs), rows)
    if as_json:
        answer([row.model_dump(mode="json") | found for row, found in zip(rows, scored, strict=True)])
        return
    for row, found in zip(rows, scored, strict=True):
        typer.echo(f"{found['score']:10.4f}  {row.messages[-1].content!r} → {row.reply!r}")


def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder in the Hugging Face layout.")],
    name: Annotated[str, typer.Option(help="It is called imported/NAME; the folder's name unless said.")] = "",
    licence: Annotated[str, typer.Option(help="The licence its weights are under.")] = "unstated",
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Take in a model made elsewhere; its id hangs on its files."""
    from trivium import use
    from trivium.core.store import Store

    taken = use.import_(path, Store(runs), name=name, licence=licence)
    called = f"imported/{name or path.resolve().name}"
    if as_json:
        answer({"name": called, "id": taken.id, "path": str(taken.path)})
    else:
        typer.echo(f"{called}: {taken.id}")


def export(
    model: Model,
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    form: Annotated[str, typer.Option("--format", help="hf: config.json, safetensors and tokenizer.")] = "hf",
    runs: Runs = RUNS,
    as_json: Json = False,
) -> None:
    """Write a model for other tools: transformers, vLLM and llama.cpp's converter open it."""
    if form != "hf":
        raise InputError(f"wanted the format hf, found {form}")
    from trivium import use

    written = use.export(_folder(model, runs), out)
    if as_json:
        answer({"path": str(written), "format": form})
    else:
        typer.echo(str(written))


def primer_export(
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Write the embedded world as files: corpus, demonstrations, prompts, held-out items, truth."""
    from trivium.core.storage import storage
    from trivium.primer.config import PrimerConfig
    from trivium.primer.files import write
    from trivium.primer.world import build

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("wanted a folder that is new or empty", where=str(out), do="choose another with --out")
    world = build(PrimerConfig(), seed)
    with storage(out):
        write(world, out)
    if as_json:
        answer({"path": str(out), "seed": seed, "counts": world.counts()})
    else:
        typer.echo(str(out))


def _folder(model: str, runs: Path) -> Path:
    from trivium.core.reference import model_folder
    from trivium.core.store import Store

    return model_folder(model, Store(runs))


def _reply(pieces: Iterator[str]) -> None:
    """Write a reply as it comes; a turn that does not fit the context is refused, and the talk goes on."""
    try:
        for piece in pieces:
            typer.echo(piece, nl=False)
        typer.echo()
    except ContextError as error:
        say(f"error: {error}")
