"""Prompts to the others most like them by the words they share: where a reply that belongs to another prompt is
hardest to tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import sparse

CHUNK = 512  # prompts compared at once: memory is 512 · n · 8 bytes
_WORD = re.compile(r"\w+")
Reply = TypeVar("Reply")


def nearest(texts: Sequence[str], count: int) -> NDArray[np.int64]:
    """Return, for each text, the indices [n, count] of the texts most like it, most alike first, never itself.

    Likeness is the cosine of bags of words weighted by log(n / documents with the word) (Spärck Jones 1972). Texts
    that share
    nothing are as alike as any; ties go to the lower index. `count` is cut to n − 1.

    >>> nearest(["steal a car", "steal a kiss", "what is red"], 1).tolist()
    [[1], [0], [0]]
    """
    count = min(count, len(texts) - 1)
    found = np.zeros((len(texts), count), dtype=np.int64)
    if not count:
        return found
    vectors = _vectors(texts)
    for start in range(0, len(texts), CHUNK):
        part = vectors[start : start + CHUNK]
        likeness = np.asarray((part @ vectors.T).todense())
        likeness[np.arange(part.shape[0]), start + np.arange(part.shape[0])] = -1.0
        found[start : start + CHUNK] = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
    return found


def stray_replies(
    own: Sequence[Reply], others: Sequence[Reply], reaches: Sequence[int], rng: Generator
) -> list[Reply]:
    """Return, for each reach, one reply that was given to another text: drawn from the first `reach` of `others`.

    `others` are replies to the texts most like this one, most alike first. One that the text has already is passed
    over where there is another.

    >>> stray_replies(["a"], ["a", "b", "c"], [2], np.random.default_rng(0))
    ['b']
    """
    held = list(own)
    for reach in reaches:
        candidates = [others[index] for index in rng.permutation(min(reach, len(others)))]
        held.append(next((reply for reply in candidates if reply not in held), candidates[0]))
    return held[len(own) :]


def _vectors(texts: Sequence[str]) -> sparse.csr_matrix:
    """Return one unit vector of weighted words a text."""
    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for index, text in enumerate(texts):
        for word in sorted(set(_WORD.findall(text.lower()))):
            rows.append(index)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
    shape = (len(texts), max(1, len(vocabulary)))
    counts = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    weights = np.log(len(texts) / np.maximum(1, np.asarray(counts.sum(axis=0)).ravel())) + 1e-9
    weighted = counts.multiply(weights).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sparse.diags(1 / np.maximum(norms, 1e-12)) @ weighted
