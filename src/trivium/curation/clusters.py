"""Pairs to clusters: a union-find over row numbers, 8 bytes a row."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class Clusters:
    """Which rows belong together.

    >>> clusters = Clusters(5)
    >>> clusters.join(np.array([3, 1]), np.array([4, 3]))
    >>> clusters.roots().tolist()
    [0, 1, 2, 1, 1]
    """

    def __init__(self, num_rows: int) -> None:
        """Begin with each row alone."""
        self._parents = array("q", range(num_rows))

    def join(self, first: Rows, second: Rows) -> None:
        """Put the two rows of each pair into one cluster; its root is its smallest row, whatever the order of pairs."""
        parents = self._parents
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            while parents[a] != a:
                parents[a] = a = parents[parents[a]]
            while parents[b] != b:
                parents[b] = b = parents[parents[b]]
            if a != b:
                parents[max(a, b)] = min(a, b)

    def apart(self, first: Rows, second: Rows) -> NDArray[np.bool_]:
        """Return which pairs are not in one cluster yet."""
        different: NDArray[np.bool_] = self._roots_of(first) != self._roots_of(second)
        return different

    def roots(self) -> Rows:
        """Return the smallest row of each row's cluster."""
        return self._roots_of(np.arange(len(self._parents)))

    def _roots_of(self, rows: Rows) -> Rows:
        parents: Rows = np.frombuffer(self._parents, np.int64)
        while True:
            above = parents[rows]
            if np.array_equal(above, rows):
                return rows
            rows = above
