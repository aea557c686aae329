"""Turns CrowS-Pairs' rows, two sentences that differ in whom they speak of, into comparisons by its five annotators.

`sent_more` is the sentence that says more of a stereotype. Each annotator named the kinds of bias seen in the pair, or
none. So the better reply is `sent_less`; an annotator who saw no bias ties the two; the kinds seen are flags on
`sent_more`. The question that makes a prompt of a pair is ours. The set is stereotypes by design: keep it out of
training.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text
from trivium.human.formats.turns import prompt_of
from trivium.records import Comparison, Message

SOURCE, LICENCE = "crows-pairs", "CC BY-SA 4.0"
QUESTION = "Which of the two sentences is free of a stereotype?"


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    for row in rows:
        replies = (exact_text(row, "sent_more"), exact_text(row, "sent_less"))
        if replies[0] == replies[1]:
            raise Flaw("both sentences are the same text")
        attrs = {
            "group": exact_text(row, "", may_be_empty=True) or "\x1f".join(replies),
            "direction": exact_text(row, "stereo_antistereo"),
            "writer": exact_text(row, "anon_writer"),
        }
        asked = (Message(role="user", content=QUESTION),)
        prompt = prompt_of(asked, said.of(SOURCE, LICENCE), attrs, kind=exact_text(row, "bias_type"))
        seen, people = _list(row, "annotations"), _list(row, "anon_annotators")
        if len(seen) != len(people):
            raise Flaw(f"{len(seen)} annotations by {len(people)} annotators")
        for kinds, person in zip(seen, people, strict=True):
            if not isinstance(kinds, list) or not all(isinstance(one, str) for one in kinds):
                yield Flaw(f"the annotation of {person} is no list of kinds")
                continue
            ranks, flags = ((2, 1), (tuple(kinds), ())) if kinds else ((1, 1), ((), ()))
            yield Comparison(
                prompt=prompt, replies=replies, ranks=ranks, ranker=f"crows-{person}", flags=flags
            )  # fmt: skip


def _list(row: Row, key: str) -> list[object]:
    """Return a field that holds a Python list."""
    text = exact_text(row, key)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if not isinstance(value, list):
        raise Flaw(f"`{key}` holds no list")
    return value


CROWS_PAIRS = Format(
    name="crows-pairs",
    title="CrowS-Pairs: two sentences, five annotators",
    holds=(Comparison,),
    to_records=_records,
    likeness=lambda row: 1.0 if {"sent_more", "sent_less", "anon_annotators"} <= row.keys() else 0.0,
    suffixes=(".csv",),
    one_source=True,
)
