"""The keys of all parts to which documents are copies of which: exact ones, and near ones by their signatures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from trivium.curation.clusters import Clusters, Rows
from trivium.curation.engine import Engine
from trivium.curation.part import PLACE_BITS, PartFiles, PartSummary, band_names
from trivium.curation.settings import CurationSettings, NearDuplicates

PAIRS_AT_ONCE = 4096
"""So many pairs of signatures are in memory at a time."""


@dataclass(frozen=True)
class Parts:
    """All parts of a corpus, and the number of each document among all: the order it was read in."""

    folder: Path
    summaries: Sequence[PartSummary]
    num_reserved: int
    """The first so many documents are held out by their source: they stay, whatever they resemble."""

    @property
    def num_documents(self) -> int:
        """How many there are, dropped ones too."""
        return sum(part.num_documents for part in self.summaries)

    @property
    def num_survivors(self) -> int:
        """How many no rule dropped."""
        return sum(part.num_survivors for part in self.summaries)

    @property
    def starts(self) -> Rows:
        """The number of each part's first document."""
        return np.cumsum([0, *(part.num_documents for part in self.summaries)])[:-1]

    def files(self) -> list[PartFiles]:
        """Return the files of each part."""
        return [PartFiles(self.folder, part.number) for part in self.summaries]

    def rows(self, places: NDArray[np.int64]) -> Rows:
        """Return the numbers of documents given by part and row."""
        rows: Rows = self.starts[places >> PLACE_BITS] + (places & ((1 << PLACE_BITS) - 1))
        return rows


@dataclass
class Copies:
    """What the whole corpus shows. A row stands for a document, in the order read."""

    exact_of: Rows
    """The row of the same text that is kept in this one's stead, -1 where there is none."""
    cluster: Rows
    """The row that is kept of the near duplicates this one belongs to (itself where it is the one), -1 for none."""
    similarity: dict[int, float] = field(default_factory=dict)
    """Of each near duplicate's signature to that of the kept one, the estimate of their Jaccard similarity."""

    def dropped(self) -> NDArray[np.bool_]:
        """Return which rows are not kept."""
        near: NDArray[np.bool_] = (self.cluster >= 0) & (self.cluster != np.arange(len(self.cluster)))
        return near | (self.exact_of >= 0)


def find_copies(parts: Parts, settings: CurationSettings, engine: Engine) -> Copies:
    """Compare everything that no rule dropped with everything, within sources and across them."""
    copies = Copies(np.full(parts.num_documents, -1), np.full(parts.num_documents, -1))
    keys = [files.keys for files in parts.files()]
    for found in engine.repeated(keys, "exact", parts.num_survivors, ("check",)):
        _note_exact(found, parts, copies)
    if settings.near_duplicates is not None:
        _find_near(keys, parts, settings, engine, copies)
    return copies


def _note_exact(found: dict[str, NDArray[Any]], parts: Parts, copies: Copies) -> None:
    if not len(found["place"]):
        return
    order = np.lexsort((found["place"], found["check"], found["exact"]))
    rows = parts.rows(found["place"][order])
    same = (np.diff(found["exact"][order]) == 0) & (np.diff(found["check"][order].astype(np.int64)) == 0)
    firsts = _first_of_runs(same)
    copied = (firsts != np.arange(len(rows))) & (rows >= parts.num_reserved)
    copies.exact_of[rows[copied]] = rows[firsts[copied]]


def _first_of_runs(same: NDArray[np.bool_]) -> Rows:
    """Return for each place the first place of its run; `same[i]` says that i and i + 1 are of one run."""
    starts = np.flatnonzero(np.concatenate([[True], ~same]))
    return np.repeat(starts, np.diff([*starts, len(same) + 1]))


def _find_near(keys: Sequence[Path], parts: Parts, settings: CurationSettings, engine: Engine, copies: Copies) -> None:
    near = settings.near_duplicates
    assert near is not None
    signatures = Signatures(parts, near)
    clusters = Clusters(parts.num_documents)
    for band in band_names(settings):
        for found in engine.repeated(keys, band, parts.num_survivors):
            for first, second in _pairs(found[band], parts.rows(found["place"]), copies):
                apart = clusters.apart(first, second)
                first, second = first[apart], second[apart]
                alike = signatures.similarity(first, second) >= near.min_similarity
                clusters.join(first[alike], second[alike])
    roots = clusters.roots()
    members = np.flatnonzero(np.bincount(roots, minlength=len(roots))[roots] > 1)
    kept = _choose(members, roots[members], parts)
    copies.cluster[members] = kept
    for start in range(0, len(members), PAIRS_AT_ONCE):
        some, by = members[start : start + PAIRS_AT_ONCE], kept[start : start + PAIRS_AT_ONCE]
        copies.similarity |= dict(zip(some.tolist(), signatures.similarity(some, by).tolist(), strict=True))
    reserved = members[members < parts.num_reserved]
    copies.cluster[reserved] = reserved


