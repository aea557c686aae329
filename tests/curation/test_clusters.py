"""Clusters are the connected components, whatever the order of the pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from trivium.curation.clusters import Clusters

pairs = st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40)


@given(pairs=pairs, order=st.randoms(use_true_random=False))
def test_roots_are_the_smallest_rows_of_the_connected_components(pairs: list[tuple[int, int]], order: object) -> None:
    first, second = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    graph = coo_array((np.ones(len(pairs)), (first, second)), shape=(30, 30))
    _, labels = connected_components(graph, directed=False)
    wanted = [int(np.flatnonzero(labels == label)[0]) for label in labels]
    clusters = Clusters(30)
    clusters.join(first[::-1], second[::-1])
    assert clusters.roots().tolist() == wanted
    assert clusters.apart(first, second).sum() == 0
