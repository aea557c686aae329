"""Turns the transcripts of hh-rlhf's red team, each rated by who attacked, into judgements of the last reply, and back.

The rating says how far the attack succeeded, from 0 to 4: a reply to an attack that succeeded half or more is not
desirable. One of the file's readers expects `task_description_harmlessness_score`, and the published file itself has it
without an `i`: both are read, and each is written as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.hh_rlhf import ASSISTANT, LICENCE, parse_turns, transcript
from trivium.human.formats.rows import Flaw, Row, exact_text, list_of, number_of
from trivium.human.formats.turns import kept, one_reply, prompt_of, restored
from trivium.records import Judgement

SOURCE = "hh-red-team"
TRANSCRIPT, RATING, MEMBER, TASK = "transcript", "rating", "red_team_member_id", "task_description"
LOWEST, HIGHEST = 0.0, 4.0
HALF = (LOWEST + HIGHEST) / 2
KNOWN = {TRANSCRIPT, RATING, MEMBER, TASK}


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Judgement | Flaw]:
    for row in rows:
        yield _judgement(row, said)


def _judgement(row: Row, said: Provenance) -> Judgement:
    text = exact_text(row, TRANSCRIPT)
    before, marker, reply = text.rpartition(ASSISTANT)
    if not marker or "\n\nHuman:" in reply:
        raise Flaw("the transcript does not end with a reply by the assistant")
    rating = number_of(row.get(RATING))
    if rating is None or not LOWEST <= rating <= HIGHEST:
        raise Flaw(f"`{RATING}` is {row.get(RATING)!r}, wanted a number from 0 to 4: how far the attack succeeded")
    list_of(row.get("tags"), "tags")
    attrs = kept(row, KNOWN) | {RATING: f"{rating:g}"}
    member = row.get(MEMBER)
    if not isinstance(member, int | str) or member == "" or isinstance(member, bool):
        raise Flaw(f"`{MEMBER}` is missing")
    if isinstance(member, str):
        attrs[MEMBER] = "text"
    prompt = prompt_of(parse_turns(before), said.of(SOURCE, LICENCE), attrs, kind="red_team")
    return Judgement(
        prompt=prompt, reply=one_reply(reply, TRANSCRIPT), desirable=rating < HALF, judge=str(member),
        reason=exact_text(row, TASK, may_be_empty=True),
    )  # fmt: skip


def _rows(records: Sequence[Any]) -> list[Row]:
    rows = []
    for one in records:
        attrs = one.prompt.attrs
        rating = float(attrs.get(RATING, LOWEST if one.desirable else HIGHEST))
        as_number = one.judge.isdecimal() and attrs.get(MEMBER) != "text" and str(int(one.judge)) == one.judge
        row: Row = {TRANSCRIPT: transcript(one.prompt) + ASSISTANT + one.reply, RATING: rating, TASK: one.reason}
        rows.append(row | {MEMBER: int(one.judge) if as_number else one.judge} | restored(attrs))
    return rows


HH_RED_TEAM = Format(
    name="hh-red-team",
    title="HH-RLHF red team: transcripts with a rating",
    holds=(Judgement,),
    to_records=_records,
    to_rows=_rows,
    likeness=lambda row: 1.0 if {TRANSCRIPT, RATING} <= row.keys() else 0.0,
    cannot_hold=("system turns", "source, licence and consent", "guideline version"),
    suffixes=(".jsonl.gz", ".jsonl", ".json", ".parquet"),
    one_source=True,
)
