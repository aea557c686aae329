"""The world to sources: the embedded primer, or real folders and data sets, as documents, demonstrations, comparisons and prompts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from trivium.core.config import Config, FromEnvironment, NotIdentity
from trivium.core.errors import SourceError
from trivium.core.kinds import Sources
from trivium.core.stage import Gathers, StageContext, stage
from trivium.curation.files import find_files
from trivium.curation.ledger import Ledger
from trivium.curation.reader import ReaderConfig, read_documents
from trivium.human.formats import Reject, read_comparisons, read_demonstrations
from trivium.primer.config import PrimerConfig
from trivium.primer.files import write
from trivium.primer.world import build
from trivium.records import Comparison, Demonstration, Document, Prompt, write_records


class PrimerSources(PrimerConfig):
    """The embedded world: synthetic, with known truth."""

    method: Literal["primer"] = "primer"


@stage(version=1)
def primer(config: PrimerSources, context: StageContext) -> Sources:
    """Build the embedded world from the recipe's seed."""
    plain = PrimerConfig.model_validate(config.model_dump(exclude={"method"}))
    world = build(plain, context.seed)
    write(world, context.out)
    for name in ("documents", "heldout_documents", "demonstrations", "prompts", "items"):
        count = len(getattr(world, name))
        context.measure(name, count, n=count)
    context.licences.update(document.licence for document in world.documents)
    return context.made(Sources)


class DataSource(Config):
    """One real source: a file or folder below the root, what it is used for and how it is written."""

    name: str
    path: str
    use: Literal["text", "demonstrations", "comparisons"]
    format: str = "text"
    """`text` reads documents; the others are the formats of `trivium.human.formats`."""
    include: str = "*"
    """Shell pattern on the names of files in a folder."""
    licence: str
    max_rows: int | None = Field(default=None, gt=0)


class FileSources(Config, Gathers):
    """Real folders and data sets, whose contents make the id. `root` is where they lie: it may be anywhere."""

    method: Literal["files"]
    root: Annotated[Path, NotIdentity(), FromEnvironment("TRIVIUM_DATA")]
    items: tuple[DataSource, ...] = Field(min_length=1)
    test_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the prompts of demonstrations and comparisons that nothing trains on, by the hash of the prompt."""
    max_document_characters: int = Field(default=6000, gt=0)
    """Longer texts are cut at paragraph borders."""

    def gathered_files(self) -> Mapping[str, Path]:
        """Return every file that is read, by source and name."""
        nowhere = Ledger(Path(os.devnull))
        found: dict[str, Path] = {}
        for item in self.items:
            for file in find_files(self.root / item.path, nowhere):
                if fnmatch(file.path.name, item.include):
                    found[f"{item.name}/{file.name}"] = file.path
        return found


@stage(version=1, gathered=True)
def gather(config: FileSources, context: StageContext) -> Sources:
    """Read every source into records; a malformed line goes to the ledger and the rest goes on."""
    with Ledger(context.out / "ledger.jsonl") as ledger:
        count = write_records(context.out / "documents.jsonl", _documents(config, ledger, context))
        context.measure("documents", count, n=count)
        demonstrations = [row for item in config.items if item.use == "demonstrations" for row in _rows(item, config, ledger)]
        comparisons = [row for item in config.items if item.use == "comparisons" for row in _rows(item, config, ledger)]
        context.measure("rejected", sum(ledger.dropped.values()), n=sum(ledger.dropped.values()))
    write_records(context.out / "demonstrations.jsonl", demonstrations)
    write_records(context.out / "comparisons.jsonl", comparisons)
    prompts = {row.prompt.id: row.prompt for row in comparisons if isinstance(row, Comparison)}
    write_records(context.out / "prompts.jsonl", prompts.values())
    for name, rows in (("demonstrations", demonstrations), ("comparisons", comparisons), ("prompts", prompts)):
        context.measure(name, len(rows), n=len(rows))
    table = [{"name": item.name, "use": item.use, "licence": item.licence} for item in config.items]
    (context.out / "sources.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
    context.licences.update(item.licence for item in config.items)
    return context.made(Sources)


def _documents(config: FileSources, ledger: Ledger, context: StageContext) -> Iterator[Document]:
    for item in config.items:
        if item.use != "text":
            continue
        read = read_documents(
            config.root / item.path,
            source=item.name,
            licence=item.licence,
            ledger=ledger,
            config=ReaderConfig(max_document_chars=config.max_document_characters, include=item.include),
        )
        for index, document in enumerate(read):
            if item.max_rows is not None and index >= item.max_rows:
                break
            yield document


def _rows(item: DataSource, config: FileSources, ledger: Ledger) -> list[Demonstration | Comparison]:
    """Return a source's records with source, licence and split set; the split hangs on the prompt alone."""
    read = read_demonstrations if item.use == "demonstrations" else read_comparisons
    rows: list[Demonstration | Comparison] = []
    for row in read(item.format, config.root / item.path):
        if isinstance(row, Reject):
            ledger.drop(row.reason, file=row.file, line=row.line)
        elif item.max_rows is None or len(rows) < item.max_rows:
            rows.append(row.model_copy(update={"prompt": _marked(row.prompt, item, config.test_share)}))
    if not rows:
        raise SourceError(
            f"wanted {item.use} in the format `{item.format}`, found none",
            where=str(config.root / item.path),
            do="look at the ledger, or at the format's name",
        )
    return rows


def _marked(prompt: Prompt, item: DataSource, test_share: float) -> Prompt:
    held = int(prompt.id[:12], 16) / 16**12 < test_share
    split: Literal["train", "test"] = "test" if held else "train"
    return prompt.model_copy(update={"source": item.name, "licence": item.licence, "split": split})
