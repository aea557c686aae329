"""Turns files of Trivium's own records, one JSON object a line or a row of Parquet, into those records, and back
without loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from trivium.human.formats.format import Format, Provenance, restated
from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records
from trivium.records import Comparison, Demonstration, Document, Judgement, Prompt, Record

R = TypeVar("R", bound=Record)
KINDS: tuple[tuple[str, type[Record]], ...] = (
    ("ranks", Comparison), ("desirable", Judgement), ("reply", Demonstration), ("messages", Prompt), ("text", Document),
)  # fmt: skip
"""A field that only this record has among those below it → the record."""


def demonstrations(path: Path) -> Iterator[Demonstration | Reject]:
    """Yield the demonstrations of a file, or of demonstrations.jsonl(.gz) in a folder."""
    return _read(path, "demonstrations", Demonstration)


def comparisons(path: Path) -> Iterator[Comparison | Reject]:
    """Yield the comparisons of a file, or of comparisons.jsonl(.gz) in a folder."""
    return _read(path, "comparisons", Comparison)


def prompts(path: Path) -> Iterator[Prompt | Reject]:
    """Yield the prompts of a file, or of prompts.jsonl(.gz) in a folder."""
    return _read(path, "prompts", Prompt)


def write(path: Path, records: Iterable[Record]) -> int:
    """Write one record a line (UTF-8, LF) and return their number. The same records give the same bytes."""
    num_records = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(record.model_dump_json() + "\n")
            num_records += 1
    return num_records


def _read(path: Path, name: str, kind: type[R]) -> Iterator[R | Reject]:
    def convert(row: Row) -> Iterator[R | Flaw]:
        yield kind.model_validate(row)

    for file in find_files(path, f"{name}.jsonl", f"{name}.jsonl.gz"):
        yield from read_records(file, convert)


def _kind(row: Row) -> type[Record] | None:
    return next((kind for field, kind in KINDS if field in row), None)


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        kind = _kind(row)
        if kind is None:
            raise Flaw("none of Trivium's records has these fields")
        yield restated(kind.model_validate(row), said)


def _rows(records: Sequence[Any]) -> list[Row]:
    return [record.model_dump(mode="json", exclude_defaults=True) for record in records]


def _likeness(row: Row) -> float:
    prompt = row if "messages" in row else row.get("prompt")
    if isinstance(prompt, dict) and {"id", "messages", "origin"} <= prompt.keys():
        return 1.0
    return 0.9 if {"id", "text", "source"} <= row.keys() else 0.0


TRIVIUM = Format(
    name="trivium",
    title="Trivium's own records, without loss",
    holds=(Demonstration, Comparison, Judgement, Prompt, Document),
    to_records=_records,
    to_rows=_rows,
    likeness=_likeness,
    suffixes=(".jsonl", ".jsonl.gz", ".json", ".parquet"),
    one_source=True,
)
PARQUET = Format(
    name="parquet",
    title="Trivium's own records in Parquet, without loss",
    holds=TRIVIUM.holds,
    to_records=_records,
    to_rows=_rows,
    suffixes=(".parquet",),
    one_source=True,
)
