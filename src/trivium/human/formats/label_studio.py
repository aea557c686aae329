"""Turns Label Studio's tasks into comparisons (Ranker, Pairwise) and demonstrations (text areas), one an annotation,
and back. The replies are a list `items`, or fields such as `answer1` and `answer2`, as its template for preferences has
them.

A rank list there has no ties; buckets have. So an order with ties is written as buckets named by rank, 1 the best, and
read again as ranks. An older export has the bare list in `value.ranker`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trivium.human.formats.format import Format, Provenance
from trivium.human.formats.rows import Flaw, Row, list_of, number_of
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

SOURCE = "label-studio"
RANK, NONE, REPLY = "rank", "none_acceptable", "reply"
NUMBERED = re.compile(r"^(?:answer|response|reply|completion|option|text)[-_ ]?([0-9]{1,6})$")
OF_PEOPLE = {"completed_by", "result", "created_username", "updated_by"}
"""What an annotation says of people, and its result; the rest of it is kept."""


def _records(rows: Sequence[Row], said: Provenance) -> Iterator[Record | Flaw]:
    for row in rows:
        data = row.get("data")
        if not isinstance(data, dict):
            raise Flaw("wanted an object in `data`")
        items = _items(data)
        prompt = _prompt(row, data, items, said)
        annotations = list_of(row.get("annotations"), "annotations")
        if not annotations and items is None:
            yield prompt
        elif not annotations:
            yield Flaw("nobody annotated the task")
        for number, annotation in enumerate(annotations, start=1):
            try:
                yield _annotated(annotation, items, prompt)
            except Flaw as flaw:
                yield Flaw(f"annotation {number}: {flaw}")


def _items(data: Row) -> list[Row] | None:
    """Return the replies of a task, each with its id, or None where it has none."""
    if "items" in data:
        items = data["items"]
        if not isinstance(items, list) or not all(isinstance(one, dict) and "id" in one for one in items):
            raise Flaw("wanted a list of objects with an `id` in `data.items`")
        return [one if "body" in one else one | {"body": one.get("title")} for one in items]
    found = sorted((int(match[1]), name) for name in data if (match := NUMBERED.match(name)))
    return [{"id": name, "body": data[name]} for _, name in found] if len(found) > 1 else None


def _prompt(row: Row, data: Row, items: list[Row] | None, said: Provenance) -> Prompt:
    asked = data.get("prompt")
    if isinstance(asked, str):
        turns: tuple[Message, ...] = (Message(role="user", content=asked),)
    else:
        turns = turns_of(asked, "data.prompt")
    known = {"prompt", "items", *(str(one["id"]) for one in items or [] if "items" not in data)}
    empty = set() if row.get("predictions") else {"predictions"}
    attrs = kept(row, {"id", "data", "annotations"} | empty) | {
        f"data.{key}": value for key, value in data.items() if key not in known and isinstance(value, str)
    }
    more = {key: value for key, value in data.items() if key not in known and not isinstance(value, str)}
    attrs |= kept_parts("data", [more])
    own = [{key: value for key, value in one.items() if key != "body"} for one in items or []]
    if own != [_item(place) for place in range(1, len(own) + 1)]:
        attrs |= kept_parts("items", own)
    return identified(row, prompt_of(turns, said.of(SOURCE), attrs))


def _item(place: int) -> Row:
    """Return what an item says beside its text, where the task was made here."""
    return {"id": str(place), "title": ""}


def _annotated(annotation: object, items: list[Row] | None, prompt: Prompt) -> Record:
    if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
        raise Flaw("it has no list of results")
    if annotation.get("was_cancelled"):
        raise Flaw("it was skipped")
    person = _person(annotation.get("completed_by"))
    more = kept_parts("annotation", [{key: value for key, value in annotation.items() if key not in OF_PEOPLE}])
    prompt = prompt.model_copy(update={"attrs": prompt.attrs | more})
    results = [one for one in annotation["result"] if isinstance(one, dict) and isinstance(one.get("value"), dict)]
    if items is None:
        texts = [one["value"].get("text") for one in results if one.get("type") == "textarea"]
        written = ["\n".join(map(str, text)) if isinstance(text, list) else text for text in texts]
        if len(written) != 1:
            raise Flaw(f"it has {len(written)} texts, wanted one reply")
        return Demonstration(prompt=prompt, reply=one_reply(written[0], "the text"), writer=person)
    names = [str(one["id"]) for one in items]
    scores, flags = _marks(results, names)
    return Comparison(
        prompt=prompt,
        replies=tuple(one_reply(one["body"], "body") for one in items),
        ranks=_ranks(results, names),
        ranker=person,
        scores=scores,
        flags=flags if any(flags) else (),
        none_acceptable=any(one.get("from_name") == NONE for one in results),
    )


def _person(value: object) -> str:
    """Return who annotated: an id, or an object with one. E-mail addresses are not taken over."""
    if isinstance(value, dict):
        value = value.get("id")
    if value is None or value == "":
        raise Flaw("nobody is named in `completed_by`")
    return str(value).split("@")[0]


def _ranks(results: Sequence[Row], names: Sequence[str]) -> tuple[int, ...]:
    for one in results:
        if one.get("type") == "ranker":
            return _ranker(one["value"].get("ranker"), names)
        if one.get("type") == "pairwise":
            selected = one["value"].get("selected")
            if len(names) != 2 or selected not in ("left", "right"):
                raise Flaw(f"`selected` is {selected!r} over {len(names)} items, wanted left or right of two")
            # What stands left is named first; where other names are given, the first item does.
            turned = one.get("to_name") == [names[1], names[0]]
            return (1, 2) if (selected == "left") != turned else (2, 1)
    raise Flaw("it has no order")


def _ranker(value: object, names: Sequence[str]) -> tuple[int, ...]:
    """Return the rank of each item: from a bare list, a list `rank`, or buckets that are named by numbers."""
    if isinstance(value, dict) and value.get("_"):
        raise Flaw("some items are not ranked")
    if isinstance(value, dict) and set(value) <= {RANK, "_"}:
        value = list_of(value.get(RANK), RANK)
    if isinstance(value, list):
        levels = [[str(name)] for name in value]
    elif isinstance(value, dict) and value and all(key.isdecimal() for key in value if key != "_"):
        levels = [list(map(str, list_of(value[key], key))) for key in sorted(value.keys() - {"_"}, key=int)]
    else:
        raise Flaw("its buckets are no order: wanted them named 1, 2, …")
    place = {name: level for level, together in enumerate(levels) for name in together}
    if sorted(place) != sorted(names) or sum(map(len, levels)) != len(names):
        raise Flaw("the order does not name every item once")
    return competition_ranks([place[name] for name in names])


def _marks(
    results: Sequence[Row], names: Sequence[str]
) -> tuple[dict[str, tuple[float, ...]], tuple[tuple[str, ...], ...]]:
    """Return scores (numbers or stars named `axis:item`) and flags (choices named `flags:item`)."""
    numbers: dict[str, dict[str, float]] = {}
    flags: dict[str, tuple[str, ...]] = {}
    for one in results:
        axis, _, name = str(one.get("from_name", "")).rpartition(":")
        value = one["value"].get(str(one.get("type")))
        if not axis or name not in names:
            continue
        number = number_of(value)
        if one.get("type") in ("number", "rating") and number is not None:
            numbers.setdefault(axis, {})[name] = number
        elif one.get("type") == "choices" and isinstance(value, list):
            flags[name] = tuple(map(str, value))
    complete = {axis: tuple(by[name] for name in names) for axis, by in numbers.items() if len(by) == len(names)}
    return complete, tuple(flags.get(name, ()) for name in names)


def _rows(records: Sequence[Any]) -> list[Row]:
    first = records[0]
    prompt = first if isinstance(first, Prompt) else first.prompt
    plain = len(prompt.messages) == 1 and prompt.messages[0].role == "user"
    data: Row = {"prompt": prompt.text if plain else spelt(prompt.messages)}
    data |= {key.removeprefix("data."): one for key, one in prompt.attrs.items() if key.startswith("data.")}
    for more in parts(prompt.attrs, "data"):
        data |= more
    annotations: list[Row] = []
    if isinstance(first, Comparison):
        own = parts(prompt.attrs, "items")
        if len(own) != len(first.replies):
            own = [_item(place) for place in range(1, len(first.replies) + 1)]
        data["items"] = [one | {"body": text} for one, text in zip(own, first.replies, strict=True)]
        names = [str(one["id"]) for one in own]
        annotations = [_annotation(one, one.ranker, _results(one, names)) for one in records]
    elif isinstance(first, Demonstration):
        if any(one.writer is None for one in records):
            raise Flaw("Label Studio names who wrote, and here nobody is named")
        value = [{"text": [one.reply]} for one in records]
        annotations = [
            _annotation(one, one.writer, [_result(REPLY, "textarea", text)])
            for one, text in zip(records, value, strict=True)
        ]
    task = {"id": prompt.id, "data": data, "annotations": annotations, "predictions": []}
    return [task | restored(prompt.attrs)]


def _annotation(record: Any, person: str, result: list[Row]) -> Row:
    """Return one person's annotation; a person who is called by a number goes out as one, as they come."""
    number = int(person) if person.isascii() and person.isdecimal() and str(int(person)) == person else person
    [more] = parts(record.prompt.attrs, "annotation") or [{}]
    return {"completed_by": number, "result": result, **more}


