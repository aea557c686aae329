"""Turns Self-Instruct's seed tasks, an instruction with one instance or more a row, into demonstrations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trivium.human.formats.rows import Flaw, Reject, Row, find_files, instruction_of, read_records, text_of
from trivium.records import Demonstration, Prompt

SOURCE, LICENCE = "self-instruct", "Apache-2.0"


def demonstrations(path: Path) -> Iterator[Demonstration | Reject]:
    """Yield one demonstration per instance; path is the file, or a folder with seed_tasks.jsonl.

    The folder's user_oriented_instructions.jsonl is not read: its authors ask that it be kept for evaluation.
    """
    for file in find_files(path, "seed_tasks.jsonl", "seed_tasks.jsonl.gz"):
        yield from read_records(file, _convert)


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
