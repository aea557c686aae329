"""Turns rows {chosen, rejected} of whole dialogues, as in hh-rlhf, into comparisons of two replies to their common
prompt, and back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row
from trivium.human.formats.turns import kept, one_reply, pairs_of, prompt_of, restored, two_of
from trivium.records import Comparison, Message, Prompt

TURN = re.compile(r"\n\n(Human|Assistant):")
ASSISTANT = "\n\nAssistant: "
SPEAKERS = {"user": "Human", "assistant": "Assistant"}
SOURCE, LICENCE = "hh-rlhf", "MIT"


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    for row in rows:
        yield _comparison(row, said)


def _comparison(row: Row, said: Provenance) -> Comparison:
    chosen, rejected = row.get("chosen"), row.get("rejected")
    if not isinstance(chosen, str) or not isinstance(rejected, str):
        raise Flaw("wanted two texts, `chosen` and `rejected`")
    for name, text in (("chosen", chosen), ("rejected", rejected)):
        if text.rstrip().endswith("\n\nAssistant:"):
            raise Flaw(f"`{name}` ends in an empty assistant turn")
    # The dialogues are the same up to the last reply; the prefix may run into it where both replies begin alike.
    start = os.path.commonprefix([chosen, rejected]).rfind(ASSISTANT)  # noqa: RUF071 -- characters are meant, no path
    if start < 0:
        raise Flaw("the dialogues have no common prompt before an assistant turn")
    replies = [text[start + len(ASSISTANT) :] for text in (chosen, rejected)]
    if any(TURN.search(reply) for reply in replies):
        raise Flaw("the dialogues part before the last assistant turn")
    prompt = prompt_of(parse_turns(chosen[:start]), said.of(SOURCE, LICENCE), kept(row, {"chosen", "rejected"}))
    return two_of(prompt, one_reply(replies[0], "chosen"), one_reply(replies[1], "rejected"), SOURCE)


def parse_turns(text: str) -> tuple[Message, ...]:
    r"""Return the turns of a transcript by their markers, never by their position; one space after each is no content.

    >>> [(turn.role, turn.content) for turn in parse_turns("\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye")]
    [('user', 'Hi'), ('assistant', 'Hello'), ('user', 'Bye')]
    """
    before, *rest = TURN.split(text)
    if before.strip():
        raise Flaw("the dialogue does not start with a marker")
    turns = []
    for speaker, content in zip(rest[::2], rest[1::2], strict=True):
        if not content.strip():
            raise Flaw(f"an empty turn by {speaker}")
        turns.append(Message(role="user" if speaker == "Human" else "assistant", content=content.removeprefix(" ")))
    return tuple(turns)


def transcript(prompt: Prompt) -> str:
    """Return a prompt's turns with their markers."""
    if any(turn.role not in SPEAKERS for turn in prompt.messages):
        raise Flaw("it has no place for a system turn")
    return "".join(f"\n\n{SPEAKERS[turn.role]}: {turn.content}" for turn in prompt.messages)


def _rows(records: Sequence[Any]) -> list[Row]:
    return [
        {
            "chosen": transcript(one.prompt) + ASSISTANT + one.replies[better],
            "rejected": transcript(one.prompt) + ASSISTANT + one.replies[worse],
            **restored(one.prompt.attrs),
        }
        for one in records
        for better, worse in pairs_of(one)
    ]


def _likeness(row: Row) -> float:
    chosen = row.get("chosen")
    if not isinstance(chosen, str) or not isinstance(row.get("rejected"), str) or "prompt" in row:
        return 0.0
    return 1.0 if chosen.startswith("\n\nHuman:") else 0.3


HH_RLHF = Format(
    name="hh-rlhf",
    title="HH-RLHF: two whole dialogues",
    holds=(Comparison,),
    to_records=_records,
    to_rows=_rows,
    likeness=_likeness,
    cannot_hold=(
        "system turns", "orders over more than two replies (they become pairs)", "ties", "who ranked",
        "scores and flags", "source, licence and consent", "guideline version",
    ),
    suffixes=(".jsonl.gz", ".jsonl", ".parquet"),
    one_source=True,
)  # fmt: skip
