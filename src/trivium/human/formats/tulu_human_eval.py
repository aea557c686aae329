"""Turns Tulu's human evaluation, one evaluator's A/B judgement a row, into comparisons with acceptability and
strength.
"""

from __future__ import annotations

from collections.abc import Iterator

from trivium.human.formats.format import Format, each_row
from trivium.human.formats.rows import Flaw, Row, text_of
from trivium.records import Comparison, Prompt

SOURCE, LICENCE = "tulu-human-eval", "Apache-2.0"
STRENGTH = {
    "a-is-better": 2.0,
    "a-is-slightly-better": 1.0,
    "tie": 0.0,
    "b-is-slightly-better": -1.0,
    "b-is-better": -2.0,
}
"""Preference → how much better A is."""
ACCEPTABLE = {"yes": 1.0, "no": 0.0}


def _convert(row: Row) -> Iterator[Comparison | Flaw]:
    """Evaluators are published as initials and become pseudonyms `tulu-xx`. The order A, B is kept as it was shown;
    rankings of the same two replies meet in `human.ranking.group`, which does not look at it.
    """
    preference = text_of(row, "preference")
    if preference not in STRENGTH:
        raise Flaw(f"`preference` is {preference!r}, wanted one of {', '.join(STRENGTH)}")
    replies = (text_of(row, "completion_a"), text_of(row, "completion_b"))
    if replies[0] == replies[1]:
        raise Flaw("both replies are the same text")
    strength = STRENGTH[preference]
    scores = {"strength": (strength, -strength)}
    marks = [ACCEPTABLE.get(str(row.get(f"completion_{side}_is_acceptable"))) for side in "ab"]
    acceptable = tuple(mark for mark in marks if mark is not None)
    if len(acceptable) == 2:
        scores["acceptable"] = (acceptable[0], acceptable[1])
    yield Comparison(
        prompt=Prompt.of(text_of(row, "prompt"), origin="dataset", source=SOURCE, licence=LICENCE),
        replies=replies,
        ranks=(1, 1) if strength == 0 else (1, 2) if strength > 0 else (2, 1),
        ranker=f"tulu-{text_of(row, 'evaluator')}",
        scores=scores,
        none_acceptable=acceptable == (0.0, 0.0),
    )


TULU_HUMAN_EVAL = Format(
    name="tulu-human-eval",
    title="Tulu human evaluation: A/B judgements",
    holds=(Comparison,),
    to_records=each_row(_convert),
    likeness=lambda row: 1.0 if {"completion_a", "completion_b", "preference"} <= row.keys() else 0.0,
    suffixes=(".jsonl", ".jsonl.gz"),
    files=("annotations.jsonl", "annotations.jsonl.gz"),
    one_source=True,
)
