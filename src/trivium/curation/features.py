"""A batch of texts to the score columns of every quality rule, and its word hashes, in one pass over Arrow buffers."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from trivium.curation.words import Words


@dataclass(frozen=True)
class Features:
    """Score columns (one row a document) and the word hashes of the same batch."""

    columns: pa.RecordBatch
    words: Words


def features(texts: pa.LargeStringArray, *, repetition: bool = True) -> Features:
    """Return all scores that `rules` knows; `repetition=False` leaves out the n-gram columns, the dearest ones."""
    raise NotImplementedError
