"""Token shards and a seed to an endless, resumable order: which pieces of which documents fill which row of which
step.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trivium.core.seed import stream
from trivium.training.shards import Segment, TokenShards


class PackedOrder:
    """Documents in a seeded permutation per epoch, epochs end to end, cut into rows of exactly `row_tokens`.

    The order has no state: `rows(step)` depends on seed and step only, so resuming is asking for the next step. Every
    token of an epoch comes exactly once, however rows are grouped into steps. A document that does not fit the rest of
    a row goes on in the next row, where its segment has `start` > 0 (it lacks the context before, as in all packed
    pre-training).

    Lengths (3, 2) in the order (1, 0), rows of 4: `[[1: 0–2, 0: 0–2], [0: 2–3, then the next epoch …]]`.
    """

    def __init__(self, shards: TokenShards, seed: int, row_tokens: int, rows_per_step: int) -> None:
        """Look at the documents' lengths only."""
        if row_tokens < 1 or rows_per_step < 1:
            raise ValueError(f"wanted at least one token and one row, found {row_tokens} and {rows_per_step}")
        self.row_tokens = row_tokens
        self.rows_per_step = rows_per_step
        self.epoch_tokens = shards.num_tokens
        self._seed = seed
        self._lengths = shards.lengths()
        self._epoch = lru_cache(maxsize=2)(
            self._permuted
        )  # a step may touch the end of one epoch and the start of the next

    @property
    def tokens_per_step(self) -> int:
        """How many tokens one step takes."""
        return self.row_tokens * self.rows_per_step

    def rows(self, step: int) -> list[list[Segment]]:
        """Return the rows of a step, counted from 0; O(rows · log documents) after O(documents) once an epoch."""
        first = step * self.rows_per_step
        return [self._row((first + index) * self.row_tokens) for index in range(self.rows_per_step)]

    def _row(self, position: int) -> list[Segment]:
        """Return the segments from this position of the endless stream."""
        segments: list[Segment] = []
        missing = self.row_tokens
        while missing:
            epoch, offset = divmod(position, self.epoch_tokens)
            order, ends = self._epoch(epoch)
            place = int(np.searchsorted(ends, offset, side="right"))
            taken = min(missing, int(ends[place]) - offset)
            document = int(order[place])
            start = offset - (int(ends[place]) - int(self._lengths[document]))
            segments.append(Segment(document, start, start + taken))
            position += taken
            missing -= taken
        return segments

    def _permuted(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the order of the documents in an epoch, and where each ends in it."""
        order = stream(self._seed, "packed order", epoch).permutation(len(self._lengths))
        return order, np.cumsum(self._lengths[order])
