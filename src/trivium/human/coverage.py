"""A frozen requirement and the work done for it to what is still missing in each cell, and what each writer is offered.

A cell is a set of wanted marks ("closed question, continuation, over 500 words") with a target. What is accepted and
what is in flight are counted apart: only accepted work is done, but both close a cell to writers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import get_args

from pydantic import Field, model_validator

from trivium.core.errors import InputError
from trivium.records import Demonstration, PromptLength, PromptType, Record, ResponseType, TaskType

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "task_type": get_args(TaskType),
    "prompt_type": get_args(PromptType),
    "prompt_length": get_args(PromptLength),
    "response_type": get_args(ResponseType),
    "scene_setting": ("yes", "no"),
    "constraint": ("yes", "no"),
    "persona": ("yes", "no"),
}
"""The mission's dimensions with closed lists of values. `domain` and `language` are open: a requirement names
theirs.
"""
DOMAINS = (
    "business", "marketing", "healthcare", "history", "geography", "culture", "literature", "religion", "politics",
    "entertainment", "technology", "science", "mathematics",
)  # fmt: skip
Attrs = Mapping[str, str]


class Cell(Record):
    """How many pairs with these marks are wanted. A dimension that is not named may have any value."""

    where: dict[str, str] = Field(min_length=1)
    target: int = Field(gt=0)

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """The marks in a fixed order, for use as a key."""
        return tuple(sorted(self.where.items()))

    @property
    def marks(self) -> str:
        """The marks as a lead writes them.

        >>> Cell(where={"task_type": "extraction", "language": "de"}, target=3).marks
        'task_type=extraction language=de'
        """
        return " ".join(f"{name}={value}" for name, value in self.where.items())


class Requirement(Record):
    """What a project must deliver. `cells` share out the work and do not overlap; `also` are further totals to
    reach.
    """

    dimensions: dict[str, tuple[str, ...]]
    cells: tuple[Cell, ...] = Field(min_length=1)
    also: tuple[Cell, ...] = ()
    """Targets across the cells: 130 one-word replies, 400 with a persona, 270 in German."""
    min_agreement: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _cells_are_of_the_dimensions(self) -> Requirement:
        for cell in (*self.cells, *self.also):
            for name, value in cell.where.items():
                if name not in self.dimensions:
                    raise ValueError(f"a cell asks for `{name}`, which is no dimension of this requirement")
                if value not in self.dimensions[name]:
                    raise ValueError(f"a cell asks for {name} = {value!r}, wanted one of {self.dimensions[name]}")
        return self

    @model_validator(mode="after")
    def _cells_are_apart(self) -> Requirement:
        keys = Counter(cell.key for cell in self.cells)
        twice = [cell for cell in self.cells if keys[cell.key] > 1]
        if twice:
            raise ValueError(f"a cell is there twice: {twice[0].marks}")
        clash = next(_overlaps(self.cells), None)
        if clash is not None:
            raise ValueError(f"two cells can take the same pair: {clash[0].marks}, and {clash[1].marks}")
        return self

    @property
    def target(self) -> int:
        """Pairs wanted in all cells together."""
        return sum(cell.target for cell in self.cells)

    @property
    def beyond(self) -> Cell | None:
        """The first of `also` that can never be reached, because it is more than all cells together; None: none is."""
        return next((cell for cell in self.also if cell.target > self.target), None)


def _overlaps(cells: Sequence[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """Yield pairs of cells that one pair of prompt and reply could fit; cells of the same dimensions cannot."""
    kinds: dict[frozenset[str], list[Cell]] = {}
    for cell in cells:
        kinds.setdefault(frozenset(cell.where), []).append(cell)
    groups = list(kinds.values())
    for index, group in enumerate(groups):
        for others in groups[:index]:
            shared = set(group[0].where) & set(others[0].where)
            for one, other in product(others, group):
                if all(one.where[name] == other.where[name] for name in shared):
                    yield one, other


def grid(dimensions: Mapping[str, Sequence[str]], target: int) -> tuple[Cell, ...]:
    """Return one cell of that target for each combination of values.

    >>> [cell.where for cell in grid({"language": ["en", "de"]}, 5)]
    [{'language': 'en'}, {'language': 'de'}]
    """
    names = list(dimensions)
    return tuple(
        Cell(where=dict(zip(names, values, strict=True)), target=target) for values in product(*dimensions.values())
    )


def starting_requirement(target: int = 10) -> Requirement:
    """Return a requirement to edit: ten task types × three prompt types × three lengths, mostly descriptive replies."""
    shared = {name: DIMENSIONS[name] for name in ("task_type", "prompt_type", "prompt_length")}
    cells = grid(shared, target)
    total = target * len(cells)
    shares = {"one_word": 0.07, "short_phrase": 0.09, "single_sentence": 0.22, "descriptive": 0.62}
    also = [Cell(where={"response_type": name}, target=max(1, int(total * part))) for name, part in shares.items()]
    also += [
        Cell(where={mark: "yes"}, target=max(1, total // 4)) for mark in ("scene_setting", "constraint", "persona")
    ]
    return Requirement(dimensions=DIMENSIONS | {"domain": DOMAINS, "language": ("en",)}, cells=cells, also=tuple(also))


def attrs_of(demonstration: Demonstration) -> dict[str, str]:
    """Return a demonstration's marks by dimension; what was not marked is left out."""
    found = {
        "task_type": demonstration.task_type,
        "prompt_type": demonstration.prompt_type,
        "domain": demonstration.domain,
        "prompt_length": demonstration.prompt_length,
        "response_type": demonstration.response_type,
        "language": demonstration.language,
    }
    marks = {
        name: "yes" if getattr(demonstration, name) else "no" for name in ("scene_setting", "constraint", "persona")
    }
    return {name: value for name, value in found.items() if value is not None} | marks


