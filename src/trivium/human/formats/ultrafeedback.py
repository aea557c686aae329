"""Turns UltraFeedback's rows, four scored completions to an instruction, and the binarised rows made of them into
comparisons, and back.

Ratings are texts there ("N/A" where there is none), an annotation may be an object or a list of one, and the overall
score cannot be trusted (a 10 may have been a 1): replies are ordered by the fine-grained score, else by the mean
rating.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text
from trivium.human.formats.turns import (
    kept,
    kept_parts,
    one_reply,
    pairs_of,
    parts,
    prompt_of,
    restored,
    spelt,
    turns_of,
    two_of,
)  # fmt: skip
from trivium.human.formats.turns import (
    said as one_turn,
)
from trivium.human.rubrics import competition_ranks
from trivium.records import Comparison, Message

SOURCE, LICENCE, RANKER = "ultrafeedback", "MIT", "ultrafeedback-gpt-4"
ASPECTS = ("instruction_following", "honesty", "truthfulness", "helpfulness")
FINE = "fine-grained_score"


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    for row in rows:
        completions = row.get("completions")
        if not isinstance(completions, list) or not all(isinstance(one, dict) for one in completions):
            raise Flaw("wanted a list of objects in `completions`")
        if len(completions) < 2:
            raise Flaw(f"{len(completions)} completions; wanted two to compare")
        replies = tuple(one_reply(one.get("response"), "response") for one in completions)
        ratings = [_ratings(one) for one in completions]
        overall = [_overall(one, rated) for one, rated in zip(completions, ratings, strict=True)]
        if any(math.isnan(score) for score in overall):
            raise Flaw("a completion has no score")
        scores = {name: tuple(one[name] for one in ratings) for name in ASPECTS if all(name in one for one in ratings)}
        scores["fine_grained"] = tuple(overall)
        asked = (Message(role="user", content=exact_text(row, "instruction")),)
        made = Comparison(
            prompt=prompt_of(asked, said.of(SOURCE, LICENCE), kept(row, {"instruction", "completions"})),
            replies=replies,
            ranks=competition_ranks([-score for score in overall]),
            ranker=RANKER,
            scores=scores,
        )
        rest = [{key: value for key, value in one.items() if key != "response"} for one in completions]
        if rest != [_scored(made, place) for place in range(len(replies))]:
            attrs = made.prompt.attrs | kept_parts("completions", rest)
            made = made.model_copy(update={"prompt": made.prompt.model_copy(update={"attrs": attrs})})
        yield made


def _ratings(completion: Row) -> dict[str, float]:
    """Return aspect → rating of those that are numbers."""
    found = {}
    annotations = completion.get("annotations")
    for name in ASPECTS:
        one = annotations.get(name) if isinstance(annotations, dict) else None
        one = one[0] if isinstance(one, list) and one else one
        value = _number(one.get("Rating")) if isinstance(one, dict) else math.nan
        if not math.isnan(value):
            found[name] = value
    return found


def _overall(completion: Row, ratings: dict[str, float]) -> float:
    fine = _number(completion.get(FINE))
    return fine if not math.isnan(fine) else sum(ratings.values()) / len(ratings) if ratings else math.nan


def _number(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _rows(records: Sequence[Any]) -> list[Row]:
    return [_row(record) for record in records]


def _row(record: Comparison) -> Row:
    if len(record.prompt.messages) != 1 or record.prompt.messages[0].role != "user":
        raise Flaw("UltraFeedback holds one instruction, no dialogue")
    rest = parts(record.prompt.attrs, "completions")
    kept_as_is = len(rest) == len(record.replies)
    completions = []
    for place, reply in enumerate(record.replies):
        completions.append({"response": reply} | (rest[place] if kept_as_is else _scored(record, place)))
    return {"instruction": record.prompt.text, "completions": completions} | restored(record.prompt.attrs)


def _scored(record: Comparison, place: int) -> Row:
    """Return what a completion says of itself, from the scores of a record alone."""
    return {"annotations": _annotations(record, place), FINE: _fine(record, place)}


def _annotations(record: Comparison, place: int) -> Row:
    return {name: {"Rating": f"{record.scores[name][place]:g}"} for name in ASPECTS if name in record.scores}


def _fine(record: Comparison, place: int) -> float:
    """Return the fine-grained score; without one, the rank turned so that higher is better."""
    if "fine_grained" in record.scores:
        return record.scores["fine_grained"][place]
    return float(1 + len(record.ranks) - record.ranks[place])


SCORE = "score"


def _binarised(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    known = {"prompt", "chosen", "rejected", "messages", "score_chosen", "score_rejected"}
    for row in rows:
        chosen, rejected = (turns_of(row.get(name), name) for name in ("chosen", "rejected"))
        if chosen[:-1] != rejected[:-1]:
            raise Flaw("`chosen` and `rejected` part before their last turn")
        if len(chosen) < 2:
            raise Flaw("`chosen` is only a reply, without a prompt")
        prompt = prompt_of(chosen[:-1], said.of(SOURCE, LICENCE), kept(row, known))
        better, worse = one_reply(row["chosen"][-1], "chosen"), one_reply(row["rejected"][-1], "rejected")
        scores = tuple(_number(row.get(name)) for name in ("score_chosen", "score_rejected"))
        made = two_of(prompt, better, worse, RANKER)
        yield made if any(map(math.isnan, scores)) else made.model_copy(update={"scores": {SCORE: scores}})


def _binarised_rows(records: Sequence[Any]) -> list[Row]:
    rows = []
    for one in records:
        before = spelt(one.prompt.messages)
        for better, worse in pairs_of(one):
            chosen = before + one_turn("assistant", one.replies[better])
            row: Row = {
                "prompt": one.prompt.text,
                "chosen": chosen,
                "rejected": before + one_turn("assistant", one.replies[worse]),
                "messages": chosen,
            }
            if SCORE in one.scores:
                row |= {"score_chosen": one.scores[SCORE][better], "score_rejected": one.scores[SCORE][worse]}
            rows.append(row | restored(one.prompt.attrs))
    return rows


ULTRAFEEDBACK = Format(
    name="ultrafeedback",
    title="UltraFeedback: completions with ratings",
    holds=(Comparison,),
    to_records=_records,
    to_rows=_rows,
    likeness=lambda row: 1.0 if {"instruction", "completions"} <= row.keys() else 0.0,
    cannot_hold=("dialogues and system turns", "who ranked", "flags", "other scores than its own", "guideline version"),
    one_source=True,
)
ULTRAFEEDBACK_BINARIZED = Format(
    name="ultrafeedback-binarized",
    title="UltraFeedback binarised: chosen and rejected with scores",
    holds=(Comparison,),
    to_records=_binarised,
    to_rows=_binarised_rows,
    likeness=lambda row: 1.0 if {"chosen", "rejected", "score_chosen"} <= row.keys() else 0.0,
    cannot_hold=("orders over more than two replies (they become pairs)", "ties", "who ranked", "flags"),
    one_source=True,
)
