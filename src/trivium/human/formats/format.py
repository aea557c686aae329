"""What an exchange format is: rows to records, records to rows, and the exact list of what a file of it would lose.

A format is two short functions over rows. Everything else is here and the same for all: files, places of bad lines,
rows that belong together, and the losses, which are found by trying: each record is written, read again and compared
field by field. So the list is never out of date, and where it is empty, export and import give the same records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from trivium.core.errors import InputError
from trivium.human.formats.rows import Flaw, Reject, Row, converted, find_files, read_rows, write_rows
from trivium.records import Origin, Prompt, Record


@dataclass(frozen=True)
class Provenance:
    """Where imported rows come from, said by the person who imports; an empty one leaves it to the format."""

    source: str = ""
    licence: str = ""
    origin: Origin = "dataset"

    def of(self, source: str, licence: str = "unstated") -> dict[str, Any]:
        """Return the fields of a prompt: what was said, else what the format knows of itself."""
        return {"source": self.source or source, "licence": self.licence or licence, "origin": self.origin}


ToRecords = Callable[[Sequence[Row], Provenance], Iterator[Record | Flaw]]
ToRows = Callable[[Sequence[Any]], list[Row]]


def each_row(convert: Callable[[Row], Iterator[Record | Flaw]]) -> ToRecords:
    """Return the reader of a format whose rows stand alone and say themselves where they come from."""

    def to_records(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
        for row in rows:
            for record in convert(row):
                yield record if isinstance(record, Flaw) else restated(record, said)

    return to_records


def restated(record: Record, said: Provenance) -> Record:
    """Return the record with what the importer said of its origin."""
    prompt = record if isinstance(record, Prompt) else getattr(record, "prompt", None)
    if not isinstance(prompt, Prompt) or said == Provenance():
        return record
    now = prompt.model_copy(update=said.of(prompt.source, prompt.licence))
    return now if isinstance(record, Prompt) else record.model_copy(update={"prompt": now})


def alone(record: Record) -> Hashable:
    """Return a key that no other record has: each record makes its own rows."""
    return id(record)


@dataclass(frozen=True)
class Format:
    """One layout of files. `to_records` and `to_rows` take rows, or records, that belong together: mostly one."""

    name: str
    title: str
    holds: tuple[type[Record], ...]
    to_records: ToRecords
    to_rows: ToRows | None = None
    """Raises Flaw for what it cannot hold at all. None where the format is only read."""
    likeness: Callable[[Row], float] = field(default=lambda row: 0.0)
    """How much a row looks like this format, in [0, 1]."""
    row_key: Callable[[Row], Hashable] | None = None
    """Neighbouring rows with the same key are read together."""
    record_key: Callable[[Any], Hashable] = alone
    """Records with the same key are written together, wherever they stand."""
    cannot_hold: tuple[str, ...] = ()
    """What this layout has no place for, in words, before any record is looked at."""
    suffixes: tuple[str, ...] = (".jsonl", ".jsonl.gz", ".json", ".parquet")
    """How files of it are usually named; the first is what an export gets."""
    files: tuple[str, ...] = ()
    """Names of its files in a folder, as patterns; by default all of its suffixes."""
    one_source: bool = False
    """Whether all files of this layout come from one place, whose name the format knows; else the file's name says
    it.
    """

    @property
    def written(self) -> bool:
        """Whether records can be exported in this format."""
        return self.to_rows is not None

    def files_in(self, path: Path) -> list[Path]:
        """Return the file itself, or the files of this format in a folder, sorted by name."""
        return find_files(path, *(self.files or [f"*{suffix}" for suffix in self.suffixes]))

    def read(
        self,
        path: Path,
        provenance: Provenance | None = None,
        max_bytes: int | None = None,
        alter: Callable[[Record], Record | Flaw] = lambda record: record,
    ) -> Iterator[Record | Reject]:
        """Yield the records of a file, each as `alter` makes it, and a reject for each row or part that gives none."""
        said = provenance or Provenance()
        if not said.source and not self.one_source:
            said = replace(said, source=path.name.split(".")[0])
        for line, rows in self._bundles(read_rows(path, max_bytes)):
            if isinstance(rows, Flaw):
                yield Reject(str(path), line, str(rows))
                continue
            for one in converted(lambda given: self.to_records(given, said), rows):
                made = one if isinstance(one, Flaw) else alter(one)
                yield Reject(str(path), line, str(made)) if isinstance(made, Flaw) else made

    def _bundles(self, rows: Iterable[tuple[int, Row | Flaw]]) -> Iterator[tuple[int, list[Row] | Flaw]]:
        """Yield (first line, rows that are read together), and flaws as they come."""
        key = self.row_key
        if key is None:
            for line, row in rows:
                yield line, row if isinstance(row, Flaw) else [row]
            return
        marked = ((line, row, None if isinstance(row, Flaw) else (key(row),)) for line, row in rows)
        for _, group in groupby(marked, key=lambda one: one[2]):
            together = list(group)
            good = [row for _, row, _ in together if not isinstance(row, Flaw)]
            if good:
                yield together[0][0], good
            else:
                yield from ((line, row) for line, row, _ in together if isinstance(row, Flaw))

    def rows_of(self, records: Iterable[Record]) -> Iterator[tuple[list[Record], list[Row] | Flaw]]:
        """Yield (records written together, their rows, or why there are none), in order of first appearance."""
        if self.to_rows is None:
            raise InputError(f"the format `{self.name}` is only read", do="choose another to write")
        groups: dict[Hashable, list[Record]] = {}
        for record in records:
            key = self.record_key(record) if isinstance(record, self.holds) else alone(record)
            groups.setdefault((type(record), key), []).append(record)
        for group in groups.values():
            if not isinstance(group[0], self.holds):
                yield group, Flaw(f"it has no place for a {type(group[0]).__name__.lower()}")
                continue
            try:
                yield group, self.to_rows(group)
            except Flaw as flaw:
                yield group, flaw

    def write(self, path: Path, records: Iterable[Record]) -> int:
        """Write the records to a file, laid out as its name says, and return the number of rows.

        What cannot be held is left out; `losses` names it, and is to be shown first.
        """
        return write_rows(
            path, (row for _, rows in self.rows_of(records) if not isinstance(rows, Flaw) for row in rows)
        )


class Loss(NamedTuple):
    """One thing that an export would lose, for a person to read before it is made."""

    what: str
    num_records: int
    example: str = ""


def losses(form: Format, records: Iterable[Record], provenance: Provenance | None = None) -> list[Loss]:
    """Return all that reading an export again would not give back, the most frequent first; empty means nothing.

    `provenance` is what an importer would say about the file, if that is known.
    """
    said = provenance or Provenance()
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for group, rows in form.rows_of(records):
        found: Counter[str] = Counter()
        for what, example in _lost(form, group, rows, said):
            found[what] += 1
            examples.setdefault(what, example)
        # A record that would become several rows can lose the same thing in each of them.
        counts.update({what: min(count, len(group)) for what, count in found.items()})
    return [
        Loss(what, count, examples[what]) for what, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _lost(form: Format, group: list[Record], rows: list[Row] | Flaw, said: Provenance) -> Iterator[tuple[str, str]]:
    """Yield (what, example) once for each record that loses it."""
    if isinstance(rows, Flaw):
        yield from ((f"left out: {rows}", _excerpt(record)) for record in group)
        return
    again: list[Record] = []
    # Through JSON, because what a file cannot spell is lost as well.
    for _, bundle in form._bundles(enumerate(json.loads(json.dumps(rows)), start=1)):
        assert not isinstance(bundle, Flaw)
        for one in converted(lambda given: form.to_records(given, said), bundle):
            if isinstance(one, Flaw):
                yield f"cannot be read again: {one}", _excerpt(group[0])
            else:
                again.append(one)
    if len(again) != len(group):
        for record in group:
            yield f"{_noun(group)} would become {_noun(again)}", _excerpt(record)
        return
    for before, after in zip(group, again, strict=True):
        yield from _differences(before, after)


def _noun(records: Sequence[Record]) -> str:
    if not records:
        return "nothing"
    kinds = Counter(type(record).__name__.lower() for record in records)
    return " and ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in kinds.items())


WORDS: dict[str, str] = {
    "prompt.id": "the prompt's own id",
    "prompt.origin": "whether a prompt came from a writer, a user or a data set",
    "prompt.source": "the prompt's source",
    "prompt.licence": "the licence",
    "prompt.split": "which side of the split a prompt is on",
    "prompt.kind": "the kind of prompt",
    "prompt.messages": "turns of the prompt",
    "replies": "a reply's exact text",
    "reply": "the reply's exact text",
    "ranks": "the exact order (ties, ranks)",
    "ranker": "who ranked",
    "scores": "scores beside the order",
    "flags": "flags",
    "none_acceptable": "that none of the replies was acceptable",
    "guideline": "the guideline version",
    "task_type": "the task type",
    "prompt_type": "the prompt type",
    "domain": "the domain",
    "response_type": "the response type",
    "scene_setting": "the mark for scene setting",
    "constraint": "the mark for constraints",
    "persona": "the mark for a persona",
    "language": "the language",
    "writer": "who wrote",
    "judge": "who judged",
    "reason": "the reason of a judgement",
    "licence": "the licence",
    "source": "the source",
    "group": "what a document is a piece of",
}
"""Field → what a person calls it."""


def _differences(before: Record, after: Record) -> Iterator[tuple[str, str]]:
    if type(before) is not type(after):
        yield f"{_noun([before])} would become {_noun([after])}", _excerpt(before)
        return
    old, new = _fields(before), _fields(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield _word(name, isinstance(before, Prompt)), _short(old.get(name))


def _fields(record: Record) -> dict[str, Any]:
    """Return field → value; the prompt's fields and its further fields each by themselves."""
    found: dict[str, Any] = {}
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Prompt):
            found |= {f"prompt.{part}": one for part, one in _fields(value).items()}
        elif name == "attrs":
            found |= {f"attrs.{key}": one for key, one in value.items()}
        elif name == "scores":
            found |= {f"scores.{key}": one for key, one in value.items()}
        else:
            found[name] = value
    return found


def _word(name: str, is_prompt: bool) -> str:
    path = f"prompt.{name}" if is_prompt else name
    if path.startswith("prompt.attrs."):
        return f"the field `{path.removeprefix('prompt.attrs.')}`"
    if path.startswith("scores."):
        return f"the score `{path.removeprefix('scores.')}`"
    return WORDS.get(path, f"`{path}`")


def _excerpt(record: Record) -> str:
    prompt = record if isinstance(record, Prompt) else getattr(record, "prompt", None)
    return _short(prompt.text if isinstance(prompt, Prompt) else getattr(record, "text", ""))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:59] + "…"
