"""Turns what somebody is in a project into the links at the top of the page, and nothing that would be refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from trivium.human.desk.actor import Ability, Standing


class Entry(NamedTuple):
    """One link of the navigation."""

    label: str
    href: str
    here: bool


_WORK: tuple[tuple[str, str, tuple[Ability, ...], tuple[str, ...]], ...] = (
    ("Write", "write", ("write",), ("demonstration", "redteam")),
    ("Rank", "rank", ("label",), ("comparison",)),
    ("Judge", "judge", ("label",), ("guard_review",)),
    ("Review", "review", ("review_internal", "review_client"), ("demonstration", "redteam", "comparison")),
    ("Decide", "adjudicate", ("adjudicate",), ("comparison", "guard_review")),
)
_PLAN: tuple[tuple[str, str, tuple[Ability, ...], tuple[str, ...]], ...] = (
    ("Coverage", "coverage", ("see_plan",), ("demonstration", "redteam")),
    ("Batches", "batches", ("see_plan",), ()),
    ("Guideline", "guideline", ("see",), ()),
    ("Quality", "quality", ("see_quality",), ()),
    ("Deliveries", "deliveries", ("see_deliveries",), ()),
    ("Pool", "pool", ("manage",), ()),
    ("Members", "members", ("manage",), ()),
    ("Log", "log", ("see_audit",), ()),
)


def open_to(standing: Standing, places: tuple[tuple[str, str, tuple[Ability, ...], tuple[str, ...]], ...]) -> list[str]:
    """Return the last parts of the addresses that this standing may open."""
    return [
        place
        for _, place, abilities, kinds in places
        if any(standing.can(ability) for ability in abilities) and (not kinds or standing.project.kind in kinds)
    ]


def first_place(standing: Standing) -> str:
    """Return the address where somebody's work in a project begins."""
    leads = standing.role in ("lead", "viewer")
    places = open_to(standing, _PLAN if leads else _WORK) or open_to(standing, _PLAN)
    return f"/p/{standing.project.slug}/{places[0]}"


def entries(path: str, standing: Standing | None, mine: Sequence[Standing]) -> list[Entry]:
    """Return Home and the links of the project one stands in; at home, those of the first project."""
    at = standing or next((one for one in mine if one.role == "lead"), mine[0] if mine else None)
    found = [Entry("Home", "/", path == "/")]
    if at is None:
        return found
    base = f"/p/{at.project.slug}/"
    allowed = {*open_to(at, _WORK), *open_to(at, _PLAN)}
    for label, place, _, _ in (*_WORK, *_PLAN):
        if place in allowed:
            address = base + place
            found.append(Entry(label, address, path == address or path.startswith(address + "/")))
    return found
