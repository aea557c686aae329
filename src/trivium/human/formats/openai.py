"""Turns the two layouts of OpenAI's fine-tuning files into records and back: {messages} for demonstrations and prompts,
{input, preferred_output, non_preferred_output} for comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row
from trivium.human.formats.turns import (
    kept,
    kept_parts,
    one_reply,
    pairs_of,
    parts,
    prompt_of,
    restored,
    spelt,
    split_last,
    turn_extras,
    turns_of,
    two_of,
)
from trivium.human.formats.turns import (
    said as one_turn,
)
from trivium.records import Comparison, Demonstration, Message, Prompt, Record

SOURCE = "openai"
PREFERRED, OTHER = "preferred_output", "non_preferred_output"


def chat_record(row: Row, said: Provenance, source: str = SOURCE) -> Demonstration | Prompt:
    """Return the demonstration of a row {messages}, or the prompt where no reply is there."""
    turns, reply = split_last(turns_of(row.get("messages"), "messages"), "messages")
    _check_weights(row["messages"], has_reply=reply is not None)
    attrs = kept(row, {"messages"}) | turn_extras(row["messages"])
    prompt = prompt_of(turns, said.of(source), attrs)
    return prompt if reply is None else Demonstration(prompt=prompt, reply=reply)


def _check_weights(spoken: Sequence[Row], *, has_reply: bool) -> None:
    """Refuse what OpenAI's files cannot say, and a reply that is marked as not to be learned from."""
    for number, turn in enumerate(spoken, start=1):
        if "weight" not in turn:
            continue
        if turn["role"] != "assistant":
            raise Flaw(f"turn {number} of `messages` has a weight, which only the assistant's turns may have")
        if turn["weight"] not in (0, 1):
            raise Flaw(f"the weight of turn {number} of `messages` is {turn['weight']!r}, wanted 0 or 1")
    if has_reply and spoken[-1].get("weight") == 0:
        raise Flaw("the last reply has weight 0: it is not to be learned from, and so no demonstration")


def chat_row(record: Demonstration | Prompt) -> Row:
    """Return the row {messages} of a demonstration or prompt."""
    prompt = record if isinstance(record, Prompt) else record.prompt
    reply = [] if isinstance(record, Prompt) else [Message(role="assistant", content=record.reply)]
    turns = [*prompt.messages, *reply]
    return {"messages": spelt(turns, parts(prompt.attrs, "turns"))} | restored(prompt.attrs)


def _chat(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        yield chat_record(row, said)


def _preferences(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        given = row.get("input")
        if not isinstance(given, dict):
            raise Flaw("wanted an object in `input`")
        turns = turns_of(given.get("messages"), "input.messages")
        more = [{key: value for key, value in given.items() if key != "messages"}]
        attrs = kept(row, {"input", PREFERRED, OTHER}) | turn_extras(given["messages"]) | kept_parts("input", more)
        prompt = prompt_of(turns, said.of(SOURCE), attrs)
        yield two_of(prompt, one_reply(row.get(PREFERRED), PREFERRED), one_reply(row.get(OTHER), OTHER), SOURCE)


def _preference_rows(records: Sequence[Any]) -> list[Row]:
    rows = []
    for one in records:
        attrs = one.prompt.attrs
        [beside] = parts(attrs, "input") or [{}]
        given = {"messages": spelt(one.prompt.messages, parts(attrs, "turns"))} | beside
        for better, worse in pairs_of(one):
            replies = {
                name: one_turn("assistant", one.replies[at]) for name, at in ((PREFERRED, better), (OTHER, worse))
            }
            rows.append({"input": given} | replies | restored(attrs))
    return rows


OPENAI_CHAT = Format(
    name="openai-chat",
    title="OpenAI chat: messages",
    holds=(Demonstration, Prompt),
    to_records=_chat,
    to_rows=lambda records: [chat_row(one) for one in records],
    likeness=lambda row: 0.9 if isinstance(row.get("messages"), list) and "prompt" not in row else 0.0,
    cannot_hold=("annotations", "who wrote", "source, licence and consent", "guideline version"),
    suffixes=(".jsonl", ".jsonl.gz", ".parquet"),
)
OPENAI_PREFERENCE = Format(
    name="openai-preference",
    title="OpenAI preference: preferred and non-preferred output",
    holds=(Comparison,),
    to_records=_preferences,
    to_rows=_preference_rows,
    likeness=lambda row: 1.0 if {PREFERRED, OTHER} <= row.keys() else 0.0,
    cannot_hold=("orders over more than two replies (they become pairs)", "ties", "who ranked", "scores and flags"),
    suffixes=(".jsonl", ".jsonl.gz", ".parquet"),
)
