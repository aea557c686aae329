"""Turns one line of the scorecard into a rail with interval and bar, and a mean rank into its place from 1 to K."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from trivium.evaluation.report.axis import Axis, rail
from trivium.evaluation.report.data import RankedReply, ScoreRow
from trivium.evaluation.report.drawing import Drawing
from trivium.evaluation.report.words import measured, places_for, short, size_bytes
from trivium.evaluation.report.words import seconds as write_seconds


def known(row: ScoreRow) -> list[float]:
    """Return value, low and high, as far as they are there."""
    return [number for number in (row.value, row.low, row.high) if number is not None]


def value_words(row: ScoreRow) -> str:
    """Write the value in its unit."""
    if row.value is None:
        return "undefined"
    return measured(row.value, row.unit, places_for(known(row), row.bar_lines, row.unit))


def interval_words(row: ScoreRow) -> str:
    """Write the interval with the same decimals as the value, or nothing."""
    if row.value is None or row.low is None or row.high is None:
        return ""
    places = places_for(known(row), row.bar_lines, row.unit)
    return f"{measured(row.low, row.unit, places)} to {measured(row.high, row.unit, places)}"


def _end(value: float, unit: str) -> str:
    """Write an end of a rail."""
    if unit == "seconds":
        return "0" if value == 0 else write_seconds(value)
    return ("0" if value == 0 else size_bytes(value)) if unit == "bytes" else short(value)


def rail_words(row: ScoreRow, peers: Sequence[ScoreRow]) -> str:
    """Name the ends of a rail that does not run from 0 to 1."""
    axis = row_axis(row, peers)
    if axis is None or (axis.low, axis.high) == (0.0, 1.0):
        return ""
    return f"{_end(axis.low, row.unit)} to {_end(axis.high, row.unit)}"


def row_axis(row: ScoreRow, peers: Sequence[ScoreRow]) -> Axis | None:
    """Lay out the rail of a row, the same for all rows of its group in its unit; without a value there is none."""
    if row.value is None:
        return None
    together = [peer for peer in (row, *peers) if peer.unit == row.unit and peer.value is not None]
    return rail([number for peer in together for number in (*known(peer), *peer.bar_lines)], row.unit, 6, 184)


def whisker(row: ScoreRow, peers: Sequence[ScoreRow]) -> Markup:
    """Draw the rail: dotted lines are the bar, the whisker is the 95 % interval, the dot is the value."""
    axis = row_axis(row, peers)
    if axis is None or row.value is None:
        return Markup("")
    interval = interval_words(row)
    title = (
        value_words(row) + (f", 95 % interval {interval}" if interval else "") + (f"; bar: {row.bar}" * bool(row.bar))
    )
    drawing = Drawing(190, 16, "interval", title, fixed=True)
    drawing.line("rail", 6, 8, 184, 8)
    for line in row.bar_lines:
        drawing.line("bar", axis.at(line), 1, axis.at(line), 15)
    if row.low is not None and row.high is not None:
        low, high = axis.at(row.low), axis.at(row.high)
        drawing.add("path", class_="span", d=f"M{low} 8H{high}M{low} 5V11M{high} 5V11")
    drawing.add("circle", class_="dot", cx=axis.at(row.value), cy=8, r=3.5)
    return drawing.markup()


def mean_rank(reply: RankedReply, num_replies: int) -> Markup:
    """Draw where a mean rank stands, best at the left: the winner in accent, the loser in ink, others hollow."""
    if reply.mean_rank is None:
        return Markup("")
    axis = Axis(1, max(num_replies, 2), 14, 206)
    drawing = Drawing(220, 26, "meanaxis", f"mean rank {reply.mean_rank:.1f} of {num_replies}", fixed=True)
    drawing.line("rail", 14, 13, 206, 13)
    for rank in range(1, max(num_replies, 2) + 1):
        drawing.line("rail", axis.at(rank), 9, axis.at(rank), 17)
    css = {"winner": "w", "loser": "l", "": "o"}[reply.outcome]
    drawing.add("circle", class_=css, cx=axis.at(reply.mean_rank), cy=13, r=5.5)
    return drawing.markup()
