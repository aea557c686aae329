"""Score columns to verdicts: the first rule of Gopher, C4 and FineWeb that a document fails, and its value."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Rule:
    """A column and the interval [low, high] that keeps a document; None is no bound. `source` says where it is from."""

    name: str
    column: str
    source: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Verdicts:
    """For each document the first failing rule (null where it is kept) and the value that failed."""

    rule: pa.StringArray
    value: pa.DoubleArray


def chosen(groups: tuple[str, ...], overrides: dict[str, tuple[float | None, float | None]]) -> tuple[Rule, ...]:
    """Return the rules of the groups (`gopher_quality`, `gopher_repetition`, `c4`, `fineweb`), bounds changed by name.

    RecipeError on an unknown group or rule, with the nearest valid one.
    """
    raise NotImplementedError


def verdicts(columns: pa.RecordBatch, rules: tuple[Rule, ...]) -> Verdicts:
    """Return the first failing rule of each document in the order of the rules."""
    raise NotImplementedError


def failures(columns: pa.RecordBatch, rules: tuple[Rule, ...]) -> dict[str, pa.BooleanArray]:
    """Return for each rule which documents fail it, whatever else they fail: for overlaps in the report."""
    raise NotImplementedError
