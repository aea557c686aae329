"""Turns logged series into a small chart with its labels at the line's end."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from trivium.evaluation.report.axis import Axis, nice_axis, spread
from trivium.evaluation.report.data import Curve, Point, Series
from trivium.evaluation.report.drawing import Drawing
from trivium.evaluation.report.words import decimal, short

_TOP, _BOTTOM, _LEFT, _WIDTH, _HEIGHT = 14, 168, 44, 360, 212
_DASHES = {"base": "3 3", "sft": "6 3", "policy": "none"}
_MAX_COLUMNS = 520  # two a pixel of the drawing: more cannot be seen


def drawable(curve: Curve) -> bool:
    """Say whether at least one series has a value."""
    return any(value is not None for series in curve.series for _, value in series.points)


def thinned(points: Sequence[Point]) -> list[Point]:
    """Keep of each pixel column the first, lowest, highest and last point, and every hole: the picture is the same.

    >>> len(thinned([(float(step), float(step % 7)) for step in range(10_000)])) <= 4 * 520
    True
    """
    if len(points) <= 2 * _MAX_COLUMNS:
        return list(points)
    first, last = points[0][0], points[-1][0]
    columns: dict[int, list[int]] = {}
    for index, (step, _) in enumerate(points):
        column = int((step - first) / ((last - first) or 1.0) * (_MAX_COLUMNS - 1))
        columns.setdefault(column, []).append(index)
    kept: set[int] = set()
    for members in columns.values():
        there = [(value, index) for index in members if (value := points[index][1]) is not None]
        kept.update(index for index in members if points[index][1] is None)
        kept.update((members[0], members[-1]))
        if there:
            kept.update((min(there)[1], max(there)[1]))
    return [points[index] for index in sorted(kept)]


def _ends(series: Series) -> tuple[Point, Point] | None:
    """Return the first and last point that have a value."""
    there = [point for point in series.points if point[1] is not None]
    return (there[0], there[-1]) if there else None


def _label_width(curve: Curve) -> float:
    """Return the room that the longest name at a line's end needs: 11 px letters are about 6 wide."""
    longest = max(len(series.name) for series in curve.series)
    return min(max(6.1 * longest + 10, 54.0), 128.0)


def _line(drawing: Drawing, series: Series, steps: Axis, values: Axis) -> None:
    """Draw one series; a hole parts the line, and a single point between holes is a dot."""
    runs: list[list[str]] = [[]]
    for step, value in thinned(series.points):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{steps.at(step):g},{values.at(value):g}")
    for run in runs:
        if len(run) == 1:
            x, y = run[0].split(",")
            drawing.add("circle", class_=f"s-{series.look} fillme", cx=float(x), cy=float(y), r=3)
        elif run:
            dash = _DASHES[series.look]
            dense = " dense" if len(run) > 300 else ""
            drawing.add(
                "polyline", class_=f"curve-line{dense} s-{series.look}", stroke_dasharray=dash, points=" ".join(run)
            )


def _title(curve: Curve) -> str:
    """Say where each series starts and ends, and where it is not a number."""
    said = []
    for series in curve.series:
        ends = _ends(series)
        if ends is None:
            said.append(f"{series.name}: no value")
            continue
        (first_step, first), (last_step, last) = ends
        assert first is not None
        assert last is not None
        text = f"{series.name} from {number(first)} at {curve.step_label} {short(first_step)}"
        text += f" to {number(last)} at {curve.step_label} {short(last_step)}"
        hole = next((step for step, value in series.points if value is None), None)
        said.append(text + (f", not a number at {curve.step_label} {short(hole)}" if hole is not None else ""))
    reference = f"; {curve.reference.label}: {short(curve.reference.value)}" if curve.reference else ""
    return f"{curve.title}, {curve.unit}: " + "; ".join(said) + reference


def number(value: float) -> str:
    """Write the last value of a line in three digits or so.

    >>> number(1.5712), number(41.23), number(0.0312)
    ('1.57', '41.2', '0.031')
    """
    size = abs(value)
    places = 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 3
    return decimal(value, places)


def _frame(drawing: Drawing, curve: Curve, steps: Axis, values: Axis) -> None:
    """Draw grid, tick labels and the two ends of the steps."""
    for tick in values.ticks:
        drawing.line("grid", steps.start, values.at(tick), steps.end, values.at(tick))
        drawing.label("tick", steps.start - 7, values.at(tick) + 4, short(tick), "end")
    drawing.label("tick", steps.start, _BOTTOM + 18, short(steps.low))
    drawing.label("tick", steps.end, _BOTTOM + 18, short(steps.high), "end")
    drawing.label("tick", (steps.start + steps.end) / 2, _BOTTOM + 18, curve.step_label, "middle")


def _reference_side(curve: Curve, steps: Axis, values: Axis, y: float) -> tuple[float, str, float]:
    """Choose the corner for the words at the reference line that crosses the fewest points: x, anchor, baseline."""
    width = 6.1 * len(curve.reference.label if curve.reference else "") + 4
    places: list[tuple[int, int, float, str, float]] = []
    for x, anchor, left in ((steps.end - 2, "end", steps.end - width), (steps.start + 3, "start", steps.start)):
        for baseline in (y - 5, y + 13):
            if not _TOP - 4 <= baseline <= _BOTTOM:
                continue
            crossed = sum(
                left <= steps.at(step) <= left + width and baseline - 11 <= values.at(value) <= baseline + 3
                for series in curve.series
                for step, value in series.points
                if value is not None
            )
            places.append((crossed, len(places), x, anchor, baseline))
    _, _, x, anchor, baseline = min(places)
    return x, anchor, baseline


def _end_labels(drawing: Drawing, curve: Curve, steps: Axis, values: Axis) -> None:
    """Write value and name at each line's end, kept apart, and a cross where a line stops being a number."""
    lines = [(series, ends[1]) for series in curve.series if (ends := _ends(series))]
    wanted = [values.at(value) for _, (_, value) in lines if value is not None]
    for (series, (step, value)), y in zip(lines, spread(wanted, 29, _TOP + 4, _BOTTOM - 10), strict=True):
        assert value is not None
        drawing.label(f"val s-{series.look}", steps.end + 7, y + 2, number(value))
        drawing.label(f"tick s-{series.look}", steps.end + 7, y + 14, series.name)
        if series.points[-1][1] is None:
            x, place = steps.at(step), values.at(value)
            drawing.add("path", class_="broken", d=f"M{x - 5:g} {place - 5:g}l10 10m0-10l-10 10")


def draw(curve: Curve) -> Markup:
    """Draw one chart; ask `drawable` first."""
    numbers = [value for series in curve.series for _, value in series.points if value is not None]
    numbers += [curve.reference.value] if curve.reference else []
    places: list[float] = [step for series in curve.series for step, _ in series.points]
    low, high = min(places), max(places)
    right = _WIDTH - _label_width(curve)
    steps = Axis(low, high if high > low else low + 1, _LEFT, right)
    values = nice_axis(numbers, _BOTTOM, _TOP, about=4)
    drawing = Drawing(_WIDTH, _HEIGHT - 16, "chart", _title(curve))
    _frame(drawing, curve, steps, values)
    for series in curve.series:
        _line(drawing, series, steps, values)
    if curve.reference:
        y = values.at(curve.reference.value)
        drawing.line("ref", steps.start, y, steps.end, y)
        x, anchor, baseline = _reference_side(curve, steps, values, y)
        drawing.label("tick", x, baseline, curve.reference.label, anchor)
    _end_labels(drawing, curve, steps, values)
    return drawing.markup()