def _result(name: str, kind: str, value: Row) -> Row:
    return {"from_name": name, "to_name": "prompt" if kind == "textarea" else "replies", "type": kind, "value": value}


def _results(record: Comparison, names: Sequence[str]) -> list[Row]:
    order: Row
    if len(set(record.ranks)) == len(names):
        order = {RANK: [names[at] for at in sorted(range(len(names)), key=record.ranks.__getitem__)]}
    else:
        levels = sorted(set(record.ranks))
        order = {str(rank): [n for n, own in zip(names, record.ranks, strict=True) if own == rank] for rank in levels}
    made = [_result(RANK, "ranker", {"ranker": order})]
    for axis, marks in record.scores.items():
        made += [_result(f"{axis}:{n}", "number", {"number": mark}) for n, mark in zip(names, marks, strict=True)]
    for name, flags in zip(names, record.flags, strict=False):
        if flags:
            made.append(_result(f"flags:{name}", "choices", {"choices": list(flags)}))
    if record.none_acceptable:
        made.append(_result(NONE, "choices", {"choices": ["yes"]}))
    return made


def _likeness(row: Row) -> float:
    return 1.0 if isinstance(row.get("data"), dict) and ("annotations" in row or "predictions" in row) else 0.0


LABEL_STUDIO = Format(
    name="label-studio",
    title="Label Studio tasks with annotations",
    holds=(Comparison, Demonstration, Prompt),
    to_records=_records,
    to_rows=_rows,
    likeness=_likeness,
    record_key=same_replies,
    cannot_hold=("annotations of a demonstration", "source, licence and consent", "guideline version"),
    suffixes=(".json", ".json.gz", ".jsonl"),
)
