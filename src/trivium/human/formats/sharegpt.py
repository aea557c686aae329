"""Turns rows {conversations: [{from, value}]}, the ShareGPT layout, into demonstrations, with {chosen, rejected} into
comparisons, and without a last answer into prompts; and back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text
from trivium.human.formats.turns import kept, kept_parts, pairs_of, parts, prompt_of, restored, split_last, two_of
from trivium.records import Comparison, Demonstration, Message, Prompt, Record

SOURCE = "sharegpt"
ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}
NAMES = {"user": "human", "assistant": "gpt", "system": "system"}
KNOWN = {"conversations", "system", "chosen", "rejected"}


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        yield _record(row, said)


def _record(row: Row, said: Provenance) -> Record:
    spoken = row.get("conversations")
    if not isinstance(spoken, list) or not spoken:
        raise Flaw("wanted a list of turns in `conversations`")
    turns = [_turn(one, f"turn {number}") for number, one in enumerate(spoken, start=1)]
    extras = [{key: value for key, value in one.items() if key not in {"from", "value"}} for one in spoken]
    attrs = kept(row, KNOWN) | kept_parts("turns", extras)
    if exact_text(row, "system", may_be_empty=True):
        turns.insert(0, Message(role="system", content=row["system"]))
    elif turns[0].role == "system":
        attrs["system"] = "turn"  # said as a turn, not beside the turns
    where = said.of(SOURCE)
    if "chosen" in row or "rejected" in row:
        better, worse = (_reply(row.get(name), name) for name in ("chosen", "rejected"))
        return two_of(prompt_of(tuple(turns), where, attrs), better, worse, SOURCE)
    before, reply = split_last(turns, "conversations")
    prompt = prompt_of(before, where, attrs)
    return prompt if reply is None else Demonstration(prompt=prompt, reply=reply)


def _turn(value: object, name: str) -> Message:
    if not isinstance(value, dict):
        raise Flaw(f"{name} is no object")
    speaker, content = value.get("from"), value.get("value")
    if not isinstance(speaker, str) or speaker not in ROLES:
        raise Flaw(f"{name} is by {speaker!r}, wanted one of {', '.join(NAMES.values())}")
    if not isinstance(content, str):
        raise Flaw(f"{name} has no text")
    return Message.model_validate({"role": ROLES[speaker], "content": content})


def _reply(value: object, name: str) -> str:
    turn = _turn(value, f"`{name}`")
    if turn.role != "assistant" or not turn.content.strip():
        raise Flaw(f"`{name}` is no reply by the assistant")
    return turn.content


def _rows(records: Sequence[Any]) -> list[Row]:
    return [row for record in records for row in _rows_of(record)]


def _rows_of(record: Record) -> list[Row]:
    if isinstance(record, Prompt):
        return [_row(record, [])]
    if isinstance(record, Demonstration):
        return [_row(record.prompt, [Message(role="assistant", content=record.reply)])]
    assert isinstance(record, Comparison)
    return [
        _row(record.prompt, [])
        | {
            "chosen": {"from": "gpt", "value": record.replies[better]},
            "rejected": {"from": "gpt", "value": record.replies[worse]},
        }
        for better, worse in pairs_of(record)
    ]


def _row(prompt: Prompt, replies: list[Message]) -> Row:
    turns, row = [*prompt.messages, *replies], restored(prompt.attrs)
    if turns[0].role == "system" and turns[0].content and prompt.attrs.get("system") != "turn":
        row = {"system": turns.pop(0).content} | row
    extras = parts(prompt.attrs, "turns")
    more = extras if len(extras) == len(turns) else [{}] * len(turns)
    spoken = [{"from": NAMES[turn.role], "value": turn.content, **one} for turn, one in zip(turns, more, strict=True)]
    return {"conversations": spoken} | row


SHAREGPT = Format(
    name="sharegpt",
    title="ShareGPT: conversations, also with chosen and rejected",
    holds=(Demonstration, Comparison, Prompt),
    to_records=_records,
    to_rows=_rows,
    likeness=lambda row: 1.0 if isinstance(row.get("conversations"), list) else 0.0,
    cannot_hold=(
        "annotations", "who wrote or ranked", "orders over more than two replies (they become pairs)", "ties",
        "scores and flags", "source, licence and consent", "guideline version",
    ),
    suffixes=(".json", ".jsonl", ".json.gz", ".jsonl.gz", ".parquet"),
)  # fmt: skip
