"""Turns measures into small SVG pictures: intervals, whiskers along versions or weeks, bars of days.

Widths are attributes, never styles, so that the strict content policy holds; each picture says its values in its title.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from trivium.records import Measure
from trivium.studio.words import Words


class Point(NamedTuple):
    """One place on a chart: its label, what stands under it, and its measure."""

    label: str
    under: str
    measure: Measure


def _ends(measure: Measure, value: float) -> tuple[float, float]:
    """Return where the whisker of a measure begins and ends; both are its value where it has no interval."""
    return measure.low if measure.low is not None else value, measure.high or value


def interval(
    words: Words, measure: Measure, width: int = 300, low: float = 0.5, high: float = 1.0, bar: float | None = None
) -> Markup:
    """Return a dot with its interval on a rail from `low` to `high`; `bar` is a dashed line to compare with."""
    if measure.value is None:
        return Markup("")

    def x(value: float) -> float:
        inside = min(max(value, low), high)
        return round(6 + (width - 12) * (inside - low) / (high - low), 1)

    start, end = _ends(measure, measure.value)
    label = words.say(
        "{value}, 95 % interval {low} to {high}",
        value=words.percent(measure.value), low=words.percent(start), high=words.percent(end),
    )  # fmt: skip
    line = Markup('<path class="bar" d="M{} 1V15"/>').format(x(bar)) if bar is not None else ""
    return Markup(
        '<svg class="interval" width="{w}" height="16" viewBox="0 0 {w} 16" role="img" aria-label="{label}">'
        '<path class="rail" d="M6 8H{end}"/>{line}<path class="span" d="M{a} 8H{b}M{a} 5V11M{b} 5V11"/>'
        '<circle class="dot" cx="{at}" cy="8" r="3.5"/></svg>'
    ).format(w=width, label=label, end=width - 6, line=line, a=x(start), b=x(end), at=x(measure.value))


TOP, BOTTOM = 34, 166
"""Where a chart of whiskers begins and ends; above it lies the legend of its dashed line, so that nothing overlaps."""
LEFT, RIGHT = 50, 510
"""From where to where its lines go, of the 520 that a picture is wide."""


def whiskers(words: Words, points: Sequence[Point], title: str, reference: tuple[str, float] | None = None) -> Markup:
    """Return shares in percent, one place a point, joined by a line, with whiskers and one dashed reference."""
    defined = [point for point in points if point.measure.value is not None]
    if not defined:
        return Markup("")
    ends = [end for p in defined for end in (p.measure.low, p.measure.high, p.measure.value) if end is not None]
    ends += [reference[1]] if reference else []
    floor, ceiling = int(min(ends) * 20) / 20, min(1.0, (int(max(ends) * 20) + 1) / 20)

    def y(share: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (share - floor) / max(ceiling - floor, 0.05), 1)

    parts: list[Markup] = []
    steps = max(1, round((ceiling - floor) / 0.05))
    for step in range(0, steps + 1, 1 + steps // 6):
        share = floor + 0.05 * step
        parts.append(
            Markup(
                '<path class="grid" d="M{l} {y}H{r}"/><text class="tick" x="{x}" y="{t}" text-anchor="end">{n}</text>'
            ).format(l=LEFT, r=RIGHT, x=LEFT - 8, y=y(share), t=y(share) + 4, n=words.percent(share, 0))
        )
    if reference:
        parts.append(
            Markup(
                '<path class="ref" d="M{l} {y}H{r}"/><path class="ref" d="M{l} 10h26"/>'
                '<text class="tick" x="{x}" y="14">{name}</text>'
            ).format(l=LEFT, r=RIGHT, x=LEFT + 34, y=y(reference[1]), name=reference[0])
        )
    gap = (RIGHT - LEFT) / max(len(defined), 1)
    places = [round(LEFT + gap * (index + 0.5), 1) for index in range(len(defined))]
    line = "L".join(f"{x} {y(p.measure.value or 0)}" for x, p in zip(places, defined, strict=True))
    parts.append(Markup('<path class="line" d="M{}"/>').format(line))
    parts += [_whisker(words, x, point, y) for x, point in zip(places, defined, strict=True)]
    values = "; ".join(f"{p.label}: {words.percent(p.measure.value)}" for p in defined)
    return Markup('<svg class="chart" viewBox="0 0 520 208" role="img"><title>{}. {}</title>{}</svg>').format(
        title, values, Markup("").join(parts)
    )


def _whisker(words: Words, x: float, point: Point, y: Callable[[float], float]) -> Markup:
    measure = point.measure
    assert measure.value is not None
    low, high = _ends(measure, measure.value)
    return Markup(
        '<path class="whisker" d="M{x} {b}V{a}M{l} {b}h8M{l} {a}h8"/><circle class="point" cx="{x}" cy="{m}" r="4"/>'
        '<text class="val" x="{x}" y="{t}" text-anchor="middle">{v}</text>'
        '<text class="lab" x="{x}" y="184" text-anchor="middle">{label}</text>'
        '<text class="tick" x="{x}" y="203" text-anchor="middle">{under}</text>'
    ).format(
        x=x,
        a=y(high),
        b=y(low),
        l=x - 4,
        m=y(measure.value),
        t=y(high) - 7,
        v=words.percent(measure.value),
        label=point.label,
        under=point.under,
    )


def places(words: Words, shares: Sequence[Measure], title: str) -> Markup:
    """Return how often the reply in each place on the page was ranked first, with the line of chance."""
    defined = [share for share in shares if share.value is not None]
    if not defined:
        return Markup("")
    chance = 1 / len(shares)
    ends = [end for one in defined for end in (one.low, one.high, one.value) if end is not None] + [chance]
    floor, ceiling = math.floor(min(ends) * 20), math.ceil(max(ends) * 20)
    height = 14 + 32 * len(shares)

    def x(share: float) -> float:
        return round(76 + 360 * (share * 20 - floor) / max(ceiling - floor, 1), 1)

    parts = [
        Markup(
            '<path class="grid" d="M{x} 6V{h}"/><text class="tick" x="{x}" y="{t}" text-anchor="middle">{n}</text>'
        ).format(x=x(step / 20), h=height, t=height + 17, n=words.percent(step / 20, 0))
        for step in range(floor, ceiling + 1, 1 + (ceiling - floor) // 6)
    ]
    parts.append(
        Markup(
            '<path class="ref" d="M{x} 6V{h}"/><text class="tick" x="{x}" y="{t}" text-anchor="middle">{n}</text>'
        ).format(x=x(chance), h=height, t=height + 36, n=words.say("chance, {n}", n=words.percent(chance, 0)))
    )
    names = [words.say("place {n}", n=place) for place in range(1, len(shares) + 1)]
    parts += [
        _place(words, name, share, 22 + 32 * index, x)
        for index, (name, share) in enumerate(zip(names, shares, strict=True))
        if share.value is not None
    ]
    values = "; ".join(f"{name}: {words.percent(share.value)}" for name, share in zip(names, shares, strict=True))
    return Markup('<svg class="chart" viewBox="0 0 520 {h}" role="img"><title>{t}. {v}</title>{parts}</svg>').format(
        h=height + 42, t=title, v=values, parts=Markup("").join(parts)
    )


def _place(words: Words, name: str, share: Measure, at: int, x: Callable[[float], float]) -> Markup:
    assert share.value is not None
    low, high = _ends(share, share.value)
    return Markup(
        '<text class="lab" x="64" y="{t}" text-anchor="end">{n}</text>'
        '<path class="whisker" d="M{a} {y}H{b}M{a} {u}v8M{b} {u}v8"/>'
        '<circle class="point" cx="{m}" cy="{y}" r="4"/>'
        '<text class="val" x="{r}" y="{t}">{v}</text>'
    ).format(
        t=at + 4, n=name, a=x(low), b=x(high), y=at, u=at - 4, m=x(share.value), r=x(high) + 10,
        v=words.percent(share.value),
    )  # fmt: skip


def days(counts: Sequence[int], first: str, last: str, title: str) -> Markup:
    """Return one bar a day, a dot for a day of rest; the last bar is today."""
    most = max([*counts, 1])
    bars = []
    for index, count in enumerate(counts):
        x, height = 2 + 21 * index, round(46 * count / most, 1)
        if count:
            kind = "today" if index == len(counts) - 1 else "day"
            bars.append(
                Markup('<rect class="{}" x="{}" y="{}" width="16" height="{}" rx="1.5"/>').format(
                    kind, x, round(56 - height, 1), height
                )
            )
        else:
            bars.append(Markup('<circle class="rest" cx="{}" cy="52" r="1.5"/>').format(x + 8))
    return Markup(
        '<svg class="chart days" viewBox="0 0 294 74" role="img"><title>{}</title><path class="grid" d="M0 56.5H294"/>'
        '{}<text class="tick" x="2" y="71">{}</text><text class="tick" x="292" y="71" text-anchor="end">{}</text></svg>'
    ).format(title, Markup("").join(bars), first, last)
