"""A trail to the scorecard: what the evaluation measured, what the run cost, and which bars were met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trivium.evaluation.assemble.trail import Trail
from trivium.evaluation.bars import TASKS, Bar, rows_for
from trivium.evaluation.report.data import Estimate, ScoreRow, Task
from trivium.evaluation.report.words import decimal, listed
from trivium.records import Measure

_N_UNITS = {"bits_per_byte": "document", "wall_seconds": "stage", "peak_memory_bytes": "stage"}


def costs(trail: Trail) -> dict[str, Measure]:
    """Return the sum of the stages' seconds and the highest of their memory peaks.

    Both come from the manifests, so a run that found everything made has the numbers of the run that made it.
    """
    manifests = [artifact.manifest for artifact in trail.made.values()]
    if not manifests:
        return {}
    seconds = round(sum(manifest.seconds for manifest in manifests), 3)
    peak = float(max(manifest.peak_memory_bytes for manifest in manifests))
    values = {"wall_seconds": seconds, "peak_memory_bytes": peak}
    return {key: Measure(value=value, n=len(manifests), low=value, high=value) for key, value in values.items()}


def card_of(trail: Trail) -> dict[str, Measure]:
    """Return every number of the run by its key: the evaluation's, and the costs."""
    return {**trail.evaluated, **costs(trail)}


def score_rows(trail: Trail) -> tuple[ScoreRow, ...]:
    """Return the rows of the scorecard with their verdicts; none where the evaluation was not made."""
    return rows_of(card_of(trail), truth_known=trail.truth_known) if trail.evaluated else ()


def rows_of(card: Mapping[str, Measure], *, truth_known: bool) -> tuple[ScoreRow, ...]:
    """Return the rows of a card, as `scorecard.json` has it, with their verdicts."""
    return tuple(_row(bar, card) for bar in rows_for(card, truth_known=truth_known))


def _row(bar: Bar, card: Mapping[str, Measure]) -> ScoreRow:
    measure = card.get(bar.key, Measure(value=None, n=0, undefined="it was not measured"))
    lines = bar.lines_in(card)
    moving = bool(lines) and lines != bar.lines
    places = 3 if bar.unit == "bits" else 2
    text = f"{bar.text}: {' to '.join(decimal(line, places) for line in lines)}" if moving else bar.text
    exact = bar.key in ("wall_seconds", "peak_memory_bytes")
    return ScoreRow(
        group=bar.group,
        label=bar.label,
        key=bar.key,
        value=measure.value,
        low=None if exact else measure.low,
        high=None if exact else measure.high,
        n=measure.n,
        n_unit=_N_UNITS.get(bar.key.split(".")[0], ""),
        unit=bar.unit,
        bar=text,
        bar_lines=lines,
        verdict=bar.verdict(card),
        less_is_better=bar.less_is_better,
        undefined=measure.undefined or "no value" if measure.value is None else "",
        met_words=bar.met_words,
    )


def verdict_words(rows: Sequence[ScoreRow]) -> str:
    """Say how many bars were met, and name those missed.

    >>> rows = [ScoreRow(group="", label="Stops", key=key, value=1.0, verdict=v) for key, v in
    ...         (("sft.stops", "met"), ("policy.stops", "missed"), ("x", "no bar"))]
    >>> verdict_words(rows), verdict_words(rows[2:])
    ('1 of 2 bars met; missed: policy.stops', 'no bar applies')
    """
    missed = [row.key for row in rows if row.verdict == "missed"]
    num_bars = len(missed) + sum(row.verdict == "met" for row in rows)
    if not num_bars:
        return "no bar applies"
    if not missed:
        return f"all {num_bars} bars met"
    return f"{num_bars - len(missed)} of {num_bars} bars met; missed: {listed(missed)}"


def task_rows(trail: Trail) -> tuple[Task, ...]:
    """Return the ten task types, measured on base, sft and policy."""
    tasks = []
    for name in TASKS:
        of = {model: _estimate(trail.evaluated.get(f"{model}.tasks.{name}")) for model in ("base", "sft", "policy")}
        if any(estimate is not None for estimate in of.values()):
            label = name.replace("_", " ").replace("qa", "question").capitalize()
            tasks.append(Task(label=label, base=of["base"], sft=of["sft"], policy=of["policy"]))
    return tuple(tasks)


def _estimate(measure: Measure | None) -> Estimate | None:
    if measure is None or measure.value is None:
        return None
    low = measure.value if measure.low is None else measure.low
    high = measure.value if measure.high is None else measure.high
    return Estimate(value=measure.value, low=low, high=high, n=measure.n)
