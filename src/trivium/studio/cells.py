"""A requirement's cells to lines that a lead writes, and to titles that people read; and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trivium.human.coverage import DIMENSIONS
from trivium.human.desk.errors import Invalid
from trivium.studio.numbers import whole
from trivium.studio.vocabulary import LANGUAGES, MARKS
from trivium.studio.words import Words

ORDER = (*DIMENSIONS, "domain", "language")


def title(where: Mapping[str, str], words: Words) -> str:
    """Return a cell's name as people read it: the task, then the rest.

    >>> title({"prompt_length": "short", "task_type": "extraction"}, Words("en"))
    'Extraction, under 100 words'
    """
    return ", ".join(filter(None, (head(where, words), rest(where, words, ", "))))


def head(where: Mapping[str, str], words: Words) -> str:
    """Return the first mark of a cell: its task where it names one."""
    first = first_of(where)
    return value_name(first, where[first], words) if first else words.say("Anything")


def rest(where: Mapping[str, str], words: Words, between: str = " · ") -> str:
    """Return the other marks of a cell."""
    first = first_of(where)
    return between.join(value_name(name, where[name], words) for name in _sorted(where) if name != first)


def first_of(where: Mapping[str, str]) -> str | None:
    """Return the mark that a cell is named by."""
    ordered = _sorted(where)
    return ordered[0] if ordered else None


def _sorted(where: Mapping[str, str]) -> list[str]:
    return sorted(where, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def value_name(name: str, value: str, words: Words) -> str:
    """Return a mark's value in words: `persona=yes` → with a persona."""
    if name in MARKS:
        return words.say(f"{'with' if value == 'yes' else 'without'} {MARKS[name][0]}")
    return LANGUAGES.get(value, value) if name == "language" else words.named(value)


def lines(body: Mapping[str, Any]) -> str:
    """Return a requirement as lines: marks, then the target; further totals start with `also`."""
    rows = [_line(cell) for cell in body.get("cells", ())]
    rows += ["also " + _line(cell) for cell in body.get("also", ())]
    return "\n".join(rows)


def _line(cell: Mapping[str, Any]) -> str:
    marks = " ".join(f"{name}={cell['where'][name]}" for name in _sorted(cell["where"]))
    return f"{marks} {cell['target']}"


def parsed(text: str) -> dict[str, Any]:
    """Return the requirement that the lines say, or Invalid with the number of the first line that is wrong.

    >>> parsed("task_type=extraction 3")["cells"]
    [{'where': {'task_type': 'extraction'}, 'target': 3}]
    """
    cells: list[dict[str, Any]] = []
    also: list[dict[str, Any]] = []
    dimensions: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        into = also if words[0] == "also" else cells
        into.append(_cell(words[1:] if words[0] == "also" else words, number))
        for name, value in into[-1]["where"].items():
            known = dimensions.setdefault(name, list(DIMENSIONS.get(name, ())))
            if name in DIMENSIONS and value not in known:
                raise Invalid({"body": f"line {number}: {name} is one of {', '.join(known)}; found {value}"})
            if value not in known:
                known.append(value)
    if not cells:
        raise Invalid({"body": "write at least one cell with a target"})
    return {"dimensions": dimensions, "cells": cells, "also": also}


def _cell(words: list[str], number: int) -> dict[str, Any]:
    marks, target = words[:-1], words[-1] if words else ""
    wanted = whole(target)
    if not wanted:
        raise Invalid(
            {"body": f"line {number}: the target stands last, a whole number from 1; found {target or 'nothing'}"}
        )
    where = dict(mark.split("=", 1) for mark in marks if "=" in mark)
    if len(where) != len(marks) or not marks:
        raise Invalid(
            {"body": f"line {number}: wanted marks such as task_type=extraction, found {' '.join(marks) or 'none'}"}
        )
    unknown = [name for name in where if name not in ORDER]
    if unknown:
        raise Invalid({"body": f"line {number}: {unknown[0]} is no mark; the marks are {', '.join(ORDER)}"})
    return {"where": where, "target": wanted}
