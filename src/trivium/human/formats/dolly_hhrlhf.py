"""Turns rows {prompt, response} whose prompt is wrapped in the Alpaca template into demonstrations without the
template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, read_records, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "dolly-hhrlhf", "CC BY-SA 3.0 (Dolly-15k), MIT (HH-RLHF)"
TEMPLATE = re.compile(
    r"\A\s*Below is an instruction[^\n]*\n+### Instruction:\n(?P<instruction>.*?)"
    r"(?:\n+### Input:\n(?P<input>.*?))?\n+### Response:\s*\Z",
    re.DOTALL,
)


def demonstrations(path: Path) -> Iterator[Demonstration | Reject]:
    """Yield one demonstration per row; path is a file or a folder of *.jsonl."""
    for file in find_files(path, "*.jsonl", "*.jsonl.gz"):
        yield from read_records(file, _convert)


def _convert(row: Row) -> Iterator[Demonstration | Flaw]:
    prompt = Prompt.of(strip_template(text_of(row, "prompt")), origin="dataset", source=SOURCE, licence=LICENCE)
    yield Demonstration(prompt=prompt, reply=text_of(row, "response"))


def strip_template(text: str) -> str:
    """Return what the person asked, without the template around it; a prompt in another shape is a flaw."""
    found = TEMPLATE.match(text)
    if found is None:
        raise Flaw("the prompt is not in the Alpaca template")
    instruction, given = found["instruction"].strip(), (found["input"] or "").strip()
    if not instruction:
        raise Flaw("the instruction is empty")
    return f"{instruction}\n\n{given}" if given else instruction
