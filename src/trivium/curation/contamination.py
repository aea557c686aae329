"""Evaluation items to an index of their word runs, and documents to the items whose runs they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trivium.curation.words import Words, ngrams, words
from trivium.records import Document

EVALUATION = "evaluation.index"
"""What the index is called where it is kept."""
ITEMS_AT_ONCE = 512
MAX_NAMED = 5
"""So many items of a document's matches are named."""


@dataclass(frozen=True)
class EvaluationIndex:
    """The runs of all items, sorted by hash, each with the number of its item, and the items' names."""

    num_words: int
    hashes: NDArray[np.uint64]
    items: NDArray[np.int32]
    names: tuple[str, ...]
    num_short: int
    """Items with fewer words than a run: they cannot be found."""
    min_matches: int = 1
    """So many runs of a document must be some item's."""

    def save(self, path: Path) -> None:
        """Write one file of arrays, the same bytes for the same index (an .npz would hold the time)."""
        numbers = np.array([self.num_words, self.num_short, self.min_matches])
        with path.open("wb") as file:
            for array in (numbers, self.hashes, self.items, np.array(self.names, dtype=np.str_)):
                np.save(file, array)

    @classmethod
    def load(cls, path: Path) -> EvaluationIndex:
        """Open what `save` wrote."""
        with path.open("rb") as file:
            numbers, hashes, items, names = (np.load(file) for _ in range(4))
        num_words, num_short, min_matches = numbers.tolist()
        return cls(num_words, hashes, items, tuple(names.tolist()), num_short, min_matches)


def index_items(items: Iterable[Document], num_words: int, min_matches: int = 1) -> EvaluationIndex:
    """Index evaluation items; the document's id is the item's name."""
    names: list[str] = []
    hashes: list[NDArray[np.uint64]] = []
    numbers: list[NDArray[np.int32]] = []
    num_short = 0
    for batch in _batches(items):
        runs = ngrams(words(pa.array([item.text for item in batch], pa.large_string())), num_words)
        counts = np.diff(runs.offsets)
        num_short += int((counts == 0).sum())
        hashes.append(runs.hashes)
        numbers.append(np.repeat(np.arange(len(names), len(names) + len(batch), dtype=np.int32), counts))
        names += [item.id for item in batch]
    all_hashes = np.concatenate(hashes) if hashes else np.empty(0, np.uint64)
    all_numbers = np.concatenate(numbers) if numbers else np.empty(0, np.int32)
    order = np.lexsort((all_numbers, all_hashes))
    return EvaluationIndex(num_words, all_hashes[order], all_numbers[order], tuple(names), num_short, min_matches)


def _batches(items: Iterable[Document]) -> Iterator[list[Document]]:
    stream = iter(items)
    while batch := list(islice(stream, ITEMS_AT_ONCE)):
        yield batch


@dataclass(frozen=True)
class Matches:
    """For each document how many of its runs are some item's, and which items (numbers), none where there are none."""

    num_runs: NDArray[np.int64]
    items: dict[int, list[int]]


def match(of: Words, index: EvaluationIndex) -> Matches:
    """Find the items in each document."""
    runs = ngrams(of, index.num_words)
    num_documents = len(runs.offsets) - 1
    first = np.searchsorted(index.hashes, runs.hashes)
    inside = first < len(index.hashes)
    hit = np.zeros(len(runs.hashes), bool)
    hit[inside] = index.hashes[first[inside]] == runs.hashes[inside]
    places = np.flatnonzero(hit)
    owners = np.searchsorted(runs.offsets, places, side="right") - 1
    items: dict[int, list[int]] = {}
    last = np.searchsorted(index.hashes, runs.hashes[places], side="right")
    for owner, start, stop in zip(owners.tolist(), first[places].tolist(), last.tolist(), strict=True):
        items.setdefault(owner, []).extend(index.items[start:stop].tolist())
    return Matches(
        np.bincount(owners, minlength=num_documents), {owner: sorted(set(each)) for owner, each in items.items()}
    )


def named(items: list[int], index: EvaluationIndex) -> str:
    """Write the items' names, at most MAX_NAMED of them."""
    more = len(items) - MAX_NAMED
    return ", ".join(index.names[item] for item in items[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