def fits(where: Attrs, attrs: Attrs) -> bool:
    """Say whether marks are those that a cell asks for."""
    return all(attrs.get(name) == value for name, value in where.items())


class CellCount(Record):
    """A cell with what is done in it."""

    where: dict[str, str]
    target: int
    accepted: int = 0
    in_flight: int = 0

    @property
    def missing(self) -> int:
        """Pairs that nobody has begun."""
        return max(0, self.target - self.accepted - self.in_flight)

    @property
    def open(self) -> bool:
        """Whether a writer may be offered this cell."""
        return self.missing > 0

    @property
    def need(self) -> int:
        """How strongly the map shouts, from what is accepted: 4 nothing yet … 1 nearly full, 0 full."""
        done = self.accepted / self.target
        return 0 if done >= 1 else 1 if done > 0.7 else 2 if done > 0.5 else 3 if done > 0.25 else 4


class Coverage(Record):
    """A requirement with the work done for it."""

    cells: tuple[CellCount, ...]
    also: tuple[CellCount, ...] = ()
    outside: int = 0
    """Accepted or in flight, and wanted by no cell."""

    @property
    def target(self) -> int:
        """Pairs wanted."""
        return sum(cell.target for cell in self.cells)

    @property
    def accepted(self) -> int:
        """Pairs accepted in the cells, also beyond their targets."""
        return sum(cell.accepted for cell in self.cells)

    @property
    def in_flight(self) -> int:
        """Pairs being written or reviewed."""
        return sum(cell.in_flight for cell in self.cells)

    @property
    def missing(self) -> int:
        """Pairs that nobody has begun, over all cells."""
        return sum(cell.missing for cell in self.cells)

    def short(self) -> list[CellCount]:
        """Return the open cells, the one that lacks the largest share first."""
        return sorted((cell for cell in self.cells if cell.open), key=_shortness)

    def full(self) -> bool:
        """Say whether every target, also across the cells, is reached by accepted work."""
        return all(cell.accepted >= cell.target for cell in (*self.cells, *self.also))


