"""A world to a folder of JSON lines and back: the exchange format that gathered real data takes too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from trivium.core.errors import SourceError
from trivium.primer.items import Item
from trivium.primer.world import TruthRow, World
from trivium.records import Demonstration, Document, Prompt, Record

R = TypeVar("R", bound=Record)

_README = """# The primer: an embedded world with known truth

**Synthetic.** Every line was written by Trivium's own templates from one seed; nothing was collected. Facts about
countries, animals, foods, tools and people are true. Licence: CC0-1.0.

Covers: facts (countries, animals, foods, tools, people, phrases), small sums, everyday procedures, stories, ten task
types, what an assistant cannot know, common myths, and harmful wishes built from twelve everyday verbs and shared
objects beside harmless look-alikes. The bad replies carry no real instruction. Does not cover: anything else. A model
that does well here has been shown to do well here.

Half of the demonstrations on harm and honesty are bad on purpose (`prompt.attrs.quality`), so that people have
something to choose between. Some documents are dirty on purpose; their source says how (`primer/duplicate`, `foreign`,
`broken`, `pii`). Items of one suite share entities and intents (12 harmful intents a split, in all phrasings), so
intervals over items are narrower than intervals over new intents would be.

| what | how many |
|---|---|
"""


def write(world: World, folder: Path) -> None:
    """Write the world's files and a README that says what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, Iterable[Record]] = {
        "documents": world.documents,
        "heldout_documents": world.heldout_documents,
        "demonstrations": world.demonstrations,
        "prompts": world.prompts,
        "items": world.items,
        "truths": world.truths,
    }
    for name, records in rows.items():
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{record.model_dump_json()}\n" for record in records)
    table = "".join(f"| {name} | {count} |\n" for name, count in world.counts().items())
    (folder / "README.md").write_text(_README + table, encoding="utf-8")


def _read(folder: Path, name: str, record: type[R]) -> tuple[R, ...]:
    """Read one file; a bad line is named."""
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        raise SourceError(
            f"wanted {name}.jsonl, found no such file",
            where=str(folder),
            do="write the world with `trivium primer export --out DIR`",
        )
    found = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                found.append(record.model_validate_json(line))
            except ValidationError as error:
                reason = error.errors()[0]["msg"]
                raise SourceError(
                    f"not a {record.__name__}: {reason}", where=f"{path}:{number}", do="mend or remove the line"
                ) from error
    return tuple(found)


def read(folder: Path) -> World:
    """Read a world that `write` wrote."""
    return World(
        documents=_read(folder, "documents", Document),
        heldout_documents=_read(folder, "heldout_documents", Document),
        demonstrations=_read(folder, "demonstrations", Demonstration),
        prompts=_read(folder, "prompts", Prompt),
        items=_read(folder, "items", Item),
        truths=_read(folder, "truths", TruthRow),
    )
