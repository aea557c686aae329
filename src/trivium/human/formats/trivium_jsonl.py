"""Turns files of Trivium's own records, one JSON object a line, into those records, and back without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records
from trivium.records import Comparison, Demonstration, Prompt, Record

R = TypeVar("R", bound=Record)


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
