"""Turns Argilla's records into comparisons (ranking questions) and demonstrations (text questions), one a person, and
back.

Three layouts are read: the SDK's `Record.to_dict`, its flat one, and what the server's own interface answers (a list of
responses, one a person). A ranking is [{value, rank}], 1 the best, ties allowed. The SDK's own export keeps only the
names in order: such a bare list is read as a strict order, and the record says so in its attribute `order` = `bare
list`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, list_of, number_of, objects_of
from trivium.human.formats.turns import (
    identified,
    kept,
    kept_parts,
    one_reply,
    parts,
    prompt_of,
    restored,
    same_replies,
    spelt,
    turns_of,
)
from trivium.human.rubrics import competition_ranks
from trivium.records import Comparison, Demonstration, Message, Prompt, Record

SOURCE = "argilla"
PROMPTS = ("prompt", "instruction", "question", "input")
REPLY = re.compile(r"^(?:response|completion|reply|generation)[-_ ]?([0-9]{1,6})$")
FLAT = re.compile(r"^(.+)\.responses$")
RANKING, TEXT = "ranking", "response"
ORDER, BARE = "order", "bare list"
EMPTY = ("suggestions", "vectors")
"""What every row has; where it is empty it need not be kept."""


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        nested = isinstance(row.get("fields"), dict)
        fields = row["fields"] if nested else row
        prompt, names = _asked(row, fields, said, nested=nested)
        answers = list(_answers(row, nested=nested))
        if not answers and not names:
            yield prompt
        elif not answers:
            yield Flaw("nobody answered")
        by_person: dict[str, dict[str, Any]] = {}
        for question, person, value in answers:
            by_person.setdefault(person, {})[question] = value
        for person, given in by_person.items():
            try:
                yield _answer(prompt, {name: fields[name] for name in names}, person, given)
            except Flaw as flaw:
                yield Flaw(f"the answer of {person}: {flaw}")


def _asked(row: Row, fields: Row, said: Provenance, *, nested: bool) -> tuple[Prompt, list[str]]:
    """Return the prompt and the names of the fields that hold replies, in the order of their numbers."""
    name = next((one for one in PROMPTS if one in fields), None)
    if name is None:
        raise Flaw(f"no field is called {', '.join(PROMPTS)}")
    value = fields[name]
    turns = (Message(role="user", content=value),) if isinstance(value, str) else turns_of(value, name)
    numbered = [(int(found[1]), one) for one in fields if (found := REPLY.match(one))]
    metadata = row.get("metadata") if isinstance(row.get("metadata"), dict) else {}
    attrs = {f"metadata.{key}": one for key, one in (metadata or {}).items() if isinstance(one, str)}
    attrs |= kept_parts("metadata", [{key: one for key, one in (metadata or {}).items() if not isinstance(one, str)}])
    if nested:
        empty = {key for key in EMPTY if not row.get(key)}
        attrs |= kept(row, {"id", "fields", "responses", "metadata"} | empty)
    if name != PROMPTS[0]:
        attrs["field"] = name
    prompt = prompt_of(turns, said.of(SOURCE), attrs)
    return (identified(row, prompt) if nested else prompt), [one for _, one in sorted(numbered)]


def _answers(row: Row, *, nested: bool) -> Iterator[tuple[str, str, Any]]:
    """Yield (question, person, value) of all submitted answers, whichever way they are laid out."""
    if nested:
        given_to = row.get("responses") or {}
        if isinstance(given_to, list):  # as the server's own interface says it: one entry a person
            for one in objects_of(given_to, "responses"):
                values = one.get("values") or {}
                if not isinstance(values, dict) or not all(isinstance(said, dict) for said in values.values()):
                    raise Flaw("wanted objects in `responses.values`")
                if one.get("status", "submitted") == "submitted":
                    yield from ((name, str(one.get("user_id")), said.get("value")) for name, said in values.items())
            return
        if not isinstance(given_to, dict):
            raise Flaw("wanted an object in `responses`")
        for question, given in given_to.items():
            for one in given if isinstance(given, list) else []:
                if isinstance(one, dict) and one.get("status", "submitted") == "submitted":
                    yield question, str(one.get("user_id")), one.get("value")
        return
    for key, given in row.items():
        found = FLAT.match(key)
        if found and isinstance(given, list):
            people = list_of(row.get(f"{key}.users"), f"{key}.users") or [None] * len(given)
            states = list_of(row.get(f"{key}.status"), f"{key}.status") or ["submitted"] * len(given)
            for value, person, state in zip(given, people, states, strict=False):
                if state == "submitted":
                    yield found[1], str(person), value


def _answer(prompt: Prompt, replies: dict[str, Any], person: str, given: dict[str, Any]) -> Record:
    if not replies:
        texts = [value for value in given.values() if isinstance(value, str)]
        if len(texts) != 1:
            raise Flaw(f"{len(texts)} texts, wanted one reply")
        return Demonstration(prompt=prompt, reply=one_reply(texts[0], "the answer"), writer=person)
    orders = [value for value in given.values() if isinstance(value, list)]
    if len(orders) != 1:
        raise Flaw(f"{len(orders)} rankings, wanted one")
    ranks, exact = _ranks(orders[0], list(replies))
    scores: dict[str, dict[str, float]] = {}
    for question, value in given.items():
        axis, _, name = question.rpartition(":")
        number = number_of(value)
        if axis and name in replies and number is not None:
            scores.setdefault(axis, {})[name] = number
    if not exact:
        prompt = prompt.model_copy(update={"attrs": prompt.attrs | {ORDER: BARE}})
    return Comparison(
        prompt=prompt,
        replies=tuple(one_reply(text, name) for name, text in replies.items()),
        ranks=ranks,
        ranker=person,
        scores={axis: tuple(by[one] for one in replies) for axis, by in scores.items() if len(by) == len(replies)},
    )


def _ranks(value: list[Any], names: list[str]) -> tuple[tuple[int, ...], bool]:
    """Return the rank of each reply, and whether it was given as a number."""
    exact = all(isinstance(one, dict) for one in value)
    pairs = (
        [(str(one.get("value")), one.get("rank")) for one in value]
        if exact
        else [(str(one), place) for place, one in enumerate(value, start=1)]
    )
    place = dict(pairs)
    if sorted(place) != sorted(names) or len(pairs) != len(names):
        raise Flaw("the ranking does not name every reply once")
    if not all(isinstance(rank, int) for rank in place.values()):
        raise Flaw("a rank is missing")
    return competition_ranks([place[name] for name in names]), exact


def _rows(records: Sequence[Any]) -> list[Row]:
    first = records[0]
    prompt = first if isinstance(first, Prompt) else first.prompt
    plain = len(prompt.messages) == 1 and prompt.messages[0].role == "user"
    fields: Row = {prompt.attrs.get("field", PROMPTS[0]): prompt.text if plain else spelt(prompt.messages)}
    responses: dict[str, list[Row]] = {}
    if isinstance(first, Comparison):
        names = [f"response-{number}" for number in range(1, len(first.replies) + 1)]
        fields |= dict(zip(names, first.replies, strict=True))
        for one in records:
            order = [{"value": name, "rank": rank} for name, rank in zip(names, one.ranks, strict=True)]
            responses.setdefault(RANKING, []).append({"value": order, "user_id": one.ranker})
            for axis, marks in one.scores.items():
                for name, mark in zip(names, marks, strict=True):
                    responses.setdefault(f"{axis}:{name}", []).append({"value": mark, "user_id": one.ranker})
    elif isinstance(first, Demonstration):
        if any(one.writer is None for one in records):
            raise Flaw("Argilla names who wrote, and here nobody is named")
        responses[TEXT] = [{"value": one.reply, "user_id": one.writer} for one in records]
    begins = "metadata."
    metadata = {key.removeprefix(begins): one for key, one in prompt.attrs.items() if key.startswith(begins)}
    for more in parts(prompt.attrs, "metadata"):
        metadata |= more
    row = {"id": prompt.id, "fields": fields, "metadata": metadata, "suggestions": {}, "responses": responses}
    return [row | {"vectors": {}} | restored(prompt.attrs)]


def _likeness(row: Row) -> float:
    if isinstance(row.get("fields"), dict) and ("responses" in row or "suggestions" in row):
        return 1.0
    return 0.9 if any(FLAT.match(key) for key in row) else 0.0


ARGILLA = Format(
    name="argilla",
    title="Argilla records with responses",
    holds=(Comparison, Demonstration, Prompt),
    to_records=_records,
    to_rows=_rows,
    likeness=_likeness,
    record_key=same_replies,
    cannot_hold=(
        "two answers by the same person", "flags", "that none is acceptable", "annotations of a demonstration",
        "source, licence and consent", "guideline version",
    ),
    suffixes=(".json", ".json.gz", ".jsonl", ".parquet"),
)  # fmt: skip
