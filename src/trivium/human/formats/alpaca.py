"""Turns rows {instruction, input, output, system?, history?}, the Alpaca layout, into demonstrations, and rows with
{chosen, rejected} in place of the output into comparisons; and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text, list_of
from trivium.human.formats.turns import kept, one_reply, pairs_of, prompt_of, restored, two_of
from trivium.records import Comparison, Conversation, Demonstration, Message, Prompt

SOURCE = "alpaca"
INPUT = "input"
"""The attribute that says which end of the prompt stood in `input`."""
ASKED = {"instruction", "input", "system", "history"}


def _demonstrations(rows: Sequence[Row], said: Provenance) -> Iterator[Demonstration | Flaw]:
    for row in rows:
        yield Demonstration(prompt=asked(row, said, {"output"}), reply=exact_text(row, "output"))


def _comparisons(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    for row in rows:
        prompt = asked(row, said, {"chosen", "rejected"})
        yield two_of(prompt, one_reply(row.get("chosen"), "chosen"), one_reply(row.get("rejected"), "rejected"), SOURCE)


def asked(row: Row, said: Provenance, answers: set[str]) -> Prompt:
    """Return the prompt: system, history, then the instruction with its input two line feeds below it."""
    instruction, given = exact_text(row, "instruction"), exact_text(row, "input", may_be_empty=True)
    turns: list[Message] = []
    if exact_text(row, "system", may_be_empty=True):
        turns.append(Message(role="system", content=row["system"]))
    for number, pair in enumerate(list_of(row.get("history"), "history"), start=1):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
            raise Flaw(f"entry {number} of `history` is no pair of texts")
        turns += [Message(role="user", content=pair[0]), Message(role="assistant", content=pair[1])]
    turns.append(Message(role="user", content=f"{instruction}\n\n{given}" if given else instruction))
    attrs = kept(row, ASKED | answers) | ({INPUT: given} if given else {})
    return prompt_of(tuple(turns), said.of(SOURCE), attrs)


def asking(prompt: Prompt) -> Row:
    """Return the fields of a prompt."""
    system, turns = _without_system(prompt.messages)
    history = []
    for first, second in zip(turns[:-1:2], turns[1:-1:2], strict=True):
        if (first.role, second.role) != ("user", "assistant"):
            raise Flaw("the turns of its history are not question and answer in turn")
        history.append([first.content, second.content])
    text, given = prompt.text, prompt.attrs.get(INPUT, "")
    below = f"\n\n{given}"
    instruction = text.removesuffix(below) if given and text.endswith(below) else text
    row: Row = {"instruction": instruction, "input": given if instruction != text else ""}
    return row | ({"system": system} if system else {}) | ({"history": history} if history else {})


def _without_system(messages: Conversation) -> tuple[str, Conversation]:
    system = messages[0].content if messages[0].role == "system" else ""
    turns = messages[1:] if system else messages
    if len(turns) % 2 == 0 or any(turn.role == "system" for turn in turns):
        raise Flaw("its turns are not question and answer in turn")
    return system, turns


def _demonstration_rows(records: Sequence[Any]) -> list[Row]:
    return [
        {**asking(one.prompt), "output": one.reply, **restored(one.prompt.attrs)} for one in records
    ]  # fmt: skip


def _comparison_rows(records: Sequence[Any]) -> list[Row]:
    return [
        {
            **asking(one.prompt),
            "chosen": one.replies[better],
            "rejected": one.replies[worse],
            **restored(one.prompt.attrs),
        }
        for one in records
        for better, worse in pairs_of(one)
    ]


ALPACA = Format(
    name="alpaca",
    title="Alpaca: instruction, input, output",
    holds=(Demonstration,),
    to_records=_demonstrations,
    to_rows=_demonstration_rows,
    likeness=lambda row: 1.0 if {"instruction", "output"} <= row.keys() else 0.0,
    cannot_hold=("annotations", "who wrote", "source, licence and consent", "guideline version"),
    suffixes=(".json", ".jsonl", ".json.gz", ".jsonl.gz", ".parquet", ".csv"),
)
ALPACA_PREFERENCE = Format(
    name="alpaca-preference",
    title="Alpaca with a chosen and a rejected reply",
    holds=(Comparison,),
    to_records=_comparisons,
    to_rows=_comparison_rows,
    likeness=lambda row: 1.0 if {"instruction", "chosen", "rejected"} <= row.keys() else 0.0,
    cannot_hold=("orders over more than two replies (they become pairs)", "ties", "who ranked", "scores and flags"),
    suffixes=(".json", ".jsonl", ".json.gz", ".jsonl.gz", ".parquet"),
)