def _shortness(cell: CellCount) -> tuple[float, int, tuple[tuple[str, str], ...]]:
    return (-cell.missing / cell.target, -cell.missing, tuple(sorted(cell.where.items())))


def cover(requirement: Requirement, accepted: Iterable[Attrs], in_flight: Iterable[Attrs]) -> Coverage:
    """Count the marks of accepted work and of work in flight into the requirement's cells."""
    return cover_counts(requirement, [(attrs, 1, 0) for attrs in accepted] + [(attrs, 0, 1) for attrs in in_flight])


def cover_counts(requirement: Requirement, counts: Iterable[tuple[Attrs, int, int]]) -> Coverage:
    """Count rows of (marks, accepted, in flight), such as a database groups them, into the requirement's cells."""
    finder = _Finder(requirement.cells)
    inside = [[0, 0] for _ in requirement.cells]
    across = [[0, 0] for _ in requirement.also]
    outside = 0
    for attrs, accepted, in_flight in counts:
        place = finder.place(attrs)
        if place is None:
            outside += accepted + in_flight
        else:
            inside[place][0] += accepted
            inside[place][1] += in_flight
        for index, cell in enumerate(requirement.also):
            if fits(cell.where, attrs):
                across[index][0] += accepted
                across[index][1] += in_flight

    def counted(cells: Sequence[Cell], numbers: Sequence[Sequence[int]]) -> tuple[CellCount, ...]:
        return tuple(
            CellCount(where=cell.where, target=cell.target, accepted=done, in_flight=begun)
            for cell, (done, begun) in zip(cells, numbers, strict=True)
        )

    return Coverage(cells=counted(requirement.cells, inside), also=counted(requirement.also, across), outside=outside)


def cell_of(requirement: Requirement, attrs: Attrs) -> Cell | None:
    """Return the cell that work with these marks counts into, or None."""
    place = _Finder(requirement.cells).place(attrs)
    return None if place is None else requirement.cells[place]


class _Finder:
    """Marks to the place of their cell by one look-up for each set of dimensions that cells are made of."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._places: dict[tuple[str, ...], dict[tuple[str, ...], int]] = {}
        for place, cell in enumerate(cells):
            names = tuple(sorted(cell.where))
            self._places.setdefault(names, {})[tuple(cell.where[name] for name in names)] = place

    def place(self, attrs: Attrs) -> int | None:
        for names, places in self._places.items():
            found = places.get(tuple(attrs.get(name, "") for name in names))
            if found is not None:
                return found
        return None


def offers(
    coverage: Coverage,
    *,
    languages: Iterable[str] | None = None,
    domains: Iterable[str] | None = None,
    limit: int = 4,
) -> list[CellCount]:
    """Return the cells a writer is offered: open ones in what they can write, the shortest first, at most `limit`.

    A cell that names no language or domain is for everyone. None means that nothing is known of the writer, who then
    is offered all. "en-GB" can write "en".
    """
    spoken = None if languages is None else {part for one in languages for part in (one, one.split("-")[0])}
    known = None if domains is None else set(domains)
    return [
        cell
        for cell in coverage.short()
        if (spoken is None or cell.where.get("language", "") in spoken | {""})
        and (known is None or cell.where.get("domain", "") in known | {""})
    ][:limit]


def check_attrs(requirement: Requirement, attrs: Attrs) -> None:
    """Raise where a mark is not one that the requirement knows."""
    for name, value in attrs.items():
        wanted = requirement.dimensions.get(name)
        if wanted is None:
            raise InputError(f"`{name}` is no mark of this requirement", do=f"use {', '.join(requirement.dimensions)}")
        if value not in wanted:
            raise InputError(f"{name} is {value!r}, wanted one of {', '.join(wanted)}", do="choose one of them")
