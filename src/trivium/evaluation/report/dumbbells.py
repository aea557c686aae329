"""Turns the same measure on base, sft and policy into a chart of dots on threads, wide and narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from trivium.evaluation.report.axis import Axis, spread
from trivium.evaluation.report.data import MODELS, Estimate, ModelName, ScoreRow, Task
from trivium.evaluation.report.drawing import Drawing
from trivium.evaluation.report.words import count_word, decimal, listed, short

_WORDS = {"base": "base", "sft": "fine-tuned", "policy": "reinforced"}


@dataclass(frozen=True)
class DotRow:
    """One measure: its name, which way is better (may be empty) and the models that have it, in their order."""

    label: str
    note: str
    dots: tuple[tuple[ModelName, Estimate], ...]


def changes(rows: Sequence[ScoreRow]) -> list[DotRow]:
    """Collect the shares that the scorecard has for two models or more: `sft.stops` and `base.stops` are one row.

    The ten tasks (`….tasks.…`) have their own figure and are left out.
    """
    found: dict[str, dict[ModelName, ScoreRow]] = {}
    for row in rows:
        model, _, measure = row.key.partition(".")
        shown = row.value is not None and 0 <= row.value <= 1 and row.unit == "share"
        if shown and measure and not measure.startswith("tasks."):
            for name in MODELS:
                if name == model:
                    found.setdefault(measure, {})[name] = row
    result = []
    for by_model in found.values():
        if len(by_model) < 2:
            continue
        last = [by_model[name] for name in MODELS if name in by_model][-1]
        dots = tuple((name, _estimate(by_model[name])) for name in MODELS if name in by_model)
        result.append(DotRow(last.label, "less is better" if last.less_is_better else "more is better", dots))
    return result


def task_rows(tasks: Sequence[Task]) -> list[DotRow]:
    """Turn the ten tasks into rows; a task that no model was measured on is left out."""
    rows = []
    for task in tasks:
        pairs = ((name, getattr(task, name)) for name in MODELS)
        dots = tuple((name, estimate) for name, estimate in pairs if estimate is not None)
        if dots:
            rows.append(DotRow(task.label, "", dots))
    return rows


def models_in(rows: Sequence[DotRow]) -> list[ModelName]:
    """Return the models that have a dot, in their order, for the key of the chart."""
    return [name for name in MODELS if any(name == model for row in rows for model, _ in row.dots)]


def _estimate(row: ScoreRow) -> Estimate:
    """Read a row of the scorecard that has a value; without an interval it is a point."""
    assert row.value is not None
    low = row.value if row.low is None else row.low
    high = row.value if row.high is None else row.high
    return Estimate(value=row.value, low=low, high=high, n=row.n or 0)


def _title(rows: Sequence[DotRow]) -> str:
    """Say every value, for those who do not see the chart."""
    said = []
    for row in rows:
        values = ", ".join(
            f"{_WORDS[model]} {decimal(dot.value, 2)} ({decimal(dot.low, 2)} to {decimal(dot.high, 2)})"
            for model, dot in row.dots
        )
        said.append(f"{row.label}: {values}")
    return "; ".join(said)


def _dots(drawing: Drawing, row: DotRow, axis: Axis, y: float) -> None:
    """Draw one row: thread, intervals, marks (later models over earlier ones) and values under them, kept apart."""
    xs = [axis.at(dot.value) for _, dot in row.dots]
    drawing.line("thread", min(xs), y, max(xs) + 0.01, y)
    for model, dot in row.dots:
        drawing.line(f"s-{model} err", axis.at(dot.low), y, axis.at(dot.high), y)
    for place, ((model, _), x) in enumerate(zip(row.dots, xs, strict=True)):
        # A mark that falls on another would cover it, so it becomes a ring around it.
        if any(abs(x - other) < 8 for other in xs[:place]):
            drawing.add("circle", class_=f"s-{model} ringed", cx=x, cy=y, r=10)
        else:
            drawing.mark(model, x, y)
    for (model, dot), x in zip(row.dots, spread(xs, 34, axis.start + 4, axis.end), strict=True):
        drawing.label(f"val s-{model}", x, y + 21, decimal(dot.value, 2), "middle")


def wide(rows: Sequence[DotRow]) -> Markup:
    """Draw for a desk: names at the left, one row each."""
    step, top = 46.0, 20.0
    height = top + step * len(rows) + 24
    drawing = Drawing(1120, height, "chart dumbbells", _title(rows))
    axis = Axis(0, 1, 320, 1092, (0, 0.25, 0.5, 0.75, 1))
    for tick in axis.ticks:
        drawing.line("grid", axis.at(tick), 4, axis.at(tick), height - 26)
        drawing.label("tick", axis.at(tick), height - 8, short(tick), "middle")
    for place, row in enumerate(rows):
        y = top + step * place
        drawing.label("lab", 0, y + (4 if row.note else 5), row.label)
        if row.note:
            drawing.label("tick", 0, y + 21, row.note)
        _dots(drawing, row, axis, y)
    return drawing.markup()


def narrow(rows: Sequence[DotRow]) -> Markup:
    """Draw for a phone: the name stands above its row."""
    # Letters are about 7.3 wide in the label and 6 in the note; a note that does not fit beside goes under the label.
    notes_under = [7.3 * len(row.label) + 6 * len(row.note) > 318 and bool(row.note) for row in rows]
    ys, y = [], -30.0
    for under in notes_under:
        y += 80 if under else 64
        ys.append(y)
    height = y + 64
    drawing = Drawing(328, height, "chart dumbbells", _title(rows))
    axis = Axis(0, 1, 10, 318, (0, 0.5, 1))
    for tick, anchor in zip(axis.ticks, ("start", "middle", "end"), strict=True):
        drawing.line("grid", axis.at(tick), 22, axis.at(tick), height - 26)
        drawing.label("tick", axis.at(tick), height - 8, short(tick), anchor)
    for row, y, under in zip(rows, ys, notes_under, strict=True):
        drawing.label("lab", 0, y - (32 if under else 17), row.label)
        if row.note:
            drawing.label("tick", 0 if under else 328, y - 17, row.note, "start" if under else "end")
        _dots(drawing, row, axis, y)
    return drawing.markup()


def task_words(tasks: Sequence[Task]) -> str:
    """Say on how many tasks fine-tuning is above the base, and on how many the intervals are apart."""
    pairs = [(task.base, task.sft) for task in tasks if task.base is not None and task.sft is not None]
    if not pairs:
        return "Measured on one model so far."
    above = sum(sft.value > base.value for base, sft in pairs)
    apart = sum(sft.low > base.high for base, sft in pairs)
    sizes = sorted({estimate.n for pair in pairs for estimate in pair})
    each = f"n {sizes[0]:,} each" if len(sizes) == 1 else f"n {sizes[0]:,} to {sizes[-1]:,}"
    total = count_word(len(pairs))
    said = f"Base to fine-tuned, {each}. Above the base on {count_word(above)} of {total}, "
    said += f"intervals apart on {count_word(apart)}."
    below = [task.label for task in tasks if task.base and task.sft and task.sft.value <= task.base.value]
    return said + (f" Not above it: {listed(below)}." if below else "")
