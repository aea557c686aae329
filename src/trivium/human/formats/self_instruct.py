"""Turns Self-Instruct's seed tasks, an instruction with one instance or more a row, into demonstrations."""

from __future__ import annotations

from collections.abc import Iterator

from trivium.human.formats.format import Format, each_row
from trivium.human.formats.rows import Flaw, Row, instruction_of, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "self-instruct", "Apache-2.0"


def _convert(row: Row) -> Iterator[Demonstration | Flaw]:
    kind = "classification" if row.get("is_classification") else ""
    instances = row.get("instances")
    if not isinstance(instances, list) or not instances:
        raise Flaw("`instances` is missing or empty")
    for instance in instances:
        if not isinstance(instance, dict):
            yield Flaw(f"wanted an instance object, found {type(instance).__name__}")
            continue
        try:
            asked = instruction_of({"instruction": row.get("instruction"), "input": instance.get("input", "")})
            reply = text_of(instance, "output")
        except Flaw as flaw:
            yield flaw
            continue
        group = {"group": text_of(row, "instruction")}
        prompt = Prompt.of(asked, origin="dataset", source=SOURCE, licence=LICENCE, kind=kind, attrs=group)
        yield Demonstration(prompt=prompt, reply=reply)


SELF_INSTRUCT = Format(
    name="self-instruct",
    title="Self-Instruct seed tasks",
    holds=(Demonstration,),
    to_records=each_row(_convert),
    likeness=lambda row: 1.0 if {"instruction", "instances"} <= row.keys() else 0.0,
    suffixes=(".jsonl", ".jsonl.gz"),
    files=("seed_tasks.jsonl", "seed_tasks.jsonl.gz"),  # the authors ask that the other file be kept for evaluation
    one_source=True,
)
