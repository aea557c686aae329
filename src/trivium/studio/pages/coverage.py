"""The coverage of a requirement: a heat map by task, way of asking and length, a list, single marks, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import Response

from trivium.human.coverage import CellCount, Coverage
from trivium.human.desk import coverage
from trivium.human.desk.errors import Unknown
from trivium.human.desk.specs import cell_key
from trivium.studio import cells, vocabulary
from trivium.studio.here import Here
from trivium.studio.pages.batches import SHAPES, STATES
from trivium.studio.routes import get

SHORT_SHOWN = 9
LENGTHS = {"short": "under 100", "medium": "100–500", "long": "over 500"}
FILTERS = ("domain", "language", "response_type")
AXES = ("task_type", "prompt_type", "prompt_length")
"""What a map is drawn by: rows, groups of columns, columns."""


def _cell(here: Here, slug: str, one: CellCount) -> dict[str, Any]:
    title = cells.title(one.where, here.words)
    return {
        "accepted": one.accepted,
        "flying": one.in_flight,
        "target": one.target,
        "need": one.need,
        "title": title,
        "head": cells.head(one.where, here.words),
        "rest": cells.rest(one.where, here.words),
        "missing": one.missing,
        "href": f"/p/{slug}/coverage/{cell_key(one.where)}",
        "label": here.say(
            "{cell}: {a} accepted, {f} in flight, {t} wanted", cell=title, a=one.accepted, f=one.in_flight, t=one.target
        ),
    }


def _grid(here: Here, slug: str, found: Sequence[CellCount]) -> dict[str, Any] | None:
    """Return the map, where every cell is named by task, way of asking and length and by nothing else."""
    named = {name for one in found for name in one.where}
    if not found or not named <= set(AXES) or "task_type" not in named:
        return None
    across = [axis for axis in AXES[1:] if axis in named]
    lists: Mapping[str, Mapping[str, str]] = {
        "prompt_type": vocabulary.PROMPT_TYPES,
        "prompt_length": vocabulary.PROMPT_LENGTHS,
    }
    outer = list(vocabulary.PROMPT_TYPES) if "prompt_type" in across else [""]
    inner_axis = "prompt_length" if "prompt_length" in across else ""
    there = {one.where.get(inner_axis, "") for one in found}
    inner = [one for one in lists[inner_axis] if one in there] if inner_axis else [""]
    by_key = {
        (one.where.get("task_type"), one.where.get("prompt_type", ""), one.where.get("prompt_length", "")): one
        for one in found
    }
    rows = []
    for task, name in vocabulary.TASK_TYPES.items():
        places = [by_key.get((task, group, column)) for group in outer for column in inner]
        kept = [one for one in places if one is not None]
        if not kept:
            continue
        target, accepted = sum(one.target for one in kept), sum(one.accepted for one in kept)
        rows.append(
            {
                "title": here.say(name),
                "cells": [_cell(here, slug, one) if one else None for one in places],
                "accepted": accepted,
                "target": target,
                "share": accepted / target,
            }
        )
    sums = []
    for group in outer:
        for column in inner:
            kept = [one for key, one in by_key.items() if key[1:] == (group, column)]
            target, accepted = sum(one.target for one in kept), sum(one.accepted for one in kept)
            sums.append(accepted / target if target else None)
    columns = [here.say(LENGTHS[one]) if one else "" for one in inner]
    groups = [
        {"title": here.say(vocabulary.PROMPT_TYPES[one]) if one else here.say("Prompts"), "columns": columns}
        for one in outer
    ]
    return {"groups": groups, "rows": rows, "row_title": here.say("Task"), "sums": sums}


def _margins(here: Here, found: Coverage, told: Sequence[str]) -> list[dict[str, Any]]:
    """Return the totals by single marks: those of `also`, and the sums of the cells by each mark that they name and
    that nothing else on the page has `told`.
    """
    margins: dict[str, dict[str, list[int]]] = {}
    for one in found.also:
        alone = next(iter(one.where)) if len(one.where) == 1 else ""
        name = here.say(vocabulary.DIMENSIONS.get(alone, alone)) if alone else here.say("Wanted over all cells")
        if alone in vocabulary.MARKS:
            name = here.say("The prompt has")
        margins.setdefault(name, {})[cells.title(one.where, here.words)] = [one.accepted, one.in_flight, one.target]
    for one in found.cells:
        for mark, value in one.where.items():
            if mark in told:
                continue
            counts = margins.setdefault(here.say(vocabulary.DIMENSIONS.get(mark, mark)), {})
            into = counts.setdefault(cells.value_name(mark, value, here.words), [0, 0, 0])
            for place, number in enumerate((one.accepted, one.in_flight, one.target)):
                into[place] += number
    return [
        {
            "title": title,
            "rows": [{"title": name, "accepted": a, "flying": f, "target": t} for name, (a, f, t) in values.items()],
        }
        for title, values in margins.items()
    ]


def _kept(one: CellCount, asked: Mapping[str, str]) -> bool:
    return all(not asked.get(name) or one.where.get(name, asked[name]) == asked[name] for name in FILTERS)


@get("/p/{slug}/coverage")
def coverage_page(here: Here, slug: str) -> Response:
    """Show what is accepted, in flight and wanted."""
    standing = here.project(slug, "see_plan")
    whole = coverage.whole(here.db, here.actor, standing.project.id)
    if whole is None:
        return here.page("coverage.html", spec=None, cover=None)
    spec, found = whole
    asked = here.request.query_params
    shown = [one for one in found.cells if _kept(one, asked)]
    values = {name: sorted({one.where[name] for one in found.cells if name in one.where}) for name in FILTERS}
    grid = _grid(here, slug, shown)
    return here.page(
        "coverage.html",
        spec=spec,
        outside=found.outside,
        grid=grid,
        margins=_margins(here, found, AXES if grid else ()),
        cover={"accepted": found.accepted, "flying": found.in_flight, "missing": found.missing, "target": found.target},
        cells=[_cell(here, slug, one) for one in shown],
        shown_as=asked.get("as", "map") if grid else "list",
        short=[_cell(here, slug, one) for one in found.short()[:SHORT_SHOWN]],
        picks=[
            {
                "name": name,
                "label": here.say(vocabulary.DIMENSIONS[name]),
                "value": asked.get(name, ""),
                "options": [(one, cells.value_name(name, one, here.words)) for one in options],
            }
            for name, options in values.items()
            if options
        ],
    )


@get("/p/{slug}/coverage.csv")
def coverage_csv(here: Here, slug: str) -> Response:
    """The same as a table for a spreadsheet; a value that would be a formula there is quoted."""
    standing = here.project(slug, "see_plan")
    whole = coverage.whole(here.db, here.actor, standing.project.id)
    if whole is None:
        raise Unknown("no requirement is frozen yet")
    names = [name for name in cells.ORDER if any(name in one.where for one in whole[1].cells)]
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow([*names, "accepted", "in_flight", "target"])
    for one in whole[1].cells:
        marks = [one.where.get(name, "") for name in names]
        rows.writerow(
            [
                *(f"'{mark}" if mark[:1] in "=+-@\t" and mark else mark for mark in marks),
                one.accepted,
                one.in_flight,
                one.target,
            ]
        )
    headers = {"Content-Disposition": f'attachment; filename="{slug}-coverage.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@get("/p/{slug}/coverage/{key}")
def cell_page(here: Here, slug: str, key: str) -> Response:
    """Show the items of one cell."""
    standing = here.project(slug, "see_plan")
    whole = coverage.whole(here.db, here.actor, standing.project.id)
    one = next((one for one in whole[1].cells if cell_key(one.where) == key), None) if whole else None
    if one is None:
        raise Unknown("there is no such cell")
    rows = coverage.items_of(here.db, here.actor, standing.project.id, key)
    return here.page(
        "cell.html",
        cell=_cell(here, slug, one),
        can_open_items=standing.can("manage") or standing.can("see_quality"),
        items=here.leaf(
            [
                {
                    "id": row[0],
                    "is": SHAPES.get(row[1], "now"),
                    "says": here.say(STATES.get(row[1], row[1])),
                    "text": row[2][:120],
                    "batch": row[3],
                }
                for row in rows
            ]
        ),
    )
