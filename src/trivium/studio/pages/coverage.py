"""The coverage of a requirement: a heat map by task, way of asking and length, a list, single marks, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import Response

from trivium.human.coverage import DIMENSIONS, CellCount, Coverage
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
    """Return the map: one field for all cells that share task, way of asking and length, whatever else they name.

    Where no cell names a task the rows are the first mark that one names. What a cell leaves open stands under “any”.
    """
    named = {name for one in found for name in one.where}
    if not found:
        return None
    rows_by = next((name for name in cells.ORDER if name in named and name not in AXES[1:]), "")
    axes = (rows_by, *AXES[1:])
    fields: dict[tuple[str, ...], list[CellCount]] = {}
    for one in found:
        fields.setdefault(tuple(one.where.get(axis, "") for axis in axes), []).append(one)
    values = [_values(axis, {key[place] for key in fields}) for place, axis in enumerate(axes)]
    asked = {key[1:] for key in fields}
    columns = [(group, column) for group in values[1] for column in values[2] if (group, column) in asked]
    rows = []
    for row in values[0]:
        places = [fields.get((row, *column), []) for column in columns]
        target, accepted = _sums(places)
        shown = [_field(here, slug, axes, one) if one else None for one in places]
        share = accepted / target
        rows.append({"title": _value(here, rows_by, row), "cells": shown, "accepted": accepted, "target": target,
                     "share": share})  # fmt: skip
    below = [_sums([one for key, one in fields.items() if key[1:] == column]) for column in columns]
    whole = _sums(list(fields.values()))
    inner = {one: here.say(LENGTHS[one]) if one else here.say("any") if len(values[2]) > 1 else "" for one in values[2]}
    groups = [
        {"title": _value(here, AXES[1], one) if one or len(values[1]) > 1 else here.say("Prompts"),
         "columns": [inner[column] for group, column in columns if group == one]}
        for one in values[1]
    ]  # fmt: skip
    return {"groups": groups, "rows": rows, "row_title": here.say(vocabulary.DIMENSIONS.get(rows_by, "Cell")),
            "sums": [accepted / target if target else None for target, accepted in below],
            "share": whole[1] / whole[0]}  # fmt: skip


def _sums(places: Sequence[Sequence[CellCount]]) -> tuple[int, int]:
    """Return target and accepted of cells in several places."""
    kept = [one for place in places for one in place]
    return sum(one.target for one in kept), sum(one.accepted for one in kept)


def _values(axis: str, there: set[str]) -> list[str]:
    """Return an axis's values that are there, in the order of the vocabulary, and the open one last."""
    known = DIMENSIONS.get(axis, tuple(sorted(there)))
    return [one for one in known if one and one in there] + ([""] if "" in there else [])


def _value(here: Here, axis: str, value: str) -> str:
    return cells.value_name(axis, value, here.words) if value else here.say("any")


def _field(here: Here, slug: str, axes: Sequence[str], found: Sequence[CellCount]) -> dict[str, Any]:
    """Return one field of the map: a cell, or the sum of those that differ in what the map does not show."""
    if len(found) == 1:
        return _cell(here, slug, found[0])
    where = {axis: found[0].where.get(axis, "") for axis in axes if axis}
    kept = {name: here.request.query_params.get(name, "") for name in FILTERS}
    asked = {"as": "list", **where, **{name: value for name, value in kept.items() if value}}
    whole = CellCount(
        where={name: value for name, value in where.items() if value}, target=sum(one.target for one in found),
        accepted=sum(one.accepted for one in found), in_flight=sum(one.in_flight for one in found),
    )  # fmt: skip
    return {**_cell(here, slug, whole), "href": f"/p/{slug}/coverage?{urlencode(asked)}"}


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
    """Say whether a cell is shown: filters keep what leaves a mark open, a field of the map has what it names only."""
    return all(
        one.where.get(name, "") == asked[name] for name in cells.ORDER if name in asked and name not in FILTERS
    ) and all(not asked.get(name) or one.where.get(name, asked[name]) == asked[name] for name in FILTERS)


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
        shown_as="list" if asked.get("as") == "list" or grid is None else "map",
        drilled=any(name in asked for name in cells.ORDER if name not in FILTERS),
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
