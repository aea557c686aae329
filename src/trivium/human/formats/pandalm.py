"""Turns PandaLM's test set, one instruction with two replies judged by three annotators a row, into three comparisons
a row.
"""

from __future__ import annotations

from collections.abc import Iterator

from trivium.human.formats.format import Format, each_row
from trivium.human.formats.rows import Flaw, Row, instruction_of, text_of
from trivium.records import Comparison, Prompt

SOURCE, LICENCE = "pandalm", "Apache-2.0"
ANNOTATORS = ("annotator1", "annotator2", "annotator3")
RANKS = {0: (1, 1), 1: (1, 2), 2: (2, 1)}
"""Label → ranks: 0 tie, 1 the first reply is better, 2 the second."""


def _convert(row: Row) -> Iterator[Comparison | Flaw]:
    prompt = Prompt.of(instruction_of(row), origin="dataset", source=SOURCE, licence=LICENCE)
    replies = (text_of(row, "response1"), text_of(row, "response2"))
    if replies[0] == replies[1]:
        raise Flaw("both replies are the same text")
    for annotator in ANNOTATORS:
        label = row.get(annotator)
        if type(label) is not int or label not in RANKS:  # True equals 1, and a list cannot be looked up
            yield Flaw(f"`{annotator}` is {label!r}, wanted 0 (tie), 1 or 2")
            continue
        yield Comparison(prompt=prompt, replies=replies, ranks=RANKS[label], ranker=f"pandalm-{annotator}")


PANDALM = Format(
    name="pandalm",
    title="PandaLM: two replies, three annotators",
    holds=(Comparison,),
    to_records=each_row(_convert),
    likeness=lambda row: 1.0 if {"response1", "response2", *ANNOTATORS} <= row.keys() else 0.0,
    suffixes=(".json", ".json.gz"),
    one_source=True,
)
