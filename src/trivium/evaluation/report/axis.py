"""Turns the numbers of a chart into an axis: round ticks that cover the data, and positions inside the plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """A range of values laid over a range of pixels; `start` is the pixel of `low`, on either side of `end`."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Return the pixel of a value, held inside the plot.

        >>> Axis(0, 1, 100, 200).at(0.25), Axis(0, 1, 100, 200).at(7)
        (125.0, 200.0)
        """
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def nice_step(span: float, about: int) -> float:
    """Return the smallest step of 1, 2 or 5 times a power of ten that cuts the span into at most `about` pieces.

    >>> nice_step(8.7, 4), nice_step(0.13, 4), nice_step(1900, 2)
    (5.0, 0.05, 1000.0)
    """
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1.0, 2.0, 5.0):
        if factor * power >= rough * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def nice_ticks(values: Iterable[float], about: int = 4) -> tuple[float, ...]:
    """Return round ticks, at least two, of which the first is at or below every value and the last at or above.

    >>> nice_ticks([0.08, 1.96])
    (0.0, 0.5, 1.0, 1.5, 2.0)
    >>> nice_ticks([3.0, 3.0])
    (2.0, 2.5, 3.0, 3.5, 4.0)
    """
    kept = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(kept), max(kept)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = abs(low) / 3 or 1.0
        low, high = low - room, high + room
    choices = []
    for pieces in (about, about + 1, about + 2):
        step = nice_step(high - low, pieces)
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        # Room that ticks waste over the data, against the clutter of more of them.
        choices.append(((last - first) * step / (high - low) + 0.05 * (last - first), step, first, last))
    _, step, first, last = min(choices)
    places = max(0, 2 - math.floor(math.log10(step)))
    return tuple(round(index * step, places) for index in range(first, last + 1))


def nice_axis(values: Sequence[float], start: float, end: float, about: int = 4) -> Axis:
    """Lay round ticks that cover the values over a range of pixels."""
    ticks = nice_ticks(values, about)
    return Axis(ticks[0], ticks[-1], start, end, ticks)


def rail(values: Sequence[float], unit: str, start: float, end: float) -> Axis:
    """Lay out the rail of scorecard rows: a share runs from 0 to 1, anything else over a round range, from 0 if near.

    >>> rail([0.3], "share", 6, 184).high, rail([4.8, 4.4, 5.2, 10.0], "nats", 6, 184).low
    (1.0, 0.0)
    >>> rail([668.0, 1200.0], "seconds", 6, 184).high  # round in minutes
    1500.0
    """
    if unit == "share" and all(0 <= value <= 1 for value in values):
        return Axis(0.0, 1.0, start, end, (0.0, 1.0))
    low, high = min(values), max(values)
    if 0 <= low <= high / 2 or (low >= 0 and unit in ("seconds", "bytes")):
        low = 0.0
    room = 0.08 * (high - low)
    scale = (3600.0 if high > 7200 else 60.0 if high > 120 else 1.0) if unit == "seconds" else 1.0
    ticks = nice_ticks([(low - room if low else 0.0) / scale, (high + room) / scale])
    return Axis(ticks[0] * scale, ticks[-1] * scale, start, end)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move labels apart until neighbours are at least `gap` apart, inside low to high where they fit; order is kept.

    >>> spread([10, 12, 40], 20, 0, 100)
    [0.7, 20.7, 40.7]
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    groups: list[tuple[float, int]] = []  # (centre, members) of labels that touch, left to right
    for index in order:
        centre, size = float(wanted[index]), 1
        while groups and centre - (size - 1) / 2 * gap - (groups[-1][0] + (groups[-1][1] - 1) / 2 * gap) < gap:
            before, members = groups.pop()
            centre, size = (before * members + centre * size) / (members + size), members + size
        groups.append((centre, size))
    placed = [centre + (place - (size - 1) / 2) * gap for centre, size in groups for place in range(size)]
    for place in range(len(placed) - 1, -1, -1):
        roof = high if place == len(placed) - 1 else placed[place + 1] - gap
        placed[place] = min(placed[place], roof)
    for place in range(len(placed)):
        floor = low if place == 0 else placed[place - 1] + gap
        placed[place] = max(placed[place], floor)
    result = [0.0] * len(wanted)
    for place, index in enumerate(order):
        result[index] = round(placed[place], 1)
    return result
