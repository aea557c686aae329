"""The documents of a batch to what each is dropped for: the first reason counts, and stands with its value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

COLUMNS = pa.schema([("rule", pa.string()), ("value", pa.float64()), ("detail", pa.string())])
"""`rule` is null where a document is kept; `value` is what failed it; `detail` a word: a language, another's id."""


class Verdict:
    """What each document of a batch is dropped for, None where it is kept so far."""

    def __init__(self, num_documents: int) -> None:
        """Begin with all kept."""
        self.rules: list[str | None] = [None] * num_documents
        self.values: list[float | None] = [None] * num_documents
        self.details: list[str | None] = [None] * num_documents
        self.kept: NDArray[np.bool_] = np.ones(num_documents, bool)

    def drop(
        self,
        which: Any,
        rule: str,
        values: Sequence[float | None] | NDArray[Any] | None = None,
        details: Sequence[str | None] | None = None,
    ) -> None:
        """Drop the documents of a mask that are kept so far."""
        for index in np.flatnonzero(np.asarray(which, bool) & self.kept).tolist():
            self.rules[index] = rule
            value = None if values is None else values[index]
            self.values[index] = None if value is None else float(value)
            self.details[index] = None if details is None else details[index]
            self.kept[index] = False

    def drop_each(self, rules: Sequence[str | None], values: Sequence[float | None]) -> None:
        """Drop each kept document that has a rule here."""
        for index, rule in enumerate(rules):
            if rule is not None and self.kept[index]:
                self.rules[index], self.values[index] = rule, values[index]
                self.kept[index] = False

    def spread(self, of: Verdict, rows: NDArray[np.int64]) -> None:
        """Take over the verdict on some of the documents, which stand at these rows."""
        for index, row in enumerate(rows.tolist()):
            if not of.kept[index]:
                self.rules[row], self.values[row], self.details[row] = (
                    of.rules[index],
                    of.values[index],
                    of.details[index],
                )
                self.kept[row] = False

    def columns(self) -> list[pa.Array]:
        """Return the columns of COLUMNS."""
        found = (self.rules, self.values, self.details)
        return [pa.array(each, field.type) for each, field in zip(found, COLUMNS, strict=True)]
