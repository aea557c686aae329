"""Turns rows {prompt, response} whose prompt is wrapped in the Alpaca template into demonstrations without the
template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trivium.human.formats.format import Format, each_row
from trivium.human.formats.rows import Flaw, Row, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "dolly-hhrlhf", "CC BY-SA 3.0 (Dolly-15k), MIT (HH-RLHF)"
TEMPLATE = re.compile(
    r"\A\s*Below is an instruction[^\n]*\n+### Instruction:\n(?P<instruction>.*?)"
    r"(?:\n+### Input:\n(?P<input>.*?))?\n+### Response:\s*\Z",
    re.DOTALL,
)


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


DOLLY_HHRLHF = Format(
    name="dolly-hhrlhf",
    title="Dolly and HH-RLHF in the Alpaca template",
    holds=(Demonstration,),
    to_records=each_row(_convert),
    likeness=lambda row: 1.0 if {"prompt", "response"} <= row.keys() else 0.0,
    suffixes=(".jsonl", ".jsonl.gz"),
    one_source=True,
)
