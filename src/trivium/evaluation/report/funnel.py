"""Turns the account of a corpus into its figures: the funnel, pairs of bars, and histograms of read and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from trivium.evaluation.report.axis import Axis, nice_axis
from trivium.evaluation.report.drawing import Drawing
from trivium.evaluation.report.words import decimal, short

_LABELS, _WIDTH, _NUMBERS, _ROW = 190, 760, 150, 26


@dataclass(frozen=True)
class Step:
    """One line of the funnel: what is left after a rule, and what the rule took."""

    rule: str
    left: int
    taken: int


def steps(account: dict[str, Any]) -> list[Step]:
    """Return the funnel from what was read, rule by rule in the order they apply.

    >>> steps({"documents": {"read": 9}, "dropped": [{"rule": "too short", "documents": 2}]})
    [Step(rule='read', left=9, taken=0), Step(rule='too short', left=7, taken=2)]
    """
    left = account["documents"]["read"]
    found = [Step("read", left, 0)]
    for each in account["dropped"]:
        left -= each["documents"]
        found.append(Step(each["rule"], left, each["documents"]))
    return found


def percent(share: float) -> str:
    """Write a share with as many digits as it needs to differ from nothing and from all.

    >>> percent(0.312), percent(0.004), percent(0.00001), percent(0.9996)
    ('31 %', '0.4 %', '< 0.1 %', '99.96 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    places = 0 if 0.1 <= share <= 0.99 or share in (0, 1) else 1 if share < 0.995 else 2
    return f"{decimal(100 * share, places)} %"


def funnel(account: dict[str, Any]) -> Markup:
    """Draw what is left after each rule, and beside it what the rule took."""
    rows = steps(account)
    total = max(rows[0].left, 1)
    title = "; ".join(
        f"{row.rule}: {row.left:,} left" + (f", {row.taken:,} taken" if row.taken else "") for row in rows
    )
    drawing = Drawing(_WIDTH, _ROW * len(rows) + 6, "chart funnel", title)
    widths = Axis(0, total, _LABELS, _WIDTH - _NUMBERS)
    for number, row in enumerate(rows):
        top = 3 + number * _ROW
        drawing.label("lab", _LABELS - 10, top + 16, row.rule.replace("_", " "), "end")
        end = widths.at(row.left)
        drawing.add("rect", class_="left", x=_LABELS, y=top + 3, width=max(end - _LABELS, 0.6), height=_ROW - 8)
        if row.taken:
            gone = max(widths.at(row.left + row.taken) - end, 1.0)
            drawing.add("rect", class_="gone", x=end, y=top + 3, width=gone, height=_ROW - 8)
        told = f"−{row.taken:,} · {percent(row.taken / total)}" if row.taken else f"{row.left:,}"
        drawing.label("val", _WIDTH - _NUMBERS + 10, top + 16, told)
    return drawing.markup()


def pairs(rows: Sequence[tuple[str, int, int]]) -> Markup:
    """Draw lines of (name, read, kept): the kept part filled, the rest hollow, on one scale."""
    top_value = max((read for _, read, _ in rows), default=1)
    title = "; ".join(f"{name}: {kept:,} of {read:,} kept" for name, read, kept in rows)
    drawing = Drawing(360, 22 * len(rows) + 4, "chart funnel", title)
    widths = Axis(0, max(top_value, 1), 62, 250)
    for number, (name, read, kept) in enumerate(rows):
        top = 2 + number * 22
        drawing.label("tick name", 54, top + 14, name, "end")
        end = widths.at(kept)
        drawing.add("rect", class_="left", x=62, y=top + 3, width=max(end - 62, 0.6), height=14)
        drawing.add("rect", class_="gone", x=end, y=top + 3, width=max(widths.at(read) - end, 0), height=14)
        drawing.label("tick num", 258, top + 14, f"{kept:,} of {read:,}")
    return drawing.markup()


def short_count(edge: float) -> str:
    """Write an edge of a bin.

    >>> short_count(500), short_count(20_000), short_count(1_000_000), short_count(0.3)
    ('500', '20k', '1M', '0.3')
    """
    if edge >= 1_000_000:
        return f"{short(edge / 1_000_000)}M"
    return f"{short(edge / 1000)}k" if edge >= 1000 else str(edge)


def histogram(edges: Sequence[float], read: Sequence[int], kept: Sequence[int], unit: str) -> Markup:
    """Draw counts by bin: what was read as outline, what was kept filled; the last bin is open."""
    names = [f"{short_count(edge)}" for edge in edges]
    title = "; ".join(f"from {name} {unit}: {k:,} of {r:,}" for name, r, k in zip(names, read, kept, strict=True) if r)
    drawing = Drawing(360, 190, "chart funnel", title)
    heights = nice_axis([0.0, float(max([*read, 1]))], 150, 12, about=3)
    for tick in heights.ticks:
        drawing.line("grid", 44, heights.at(tick), 356, heights.at(tick))
        drawing.label("tick", 38, heights.at(tick) + 4, short(tick), "end")
    width = 312 / len(edges)
    for number, name in enumerate(names):
        left, floor = 44 + number * width, heights.at(0)
        for css, count in (("gone", read[number]), ("left", kept[number])):
            top = heights.at(count)
            drawing.add("rect", class_=css, x=left + 1.5, y=top, width=width - 3, height=max(floor - top, 0))
        if number % (2 if len(edges) > 8 else 1) == 0:
            drawing.label("tick", left + 1.5, 166, name)
    drawing.label("tick", 356, 184, unit, "end")
    return drawing.markup()
