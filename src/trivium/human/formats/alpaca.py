"""Turns rows {instruction, input, output}, the Alpaca layout, into demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, instruction_of, read_records, text_of
from trivium.records import Demonstration, Prompt


def demonstrations(path: Path) -> Iterator[Demonstration | Reject]:
    """Yield one demonstration per row; path is a JSON array or JSON lines, or a folder of such files.

    The layout says nothing about where rows come from: the source is the file's name, the licence unstated.
    """
    for file in find_files(path, "*.json", "*.json.gz", "*.jsonl", "*.jsonl.gz"):
        source = file.name.split(".")[0]

        def convert(row: Row, source: str = source) -> Iterator[Demonstration | Flaw]:
            yield Demonstration(
                prompt=Prompt.of(instruction_of(row), origin="dataset", source=source), reply=text_of(row, "output")
            )

        yield from read_records(file, convert)
