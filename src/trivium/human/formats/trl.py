"""Turns TRL's seven kinds of rows, each in its standard (text) and its conversational (turns) form, into records, and
back.

In the standard form a text stands as it is: the completion keeps its leading space. Reading takes either form of a
kind; what is written is the form that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.openai import chat_record, chat_row
from trivium.human.formats.rows import Flaw, Row, exact_text
from trivium.human.formats.trl_stepwise import step_key, stepwise_records, stepwise_rows
from trivium.human.formats.turns import (
    kept,
    one_reply,
    only_turns,
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
from trivium.records import Comparison, Demonstration, Document, Judgement, Message, Prompt, Record

SOURCE = "trl"
Read = Callable[[Row, Provenance], Record]


def asked(row: Row, said: Provenance, known: set[str]) -> Prompt:
    """Return the prompt of a row: a text, or turns."""
    given = row.get("prompt")
    attrs = kept(row, {"prompt"} | known)
    if isinstance(given, str):
        return prompt_of((Message(role="user", content=given),), said.of(SOURCE), attrs)
    turns = turns_of(given, "prompt")
    return prompt_of(turns, said.of(SOURCE), attrs | turn_extras(given))


def asking(prompt: Prompt, *, chat: bool) -> Any:
    """Return a prompt as turns, or as a text where it is one."""
    if chat:
        return spelt(prompt.messages, parts(prompt.attrs, "turns"))
    return only_turns(prompt, "TRL's standard form")


def answer(text: str, *, chat: bool) -> Any:
    """Return a reply as one turn, or as its text."""
    return one_turn("assistant", text) if chat else text


def _language(row: Row, said: Provenance) -> Record:
    if "messages" in row:
        return chat_record(row, said, SOURCE)
    where = said.of(SOURCE)
    text = exact_text(row, "text")
    if set(row) - {"text"}:
        raise Flaw(f"fields beside `text`: {', '.join(sorted(set(row) - {'text'}))}")
    return Document.of(text, source=where["source"], licence=where["licence"])


def _language_row(record: Any, *, chat: bool) -> list[Row]:
    if chat == isinstance(record, Document):
        raise Flaw("raw text has no turns" if chat else "turns are no raw text")
    return [chat_row(record) if chat else {"text": record.text}]


def _prompt_only(row: Row, said: Provenance) -> Record:
    return asked(row, said, set())


def _prompt_row(record: Any, *, chat: bool) -> list[Row]:
    return [{"prompt": asking(record, chat=chat)} | restored(record.attrs)]


def _completion(row: Row, said: Provenance) -> Record:
    return Demonstration(prompt=asked(row, said, {"completion"}), reply=one_reply(row.get("completion"), "completion"))


def _completion_row(record: Any, *, chat: bool) -> list[Row]:
    row = {"prompt": asking(record.prompt, chat=chat), "completion": answer(record.reply, chat=chat)}
    return [row | restored(record.prompt.attrs)]


def _preference(row: Row, said: Provenance) -> Record:
    prompt = asked(row, said, {"chosen", "rejected"})
    return two_of(prompt, one_reply(row.get("chosen"), "chosen"), one_reply(row.get("rejected"), "rejected"), SOURCE)


def _preference_row(record: Any, *, chat: bool) -> list[Row]:
    return [
        {
            "prompt": asking(record.prompt, chat=chat),
            "chosen": answer(record.replies[better], chat=chat),
            "rejected": answer(record.replies[worse], chat=chat),
        }
        | restored(record.prompt.attrs)
        for better, worse in pairs_of(record)
    ]


def _implicit(row: Row, said: Provenance) -> Record:
    attrs = kept(row, {"chosen", "rejected"})
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if isinstance(chosen, str) and isinstance(rejected, str):
        start = _common_words(chosen, rejected)
        prompt = prompt_of((Message(role="user", content=chosen[:start]),), said.of(SOURCE), attrs)
        return two_of(prompt, one_reply(chosen[start:], "chosen"), one_reply(rejected[start:], "rejected"), SOURCE)
    before, better = split_last(turns_of(chosen, "chosen"), "chosen")
    other, worse = split_last(turns_of(rejected, "rejected"), "rejected")
    if before != other:
        raise Flaw("`chosen` and `rejected` part before their last turn")
    if better is None or worse is None:
        raise Flaw("`chosen` or `rejected` does not end with the assistant")
    return two_of(prompt_of(before, said.of(SOURCE), attrs), better, worse, SOURCE)


def _common_words(one: str, other: str) -> int:
    """Return where two texts part, at the start of a word: the space before it belongs to the replies."""
    end = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    space = one.rfind(" ", 0, end + 1)
    if space <= 0:
        raise Flaw("the texts have no common beginning, which would be the prompt")
    return space


def _implicit_row(record: Any, *, chat: bool) -> list[Row]:
    rows = []
    for better, worse in pairs_of(record):
        row: Row = {}
        for name, place in (("chosen", better), ("rejected", worse)):
            text = record.replies[place]
            if chat:
                row[name] = spelt([*record.prompt.messages, Message(role="assistant", content=text)])
            else:
                row[name] = only_turns(record.prompt, "TRL's standard form") + text
        rows.append(row | restored(record.prompt.attrs))
    return rows


def _unpaired(row: Row, said: Provenance) -> Record:
    label = row.get("label")
    if not isinstance(label, bool):
        raise Flaw(f"`label` is {label!r}, wanted true or false")
    reply = one_reply(row.get("completion"), "completion")
    return Judgement(prompt=asked(row, said, {"completion", "label"}), reply=reply, desirable=label, judge=SOURCE)


def _unpaired_row(record: Any, *, chat: bool) -> list[Row]:
    row = {
        "prompt": asking(record.prompt, chat=chat),
        "completion": answer(record.reply, chat=chat),
        "label": record.desirable,
    }
    return [row | restored(record.prompt.attrs)]


def _keys(*wanted: str, absent: tuple[str, ...] = ()) -> Callable[[Row], bool]:
    return lambda row: set(wanted) <= row.keys() and not set(absent) & row.keys()


Kind = tuple[str, str, tuple[type[Record], ...], Read, Callable[..., list[Row]], Callable[[Row], bool]]
KINDS: tuple[Kind, ...] = (
    ("language-modeling", "language modelling", (Document, Demonstration, Prompt), _language, _language_row,
     lambda row: row.keys() <= {"text", "messages"}),
    ("prompt-only", "prompt only", (Prompt,), _prompt_only, _prompt_row, lambda row: row.keys() == {"prompt"}),
    ("prompt-completion", "prompt and completion", (Demonstration,), _completion, _completion_row,
     _keys("prompt", "completion", absent=("label",))),
    ("preference", "preference with a prompt", (Comparison,), _preference, _preference_row,
     _keys("prompt", "chosen", "rejected")),
    ("implicit-preference", "preference without a prompt", (Comparison,), _implicit, _implicit_row,
     _keys("chosen", "rejected", absent=("prompt", "conversations", "instruction"))),
    ("unpaired-preference", "unpaired preference", (Judgement,), _unpaired, _unpaired_row,
     _keys("prompt", "completion", "label")),
)  # fmt: skip


def _each(read: Read, rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        yield read(row, said)


def _all_rows(write: Callable[..., list[Row]], chat: bool, records: Sequence[Any]) -> list[Row]:
    return [row for record in records for row in write(record, chat=chat)]


def _likeness(wanted: Callable[[Row], bool], chat: bool, row: Row) -> float:
    fields = [row.get(key) for key in ("prompt", "chosen", "messages", "text") if key in row]
    if not fields or not wanted(row):
        return 0.0
    return 0.95 if isinstance(fields[0], list) == chat else 0.5


LOST = {
    Comparison: ("orders over more than two replies (they become pairs)", "ties", "who ranked", "scores and flags"),
    Demonstration: ("annotations", "who wrote"),
    Judgement: ("who judged", "the reason"),
    Prompt: (),
    Document: ("groups of documents",),
}
ALWAYS_LOST = ("source, licence and consent", "guideline version")


def _formats() -> Iterator[Format]:
    for name, title, holds, read, write, wanted in KINDS:
        for chat in (True, False):
            lost = tuple(word for kind in holds for word in LOST[kind]) + ALWAYS_LOST
            yield Format(
                name=f"trl-{name}" + ("" if chat else "-text"),
                title=f"TRL {title}, " + ("conversational" if chat else "standard"),
                holds=holds,
                to_records=partial(_each, read),
                to_rows=partial(_all_rows, write, chat),
                likeness=partial(_likeness, wanted, chat),
                cannot_hold=lost if chat else (*lost, "dialogues and system turns"),
                suffixes=(".jsonl", ".jsonl.gz", ".json", ".parquet"),
            )
    yield Format(
        name="trl-stepwise",
        title="TRL stepwise supervision",
        holds=(Judgement,),
        to_records=stepwise_records,
        to_rows=stepwise_rows,
        likeness=lambda row: 1.0 if {"prompt", "completions", "labels"} <= row.keys() else 0.0,
        record_key=step_key,
        cannot_hold=("dialogues and system turns", *LOST[Judgement], *ALWAYS_LOST),
    )


TRL: tuple[Format, ...] = tuple(_formats())
