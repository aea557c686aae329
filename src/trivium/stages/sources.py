"""The world to sources: the embedded primer, or real folders and data sets, as documents, demonstrations, comparisons
and prompts."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from trivium.core.config import Config, FromEnvironment, NotIdentity
from trivium.core.errors import InputError, SourceError
from trivium.core.kinds import Sources
from trivium.core.stage import Gathers, StageContext, stage
from trivium.curation.engine import Engine, EngineSettings
from trivium.curation.extract import Extraction
from trivium.curation.files import find_files
from trivium.curation.gather import gather_text, join
from trivium.curation.items import read_items
from trivium.curation.ledger import Ledger
from trivium.curation.places import Address, Place, StoreSettings, is_address, place_of, stamps
from trivium.curation.read import SourceSpec, chosen_files
from trivium.human.formats import Reject, read_comparisons, read_demonstrations
from trivium.human.split import split_of
from trivium.primer.config import PrimerConfig
from trivium.primer.files import write
from trivium.primer.world import build
from trivium.records import Comparison, Demonstration, Document, Prompt, content_id, write_records
from trivium.text.chat import check_turns


class PrimerSources(PrimerConfig):
    """The embedded world: synthetic, with known truth."""

    method: Literal["primer"] = "primer"


BEYOND = "beyond max_rows"
EXAMPLES = ("good_examples", "bad_examples", "toxic_examples", "harmless_examples")
OF_TEXT = ("text", *EXAMPLES)


@stage(version=8)
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
    """Below the root; or an address of an object store, such as `s3://bucket/folder`, `gs://…` or `hf://datasets/…`."""
    use: Literal[
        "text",
        "demonstrations",
        "comparisons",
        "evaluation",
        "good_examples",
        "bad_examples",
        "toxic_examples",
        "harmless_examples",
    ]
    """`evaluation` items are kept out of the corpus where [corpus.decontamination] says so; good and bad examples train
    the classifier of [corpus.examples], toxic and harmless ones that of [corpus.toxicity]. None of these is text to
    train on."""
    format: str = "text"
    """`text` reads documents; the others are the formats of `trivium.human.formats`."""
    include: str = "*"
    """Shell pattern on the names of files in a folder."""
    licence: str
    text_keys: tuple[str, ...] = ("text", "sections")
    """Where a row keeps its text: the first key it has; `a.b` reaches inside; a list of texts is joined."""
    extract: Extraction = "fast"
    """How the main text of HTML is found: fast, precise, or none for all of it."""
    max_rows: int | None = Field(default=None, gt=0)
    """At most so many are taken: of text the first, of demonstrations and comparisons by the hash of the prompt, so
    that
    they come from all over the source and a prompt's rows stay together."""


class FileSources(Config, Gathers):
    """Real folders and data sets, whose contents make the id. `root` is where they lie: it may be anywhere."""

    method: Literal["files"]
    root: Annotated[Path, NotIdentity(), FromEnvironment("TRIVIUM_DATA")]
    items: tuple[DataSource, ...] = Field(min_length=1)
    test_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the prompts of demonstrations and comparisons that nothing trains on, by the hash of what relatives
    share (a
    story, a message tree, an opening turn), so that no close copy is on the other side."""
    max_document_characters: int = Field(default=6000, gt=0)
    """Longer texts are cut at paragraph borders."""
    store: Annotated[StoreSettings, NotIdentity()] = StoreSettings()
    """How object stores are reached."""
    engine: Annotated[EngineSettings, NotIdentity()] = EngineSettings()
    """Where text is read."""

    def place(self, item: DataSource) -> Place:
        """Return where a source lies; InputError where an address is given for what is read from files alone."""
        if is_address(item.path) and item.use not in (*OF_TEXT, "evaluation"):
            raise InputError(
                f"{item.use} are read from files of this machine, not from an object store",
                where=f"sources.items: {item.name}, path = {item.path}",
                do="copy them below the root first",
            )
        return place_of(self.root, item.path, self.store)

    def spec(self, item: DataSource) -> SourceSpec:
        """Return how a source's text is read."""
        return SourceSpec(
            name=item.name,
            path=self.place(item),
            licence=item.licence,
            include=item.include,
            text_keys=item.text_keys,
            extract=item.extract,
            max_document_chars=self.max_document_characters,
        )

    def gathered_files(self) -> Mapping[str, Path | str]:
        """Return every file that is read, by source and name; of an object store's, the hash of its version."""
        found: dict[str, Place] = {}
        with Ledger(Path(os.devnull)) as nowhere:
            for item in self.items:
                if item.use in OF_TEXT:
                    files = chosen_files(self.spec(item), nowhere)
                else:
                    files = find_files(self.place(item), nowhere)
                    files = [file for file in files if fnmatch(file.path.name, item.include)]
                found |= {f"{item.name}/{file.name}": file.path for file in files}
        far = {name: place for name, place in found.items() if isinstance(place, Address)}
        near = {name: place for name, place in found.items() if isinstance(place, Path)}
        return near | dict(zip(far, stamps(list(far.values())), strict=True))