def _pairs(keys: NDArray[np.uint64], rows: Rows, copies: Copies) -> Iterator[tuple[Rows, Rows]]:
    """Yield the pairs to compare of each bucket: each row with the bucket's first, and with the one before it.

    A bucket of n rows has n² / 2 pairs; these 2 n find the same clusters wherever a bucket's rows are alike, and other
    bands mend the rest.
    """
    single = copies.exact_of[rows] < 0
    keys, rows = keys[single], rows[single]
    if not len(rows):
        return
    same = keys[1:] == keys[:-1]
    firsts = _first_of_runs(same)
    later = np.flatnonzero(firsts != np.arange(len(rows)))
    pairs = np.concatenate([[rows[firsts[later]], rows[later]], [rows[later - 1], rows[later]]], axis=1)
    for start in range(0, pairs.shape[1], PAIRS_AT_ONCE):
        yield pairs[0, start : start + PAIRS_AT_ONCE], pairs[1, start : start + PAIRS_AT_ONCE]


class Signatures:
    """The signatures of all survivors on disk; a few at a time come into memory."""

    def __init__(self, parts: Parts, near: NearDuplicates) -> None:
        """Find out where each survivor's signature lies."""
        self._width = near.signature.num_hashes
        self._files = [files.signatures for files in parts.files()]
        self._slots = np.full(parts.num_documents, -1)
        self._starts = np.cumsum([0, *(part.num_survivors for part in parts.summaries)])
        for part, files in enumerate(parts.files()):
            rows = parts.rows(pq.read_table(files.keys, columns=["place"])["place"].to_numpy())
            self._slots[rows] = self._starts[part] + np.arange(len(rows))

    def similarity(self, first: Rows, second: Rows) -> NDArray[np.float64]:
        """Return the share of equal entries of each pair."""
        return (self._read(first) == self._read(second)).mean(axis=1) if len(first) else np.empty(0)

    def _read(self, rows: Rows) -> NDArray[np.uint32]:
        slots = self._slots[rows]
        found = np.empty((len(rows), self._width), "<u4")
        of = np.searchsorted(self._starts, slots, side="right") - 1
        for part in np.unique(of).tolist():
            mapped = np.memmap(self._files[part], "<u4", "r").reshape(-1, self._width)
            here = of == part
            found[here] = mapped[slots[here] - self._starts[part]]
        return found


def _choose(members: Rows, roots: Rows, parts: Parts) -> Rows:
    """Return for each member of a cluster the one that is kept of it.

    What the source holds out comes first, then what is most like the good examples, then the longest, then the smallest
    id: the same whichever order the parts came in.
    """
    scores, lengths, ids = _facts(members, parts)
    order = np.lexsort((ids, -lengths, -scores, members >= parts.num_reserved, roots))
    sorted_roots = roots[order]
    best = order[_first_of_runs(sorted_roots[1:] == sorted_roots[:-1])] if len(order) else order
    kept = np.empty_like(members)
    kept[order] = members[best]
    return kept


def _facts(members: Rows, parts: Parts) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.str_]]:
    """Read the example score, length and id of some documents (sorted by row)."""
    scores, lengths, ids = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0, np.str_)]
    for start, part, files in zip(parts.starts.tolist(), parts.summaries, parts.files(), strict=True):
        low, high = np.searchsorted(members, [start, start + part.num_documents])
        if low == high:
            continue
        wanted = ["id", "characters", "example_score"]
        names = [name for name in wanted if name in pq.read_schema(files.documents).names]
        table = pq.read_table(files.documents, columns=names).take(members[low:high] - start)
        ids.append(np.array(table["id"].to_pylist(), np.str_))
        lengths.append(table["characters"].to_numpy())
        has_score = "example_score" in names
        scores.append(table["example_score"].fill_null(0.0).to_numpy() if has_score else np.zeros(high - low))
    return np.concatenate(scores), np.concatenate(lengths), np.concatenate(ids)
