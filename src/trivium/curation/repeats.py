"""The paragraph keys of all parts to which paragraphs are left out of which documents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trivium.curation.clusters import Rows
from trivium.curation.duplicates import Parts
from trivium.curation.engine import Engine


@dataclass(frozen=True)
class Repeats:
    """Which paragraphs are left out: the document's row (sorted) and the paragraph's index in it."""

    rows: Rows
    indexes: NDArray[np.int32]

    def of(self, row: int) -> list[int]:
        """Return the indexes of one document's paragraphs to leave out."""
        low, high = np.searchsorted(self.rows, [row, row + 1])
        found: list[int] = self.indexes[low:high].tolist()
        return found


NONE = Repeats(np.empty(0, np.int64), np.empty(0, np.int32))


def find_repeats(parts: Parts, dropped: NDArray[np.bool_], max_copies: int, engine: Engine) -> Repeats:
    """Find the paragraphs beyond the first `max_copies` in the order read, among what is not dropped."""
    rows: list[Rows] = [NONE.rows]
    indexes: list[NDArray[np.int32]] = [NONE.indexes]
    files = [each.paragraphs for each in parts.files()]
    num_paragraphs = sum(part.num_paragraphs for part in parts.summaries)
    for found in engine.repeated(files, "key", num_paragraphs, ("document", "index")):
        documents = parts.rows(found["document"])
        counts = ~dropped[documents]
        documents, keys, index = documents[counts], found["key"][counts], found["index"][counts]
        if not len(keys):
            continue
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        nth = np.arange(len(keys)) - np.repeat(starts, np.diff([*starts, len(keys)]))
        extra = (nth >= max_copies) & (documents >= parts.num_reserved)
        rows.append(documents[extra])
        indexes.append(index[extra])
    joined, joined_indexes = np.concatenate(rows), np.concatenate(indexes)
    order = np.lexsort((joined_indexes, joined))
    return Repeats(joined[order], joined_indexes[order])