@stage(version=4, gathered=True)
def gather(config: FileSources, context: StageContext) -> Sources:
    """Read every source into records; a malformed line goes to the ledger and the rest goes on."""
    with Ledger(context.out / "ledger.jsonl") as ledger:
        for use, name in (
            ("text", "documents"),
            *((each, each) for each in EXAMPLES),
            ("evaluation", "evaluation"),
        ):
            count = _write_texts(use, context.out / f"{name}.jsonl", config, (ledger, context))
            if count or use == "text":
                context.measure(name, count, n=count)
        demonstrations = _rows("demonstrations", read_demonstrations, config, ledger)
        comparisons = _rows("comparisons", read_comparisons, config, ledger)
        beyond = sum(count for reason, count in ledger.dropped.items() if reason.startswith(BEYOND))
        for name, count in (("rejected", sum(ledger.dropped.values()) - beyond), ("beyond_max_rows", beyond)):
            context.measure(name, count, n=count)
    write_records(context.out / "demonstrations.jsonl", demonstrations)
    write_records(context.out / "comparisons.jsonl", comparisons)
    prompts = {row.prompt.id: row.prompt for row in comparisons}
    write_records(context.out / "prompts.jsonl", prompts.values())
    for name, rows in (("demonstrations", demonstrations), ("comparisons", comparisons), ("prompts", prompts)):
        context.measure(name, len(rows), n=len(rows))
    table = [{"name": item.name, "use": item.use, "licence": item.licence} for item in config.items]
    (context.out / "sources.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
    context.licences.update(item.licence for item in config.items)
    return context.made(Sources)


def _write_texts(use: str, path: Path, config: FileSources, into: tuple[Ledger, StageContext]) -> int:
    """Write the documents of all sources of one use, in the order of the sources; no file where there are none."""
    ledger, context = into
    items = [item for item in config.items if item.use == use]
    if not items and use != "text":
        return 0
    count = 0
    with path.open("wb") as file:
        for item in items:
            if use == "evaluation":
                read = read_items(config.place(item), source=item.name, licence=item.licence, ledger=ledger)
                texts = islice(read, item.max_rows)
                written = sum(file.write(_line(document)) > 0 for document in texts)
            else:
                folder = context.scratch / use / item.name
                files = gather_text(config.spec(item), folder, Engine(config.engine), ledger, item.max_rows)
                written = join(files, file, item.max_rows)
            if written == item.max_rows:
                ledger.drop(f"{BEYOND} = {item.max_rows}; what follows was not read", file=item.name)
            count += written
    return count


def _line(document: Document) -> bytes:
    return (document.model_dump_json(exclude_defaults=True) + "\n").encode()


Row = TypeVar("Row", Demonstration, Comparison)
Reader = Callable[[str, Path], Iterator[Row | Reject]]


def _rows(use: str, read: Reader[Row], config: FileSources, ledger: Ledger) -> list[Row]:
    """Return all records of one use, with source, licence and split set; the split hangs on the prompt and its group
    alone.
    """
    return [row for item in config.items if item.use == use for row in _rows_of(item, read, config, ledger)]


def _rows_of(item: DataSource, read: Reader[Row], config: FileSources, ledger: Ledger) -> list[Row]:
    rows: list[Row] = []
    reasons: Counter[str] = Counter()
    for row in read(item.format, config.root / item.path):
        if isinstance(row, Reject):
            reasons[row.reason] += 1
            ledger.drop(row.reason, file=os.path.relpath(row.file, config.root), line=row.line)
        elif flaw := _no_chat(row.prompt):
            reasons[flaw] += 1
            ledger.drop(flaw, file=item.path, excerpt=row.prompt.text)
        else:
            rows.append(row.model_copy(update={"prompt": _marked(row.prompt, item, config.test_share)}))
    if not rows:
        said = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(3))
        raise SourceError(
            f"wanted {item.use} in the format `{item.format}`, found none: {said or 'the files are empty'}",
            where=str(config.root / item.path),
            do=f"mend the file, or give `{item.name}` another path or format",
        )
    return rows if item.max_rows is None else _spread(rows, item.max_rows, item.path, ledger)


def _no_chat(prompt: Prompt) -> str:
    """Return why a model cannot be asked this, or nothing."""
    try:
        check_turns(prompt.messages, reply_follows=True)
    except InputError as error:
        return error.message
    return ""


def _spread(rows: list[Row], max_rows: int, path: str, ledger: Ledger) -> list[Row]:
    """Return at most so many rows, in their order, picked by the hash of the prompt; the others go to the ledger."""
    by_hash = sorted(range(len(rows)), key=lambda index: content_id("taken", rows[index].prompt.id))
    for index in sorted(by_hash[max_rows:]):
        ledger.drop(f"{BEYOND} = {max_rows}", file=path, excerpt=rows[index].prompt.text)
    return [rows[index] for index in sorted(by_hash[:max_rows])]


def _marked(prompt: Prompt, item: DataSource, test_share: float) -> Prompt:
    split = split_of(prompt, test_share=test_share)  # from the prompt as read: two uses of one source have one group
    return prompt.model_copy(update={"source": item.name, "licence": item.licence, "split": split})
