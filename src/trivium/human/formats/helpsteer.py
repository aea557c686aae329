"""Turns the rows of HelpSteer2 (ratings, preferences) and HelpSteer3 into comparisons, and back.

HelpSteer2 writes the turns of a dialogue into one text with markers, and rates one reply a row; the rows of one prompt
stand together. A preference strength runs from −3 to 3 and is above 0 where the second reply is better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, exact_text, number_of, objects_of
from trivium.human.formats.turns import (
    kept,
    kept_parts,
    one_reply,
    parts,
    prompt_of,
    restored,
    same_replies,
    spelt,
    turn_extras,
    turns_of,
)  # fmt: skip
from trivium.human.rubrics import competition_ranks
from trivium.records import Comparison, Conversation, Message, Prompt

LICENCE = "CC BY 4.0"
ATTRIBUTES = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
MARKER = re.compile(r"\n<extra_id_1>(User|Assistant)\n")
STRENGTH = "strength"
RATER, RANKER = "helpsteer2", "helpsteer2-preference"


def unmarked(text: str) -> Conversation:
    r"""Return the turns of a marked text; the first is the user's.

    >>> [turn.role for turn in unmarked("Hi\n<extra_id_1>Assistant\nHello\n<extra_id_1>User\nBye")]
    ['user', 'assistant', 'user']
    """
    first, *rest = MARKER.split(text)
    turns = [Message(role="user", content=first)]
    for speaker, content in zip(rest[::2], rest[1::2], strict=True):
        turns.append(Message(role="user" if speaker == "User" else "assistant", content=content))
    return tuple(turns)


def marked(prompt: Prompt) -> str:
    """Return the turns of a prompt as one text with markers."""
    if prompt.messages[0].role != "user" or any(turn.role == "system" for turn in prompt.messages):
        raise Flaw("HelpSteer2 has no place for a system turn, and the user speaks first")
    names = {"user": "User", "assistant": "Assistant"}
    rest = "".join(f"\n<extra_id_1>{names[turn.role]}\n{turn.content}" for turn in prompt.messages[1:])
    return prompt.messages[0].content + rest


def _ratings(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    if len(rows) < 2:
        raise Flaw("one rated reply only; wanted two replies to the same prompt, one row after the other")
    for row in rows:
        for name in ATTRIBUTES:
            if number_of(row.get(name)) is None:
                raise Flaw(f"`{name}` is {row.get(name)!r}, wanted a number from 0 to 4")
    rest = [
        {key: value for key, value in row.items() if key not in {"prompt", "response", *ATTRIBUTES}} for row in rows
    ]
    prompt = prompt_of(unmarked(exact_text(rows[0], "prompt")), said.of(RATER, LICENCE), kept_parts("rows", rest))
    scores = {name: tuple(float(row[name]) for row in rows) for name in ATTRIBUTES}
    yield Comparison(
        prompt=prompt,
        replies=tuple(one_reply(row.get("response"), "response") for row in rows),
        ranks=competition_ranks([-score for score in scores["helpfulness"]]),
        ranker=RATER,
        scores=scores,
    )


def _ratings_rows(records: Sequence[Any]) -> list[Row]:
    rows: list[Row] = []
    for one in records:
        if set(ATTRIBUTES) - one.scores.keys():
            raise Flaw(f"it has no scores for {', '.join(sorted(set(ATTRIBUTES) - one.scores.keys()))}")
        rest = parts(one.prompt.attrs, "rows")
        for place, reply in enumerate(one.replies):
            row: Row = {"prompt": marked(one.prompt), "response": reply}
            row |= {name: _whole(one.scores[name][place]) for name in ATTRIBUTES}
            rows.append(row | (rest[place] if len(rest) == len(one.replies) else {}))
    return rows


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _by_strength(prompt: Prompt, replies: tuple[str, str], strength: object, ranker: str) -> Comparison:
    """Return the comparison of a strength; −3 is the first reply's win by far."""
    second = number_of(strength)
    if second is None or not -3 <= second <= 3:
        raise Flaw(f"the preference strength is {strength!r}, wanted a number from -3 to 3")
    ranks = (1, 1) if second == 0 else (2, 1) if second > 0 else (1, 2)
    scores = {STRENGTH: (0.0 - second, second)}
    return Comparison(prompt=prompt, replies=replies, ranks=ranks, ranker=ranker, scores=scores)


def _strength(record: Comparison) -> int | float:
    """Return the strength of a comparison of two: its score, else 1 for the better reply."""
    if len(record.replies) != 2:
        raise Flaw(f"HelpSteer compares two replies, here are {len(record.replies)}")
    first, second = record.ranks
    if STRENGTH not in record.scores:
        return (first > second) - (first < second)
    return _whole(record.scores[STRENGTH][1])


