"""Turns a run into what its reader must know first: the title, the verdict, and in words what was missed."""

from __future__ import annotations

from dataclasses import dataclass

from trivium.evaluation.report.data import ReportData, ScoreRow, Sign
from trivium.evaluation.report.road import stage_title
from trivium.evaluation.report.whiskers import interval_words, value_words
from trivium.evaluation.report.words import count_word, large, listed, long_day, seconds, size_bytes

_ENDS = (
    ("policy", "an assistant"),
    ("sft", "a model that answers"),
    ("pretrain", "a language model"),
    ("tokenizer", "a vocabulary"),
)


@dataclass(frozen=True)
class Miss:
    """One missed bar: the row it stands in, and the sentence."""

    row: ScoreRow
    words: str


@dataclass(frozen=True)
class Headline:
    """What the head of the page says."""

    title: str
    sign: Sign
    verdict: str
    misses: tuple[Miss, ...]
    praise: str
    facts: tuple[str, ...]


def row_id(row: ScoreRow) -> str:
    """Return the anchor of a row of the scorecard.

    >>> row_id(ScoreRow(group="g", label="l", key="sft.stops", value=1.0))
    'row-sft-stops'
    """
    return "row-" + "".join(letter if letter.isalnum() else "-" for letter in row.key)


def _title(data: ReportData) -> str:
    """Write the title: where it set out, and how far it came."""
    run = data.run
    if run.stop is not None:
        return f"{run.recipe}: stopped at {stage_title(run.stop.stage)}"
    made = {station.name for station in data.road if station.state == "made"}
    end = next((words for name, words in _ENDS if name in made), "")
    if not end:
        return f"{run.recipe}: a run"
    start = f"{large(run.num_words)} words" if run.num_words else "raw text"
    return f"{run.recipe}: from {start} to {end}"


def _verdict(data: ReportData) -> tuple[Sign, str]:
    """Count the bars: the misses are named first by their sign."""
    num_met = sum(row.verdict == "met" for row in data.scorecard)
    num_missed = sum(row.verdict == "missed" for row in data.scorecard)
    num_bars = num_met + num_missed
    if data.run.stop is not None and not num_bars:
        return "bad", "Stopped before any bar was measured"
    if not num_bars:
        why = next((station.why for station in data.road if station.state == "not_run" and station.why), "")
        return "off", "No bar was measured" + (f", {why}" if why else "")
    if num_missed:
        return "bad", f"{num_met} of {num_bars} bars met, {num_missed} missed"
    if num_bars == 1:
        return "ok", "The one bar is met"
    return "ok", f"All {count_word(num_bars)} bars met"


def _miss(row: ScoreRow) -> Miss:
    """Say one miss: value, interval, and the bar."""
    value = f"undefined, {row.undefined}" if row.value is None else value_words(row)
    interval = interval_words(row)
    return Miss(row, f"{value}{f' ({interval})' if interval else ''}; the bar is {row.bar}")


def _facts(data: ReportData) -> tuple[str, ...]:
    """List the small print of the head."""
    run = data.run
    cost = seconds(run.wall_seconds) if run.wall_seconds is not None else ""
    if run.machine:
        cost += f" on {run.machine}" if cost else run.machine
    if run.peak_memory_bytes is not None:
        cost += (", " if cost else "") + size_bytes(run.peak_memory_bytes)
    kind = "synthetic text and simulated people" if run.synthetic else "real text and people"
    return tuple(part for part in (cost, f"seed {run.seed}, {long_day(run.day)}", kind) if part)


def headline(data: ReportData) -> Headline:
    """Write the head of the page."""
    sign, verdict = _verdict(data)
    phrases = [row.met_words for row in data.scorecard if row.met_words and row.verdict == "met"]
    praise = f"It {listed(phrases)}." if phrases else ""
    misses = tuple(_miss(row) for row in data.scorecard if row.verdict == "missed")
    return Headline(_title(data), sign, verdict, misses, praise, _facts(data))
