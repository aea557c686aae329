"""Turns rows {instruction, context, response, category}, the Dolly layout, into demonstrations with their task type,
and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text
from trivium.human.formats.turns import kept, only_turns, prompt_of, restored
from trivium.records import Demonstration, Message, TaskType

SOURCE, LICENCE = "dolly", "CC BY-SA 3.0"
TASKS: dict[str, TaskType] = {
    "creative_writing": "generation",
    "brainstorming": "brainstorming",
    "open_qa": "open_qa",
    "general_qa": "open_qa",
    "summarization": "summarization",
    "classification": "closed_classification",
    "closed_qa": "closed_qa",
    "information_extraction": "extraction",
}
"""Category → task type. Rewriting, open classification and chain of thought have none there."""
CATEGORIES: dict[TaskType | None, str] = {
    task: category for category, task in TASKS.items() if category != "general_qa"
}
CONTEXT = "context"


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Demonstration | Flaw]:
    for row in rows:
        category = exact_text(row, "category", may_be_empty=True)
        if category and category not in TASKS:
            raise Flaw(f"`category` is {category!r}, wanted one of {', '.join(TASKS)}")
        instruction, given = exact_text(row, "instruction"), exact_text(row, CONTEXT, may_be_empty=True)
        asked = Message(role="user", content=f"{instruction}\n\n{given}" if given else instruction)
        attrs = kept(row, {"instruction", CONTEXT, "response", "category"}) | ({CONTEXT: given} if given else {})
        prompt = prompt_of((asked,), said.of(SOURCE, LICENCE), attrs, kind=category)
        yield Demonstration(prompt=prompt, reply=exact_text(row, "response"), task_type=TASKS.get(category))


def _rows(records: Sequence[Any]) -> list[Row]:
    rows = []
    for one in records:
        text = only_turns(one.prompt, "Dolly")
        given = one.prompt.attrs.get(CONTEXT, "")
        instruction = text.removesuffix(f"\n\n{given}") if given else text
        named = TASKS.get(one.prompt.kind) == one.task_type and one.task_type is not None
        row = {
            "instruction": instruction,
            CONTEXT: given if instruction != text else "",
            "response": one.reply,
            "category": one.prompt.kind if named else CATEGORIES.get(one.task_type, ""),
        }
        rows.append(row | restored(one.prompt.attrs))
    return rows


DOLLY = Format(
    name="dolly",
    title="Dolly: instruction, context, response, category",
    holds=(Demonstration,),
    to_records=_records,
    to_rows=_rows,
    likeness=lambda row: 1.0 if {"instruction", "context", "response"} <= row.keys() else 0.0,
    cannot_hold=(
        "dialogues and system turns", "the task types rewriting, open classification and chain of thought",
        "the other annotations", "who wrote", "guideline version",
    ),
    suffixes=(".jsonl", ".jsonl.gz", ".parquet"),
)  # fmt: skip
