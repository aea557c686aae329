"""An Arrow array of texts to blocks of whole documents as bytes, small enough to stay in a core's cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 17
"""Measured: smaller blocks pay for calls, larger ones for cache misses; a longer document is a block of its own."""


@dataclass(frozen=True)
class Block:
    """Documents side by side: document i has `data[offsets[i] : offsets[i + 1]]`, in UTF-8."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    first: int
    """Index of the first document in the batch."""

    @property
    def num_documents(self) -> int:
        """Documents in the block, empty ones included."""
        return len(self.offsets) - 1


def as_bytes(texts: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of all texts and their bounds in them, without a copy; a null is an error of the caller's."""
    if texts.null_count:
        raise ValueError(f"wanted texts, found {texts.null_count} nulls among them")
    if texts.type != pa.large_string():
        texts = texts.cast(pa.large_string())
    _validity, bounds, data = texts.buffers()
    if not len(texts) or data is None:
        return np.zeros(0, np.uint8), np.zeros(len(texts) + 1, np.int64)
    offsets = np.frombuffer(bounds, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def blocks(texts: pa.LargeStringArray) -> Iterator[Block]:
    """Yield the documents in blocks, in order.

    >>> [(block.first, block.num_documents) for block in blocks(pa.array(["a", "b"], pa.large_string()))]
    [(0, 2)]
    """
    data, offsets = as_bytes(texts)
    first = 0
    while first < len(texts):
        stop = int(np.searchsorted(offsets, offsets[first] + BLOCK_BYTES, side="right")) - 1
        stop = min(max(stop, first + 1), len(texts))
        low, high = offsets[first], offsets[stop]
        yield Block(data[low:high], offsets[first : stop + 1] - low, first)
        first = stop
