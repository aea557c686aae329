"""Turns the stages of a run into the picture of the road: stations in rows and columns, legs over them, dashed lines.

The first row is the road as designed; each further round of ranking, reward and policy is a row under the same columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trivium.evaluation.report.data import ReportData, Station
from trivium.evaluation.report.words import capital, count_word, listed, seconds

_LEGS = {
    "corpus": "Pre-train",
    "tokenizer": "Pre-train",
    "pretrain": "Pre-train",
    "demonstrations": "Fine-tune",
    "sft": "Fine-tune",
    "comparisons": "Reinforce",
    "reward": "Reinforce",
    "policy": "Reinforce",
    "evaluate": "Judge",
}


@dataclass(frozen=True)
class Leg:
    """The head over neighbouring stations: its name, first column and number of columns."""

    name: str
    column: int
    span: int


@dataclass(frozen=True)
class Placed:
    """A station in its column, with whether the line goes on to the next one, and how."""

    station: Station
    column: int
    leads_on: bool
    walked: bool
    """Whether the next stage was made too: else the line is dashed."""

    @property
    def time(self) -> str:
        """Say how long it took, or that it was there already."""
        if self.station.state == "not_run":
            return ""
        took = seconds(self.station.seconds) if self.station.seconds is not None else ""
        return ", ".join(part for part in (took, "made before" if self.station.cached else "") if part)


@dataclass(frozen=True)
class RoadRow:
    """One row of the map: a round, with the legs over its stations."""

    round: int
    legs: tuple[Leg, ...]
    stops: tuple[Placed, ...]


@dataclass(frozen=True)
class RoadMap:
    """The whole picture: columns, rows, the dashed lines as (column, span), and what stands beside it."""

    columns: int
    rows: tuple[RoadRow, ...]
    mix: tuple[int, int] | None
    again: tuple[int, int] | None
    back: tuple[int, int] | None
    beside: tuple[Station, ...]


def _leg_of(station: Station, before: str) -> str:
    """Name the leg of a stage; one that the road does not know goes with its neighbour."""
    return _LEGS.get(station.name, before)


def _legs(stops: Sequence[Placed], round_: int) -> tuple[Leg, ...]:
    """Group neighbouring stops by leg."""
    legs: list[Leg] = []
    name = "Pre-train"
    for stop in stops:
        name = _leg_of(stop.station, name)
        shown = f"{name}, round {round_}" if round_ > 1 and name == "Reinforce" else name
        if legs and legs[-1].name == shown:
            legs[-1] = Leg(shown, legs[-1].column, legs[-1].span + 1)
        else:
            legs.append(Leg(shown, stop.column, 1))
    return tuple(legs)


def _row(stations: Sequence[Station], columns: Sequence[int], round_: int) -> RoadRow:
    """Set the stations of one row."""
    stops = []
    for place, (station, column) in enumerate(zip(stations, columns, strict=True)):
        last = place == len(stations) - 1
        walked = not last and station.state == "made" and stations[place + 1].state != "not_run"
        stops.append(Placed(station, column, not last, walked))
    return RoadRow(round_, _legs(stops, round_), tuple(stops))


def _columns(rows: Sequence[Sequence[Station]]) -> list[list[int]]:
    """Give each station a column: the first row counts up, a later one stands under the stages of the same name."""
    first = [station.name for station in rows[0]]
    placed = [list(range(1, len(first) + 1))]
    for row in rows[1:]:
        columns: list[int] = []
        for station in row:
            known = first.index(station.name) + 1 if station.name in first else 0
            columns.append(max(known, columns[-1] + 1 if columns else 1))
        placed.append(columns)
    return placed


def lay_out(data: ReportData) -> RoadMap | None:
    """Lay out the road, or None when there is no stage at all."""
    on_road = [station for station in data.road if not station.beside]
    if not on_road:
        return None
    num_rounds = max(station.round for station in on_road)
    last_round_ends = max(place for place, station in enumerate(on_road) if station.round == num_rounds)
    rows: list[list[Station]] = [[] for _ in range(num_rounds)]
    for place, station in enumerate(on_road):
        # What follows the last round (evaluate) stands at the end of its row.
        rows[num_rounds - 1 if place > last_round_ends else station.round - 1].append(station)
    rows = [row for row in rows if row]
    columns = _columns(rows)
    set_rows = tuple(_row(row, places, row[0].round) for row, places in zip(rows, columns, strict=True))
    names = [station.name for station in rows[0]]
    mix = again = back = None
    if data.mix and "pretrain" in names and "policy" in names:
        mix = (names.index("pretrain") + 1, names.index("policy") - names.index("pretrain") + 1)
    if len(rows) > 1:
        again = (columns[1][0], max(columns[0][-1] - columns[1][0] + 1, 1))
    people = [stop.column for stop in set_rows[-1].stops if stop.station.people]
    end = columns[-1][-1]
    if people and end > people[0]:
        back = (people[0], end - people[0] + 1)
    beside = tuple(station for station in data.road if station.beside)
    return RoadMap(max(max(places) for places in columns), set_rows, mix, again, back, beside)


def stage_title(name: str) -> str:
    """Write a stage's name for people.

    >>> stage_title("policy_without_mix")
    'policy without mix'
    """
    return name.replace("_", " ")


def road_words(data: ReportData) -> str:
    """Say in a sentence or three what the map shows."""
    stations = [station for station in data.road if not station.beside]
    num_made = sum(station.state == "made" for station in stations)
    total = f"{count_word(len(stations))} stage{'' if len(stations) == 1 else 's'}"
    start = total if num_made == len(stations) else f"{count_word(num_made)} of {total} made"
    said = [f"{capital(start)}, each a read-only artifact. Squares are where people come in."]
    num_rounds = max((station.round for station in stations), default=1)
    if num_rounds > 1:
        said.append(f"{capital(count_word(num_rounds))} rounds of ranking, reward and policy.")
    num_cached = sum(station.cached for station in stations)
    if num_cached:
        said.append(f"{capital(count_word(num_cached))} had been made before.")
    left = [stage_title(station.name) for station in stations if station.state == "not_run"]
    if left:
        said.append(f"Not run: {listed(left)}.")
    return " ".join(said)


def why_missing(data: ReportData, what: str, *stages: str) -> str:
    """Say in one sentence why a section is empty: the first of its stages that was not made tells its reason.

    `what` is the subject with its verb: `No prompt was ranked`.
    """
    if data.run.stop is not None and data.run.stop.stage in stages:
        return f"{what}: {stage_title(data.run.stop.stage)} stopped, {data.run.stop.cause}."
    for station in data.road:
        if station.name in stages and station.state != "made":
            word = "was not run" if station.state == "not_run" else "stopped"
            reason = f", {station.why}" if station.why else ""
            return f"{what}: {stage_title(station.name)} {word}{reason}."
    return f"{what}."
