"""Turns rows {prompt, completions[], labels[]}, a reply judged step by step, into one judgement a step, and back.

The steps of one reply share the attribute `solution`; `step` counts them from 1 and `steps` says how many there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text
from trivium.human.formats.turns import kept, only_turns, prompt_of, restored
from trivium.records import Judgement, Message, content_id

JUDGE = "trl"


def stepwise_records(rows: Sequence[Row], said: Provenance) -> Iterator[Judgement | Flaw]:
    """Yield one judgement a step."""
    for row in rows:
        text, steps, labels = exact_text(row, "prompt"), row.get("completions"), row.get("labels")
        if not isinstance(steps, list) or not steps or not all(isinstance(one, str) for one in steps):
            raise Flaw("wanted a list of texts in `completions`")
        if not isinstance(labels, list) or not all(isinstance(one, bool) for one in labels):
            raise Flaw("wanted a list of true and false in `labels`")
        if len(labels) != len(steps):
            raise Flaw(f"{len(steps)} steps and {len(labels)} labels")
        for number, (step, label) in enumerate(zip(steps, labels, strict=True), start=1):
            attrs = kept(row, {"prompt", "completions", "labels"}) | {
                "solution": content_id(text, *steps),
                "step": str(number),
                "steps": str(len(steps)),
            }
            prompt = prompt_of((Message(role="user", content=text),), said.of("trl"), attrs)
            yield Judgement(prompt=prompt, reply=step, desirable=label, judge=JUDGE)


def step_key(record: Any) -> Hashable:
    """Return what the steps of one reply share."""
    attrs = record.prompt.attrs
    return (record.prompt.id, record.judge, attrs["solution"]) if "solution" in attrs else id(record)


def stepwise_rows(records: Sequence[Any]) -> list[Row]:
    """Return the row of the steps of one reply."""
    first = records[0]
    numbers = [one.prompt.attrs.get("step", "1") for one in records]
    if numbers != [str(number) for number in range(1, len(records) + 1)]:
        raise Flaw("steps of its reply are missing or out of order")
    row = {
        "prompt": only_turns(first.prompt, "TRL's stepwise form"),
        "completions": [one.reply for one in records],
        "labels": [one.desirable for one in records],
    }
    return [row | restored(first.prompt.attrs)]
