"""Turns rows {template, prompt, completion} of T0-style tasks into demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "t0-sample", "Apache-2.0 (prompts); underlying sets CC BY 4.0, CC BY-SA or MIT"
END = "<|endoftext|>"
"""Written out in the completions. Kept, it would be learnt as ordinary text."""


def demonstrations(path: Path) -> Iterator[Demonstration | Reject]:
    """Yield one demonstration per row, its template as `kind`; path is a file or a folder of *.jsonl.gz."""
    for file in find_files(path, "*.jsonl.gz", "*.jsonl"):
        yield from read_records(file, _convert)


def _convert(row: Row) -> Iterator[Demonstration | Flaw]:
    reply = text_of({"completion": text_of(row, "completion").removesuffix(END)}, "completion")
    kind = text_of(row, "template", may_be_empty=True)
    prompt = Prompt.of(text_of(row, "prompt"), origin="dataset", source=SOURCE, licence=LICENCE, kind=kind)
    yield Demonstration(prompt=prompt, reply=reply)