def _preferences(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    for row in rows:
        attrs = kept(row, {"prompt", "response_1", "response_2", "preference_strength"})
        prompt = prompt_of(unmarked(exact_text(row, "prompt")), said.of(RATER, LICENCE), attrs)
        replies = (one_reply(row.get("response_1"), "response_1"), one_reply(row.get("response_2"), "response_2"))
        yield _by_strength(prompt, replies, row.get("preference_strength"), RANKER)


def _preferences_rows(records: Sequence[Any]) -> list[Row]:
    rows = []
    for one in records:
        strength = _strength(one)
        row = {"prompt": marked(one.prompt), "response_1": one.replies[0], "response_2": one.replies[1]}
        rows.append(row | {"preference_strength": strength} | restored(one.prompt.attrs))
    return rows


NAMES3 = {"context", "response1", "response2", "overall_preference", "individual_preference"}
OVERALL = "overall"


def _third(rows: Sequence[Row], said: Provenance) -> Iterator[Comparison | Flaw]:
    for row in rows:
        turns = turns_of(row.get("context"), "context")
        people = objects_of(row.get("individual_preference"), "individual_preference")
        attrs = kept(row, NAMES3) | turn_extras(row["context"])
        if people:
            attrs[OVERALL] = str(row.get("overall_preference"))
            attrs |= kept_parts("people", [{key: one[key] for key in one if key != "score"} for one in people])
        prompt = prompt_of(turns, said.of("helpsteer3", LICENCE), attrs, kind=str(row.get("domain", "")))
        replies = (one_reply(row.get("response1"), "response1"), one_reply(row.get("response2"), "response2"))
        if not people:
            yield _by_strength(prompt, replies, row.get("overall_preference"), "helpsteer3")
        for number, one in enumerate(people, start=1):
            yield _by_strength(prompt, replies, one.get("score"), f"helpsteer3-{number}")


def _third_rows(records: Sequence[Any]) -> list[Row]:
    first = records[0]
    attrs = first.prompt.attrs
    strengths = [_strength(one) for one in records]
    row: Row = {"context": spelt(first.prompt.messages, parts(attrs, "turns"))}
    row |= {"response1": first.replies[0], "response2": first.replies[1]}
    if len(records) == 1 and first.ranker == "helpsteer3":
        row["overall_preference"] = strengths[0]
    else:
        rest = parts(attrs, "people")
        more = rest if len(rest) == len(records) else [{}] * len(records)
        overall = sorted(strengths)[len(strengths) // 2]  # the upper median of what the people said
        row["overall_preference"] = _whole(float(attrs[OVERALL])) if OVERALL in attrs else overall
        row["individual_preference"] = [
            {"score": score} | one for score, one in zip(strengths, more, strict=True)
        ]  # fmt: skip
    extras = restored(attrs)
    if first.prompt.kind and "domain" not in extras:
        row["domain"] = first.prompt.kind
    return [row | extras]


PAIR_LOSSES = ("orders over more than two replies", "who ranked", "flags", "guideline version")
HELPSTEER2 = Format(
    name="helpsteer2",
    title="HelpSteer2: five ratings a reply",
    holds=(Comparison,),
    to_records=_ratings,
    to_rows=_ratings_rows,
    likeness=lambda row: 1.0 if {"prompt", "response", *ATTRIBUTES} <= row.keys() else 0.0,
    row_key=lambda row: str(row.get("prompt")),
    cannot_hold=("an order that differs from helpfulness", "other scores", "system turns", "who rated", "flags"),
    one_source=True,
)
HELPSTEER2_PREFERENCE = Format(
    name="helpsteer2-preference",
    title="HelpSteer2 preference: two replies and a strength",
    holds=(Comparison,),
    to_records=_preferences,
    to_rows=_preferences_rows,
    likeness=lambda row: 1.0 if {"response_1", "response_2", "preference_strength"} <= row.keys() else 0.0,
    cannot_hold=(*PAIR_LOSSES, "system turns", "other scores"),
    one_source=True,
)
HELPSTEER3 = Format(
    name="helpsteer3",
    title="HelpSteer3: two replies, several people's strengths",
    holds=(Comparison,),
    to_records=_third,
    to_rows=_third_rows,
    likeness=lambda row: 1.0 if {"context", "response1", "overall_preference"} <= row.keys() else 0.0,
    record_key=same_replies,
    cannot_hold=(*PAIR_LOSSES, "other scores"),
    one_source=True,
)
