"""Turns rows {template, prompt, completion} of T0-style tasks into demonstrations."""

from __future__ import annotations

from collections.abc import Iterator

from trivium.human.formats.format import Format, each_row
from trivium.human.formats.rows import Flaw, Row, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "t0-sample", "Apache-2.0 (prompts); underlying sets CC BY 4.0, CC BY-SA or MIT"
END = "<|endoftext|>"
"""Written out in the completions. Kept, it would be learnt as ordinary text."""


def _convert(row: Row) -> Iterator[Demonstration | Flaw]:
    reply = text_of({"completion": text_of(row, "completion").removesuffix(END)}, "completion")
    kind = text_of(row, "template", may_be_empty=True)
    prompt = Prompt.of(text_of(row, "prompt"), origin="dataset", source=SOURCE, licence=LICENCE, kind=kind)
    yield Demonstration(prompt=prompt, reply=reply)


T0_SAMPLE = Format(
    name="t0-sample",
    title="T0 tasks: template, prompt, completion",
    holds=(Demonstration,),
    to_records=each_row(_convert),
    likeness=lambda row: 1.0 if {"template", "prompt", "completion"} <= row.keys() else 0.0,
    suffixes=(".jsonl.gz", ".jsonl"),
    one_source=True,
)
