"""The scores of all documents to the account of what was read, kept and dropped: the numbers of the report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from trivium.curation import rules
from trivium.curation.contamination import EvaluationIndex
from trivium.curation.settings import CurationSettings
from trivium.curation.settle import Settled
from trivium.curation.sift import rule_columns

LENGTH_EDGES = (0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000)
"""Characters; the last bin is open."""
SCORES = ("toxicity", "example_score")
SCORE_BINS = 10
CLUSTER_EDGES = (2, 3, 4, 6, 11, 51)
MUCH = 0.5
"""A rule that takes more than this share is worth a look."""
LARGEST = 8
BEFORE = ("too short", "exact duplicate", "language", "language unsure")
AFTER = ("bad words", "toxic", "unlike the good examples", "evaluation item", "near duplicate", "nothing but repeats")
"""Rules that are not among the quality rules, in the order in which they apply."""
COPIES = ("exact duplicate", "near duplicate")


class Account:
    """Counts batch by batch; `table` is the account as JSON types."""

    def __init__(self, settings: CurationSettings) -> None:
        """Begin at nought."""
        self.settings = settings
        quality = settings.quality
        self.rules = quality.chosen() if quality else ()
        self.sources: dict[str, Counter[str]] = defaultdict(Counter)
        self.licences: dict[str, str] = {}
        self.dropped: dict[str, Counter[str]] = {}
        self.languages: dict[str, Counter[str]] = defaultdict(Counter)
        self.lengths = {side: np.zeros(len(LENGTH_EDGES), np.int64) for side in ("read", "kept")}
        self.scores: dict[str, dict[str, NDArray[np.int64]]] = {}
        self.clusters: Counter[str] = Counter()
        self.cluster_sources: dict[str, set[str]] = defaultdict(set)
        self.sums: dict[str, int] = defaultdict(int)
        self.touched: dict[str, int] = defaultdict(int)
        self.failed: dict[str, int] = defaultdict(int)
        self.together: dict[tuple[str, str], int] = defaultdict(int)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch of scores.parquet."""
        names = ("source", "licence", "side", "rule", "cluster", "characters")
        columns = {name: batch.column(name).to_pylist() for name in names}
        codes = batch.column("language").to_pylist() if "language" in batch.schema.names else None
        for index, side in enumerate(columns["side"]):
            source, rule, cluster = (columns[name][index] for name in ("source", "rule", "cluster"))
            self.sources[source]["read"] += 1
            self.sources[source][side] += 1
            self.sources[source]["characters"] += columns["characters"][index] if side == "train" else 0
            self.licences[source] = columns["licence"][index]
            if rule is not None:
                self.dropped.setdefault(rule, Counter())[source] += 1
            if cluster is not None:
                self.clusters[cluster] += 1
                self.cluster_sources[cluster].add(source)
            if codes is not None and codes[index] is not None:
                self.languages[codes[index]].update(["read"] if rule is not None else ["read", "kept"])
        kept = np.array([rule is None for rule in columns["rule"]], bool)
        self._lengths(columns["characters"], kept)
        self._scores(batch, kept)
        self._sums(batch)
        self._overlaps(batch)

    def _scores(self, batch: pa.RecordBatch, kept: NDArray[np.bool_]) -> None:
        for name in set(SCORES) & set(batch.schema.names):
            column = batch.column(name)
            scored = np.asarray(column.is_valid().to_numpy(zero_copy_only=False), bool)
            bins = (column.fill_null(0.0).to_numpy(zero_copy_only=False) * SCORE_BINS).astype(np.int64)
            bins = np.minimum(bins, SCORE_BINS - 1)
            of = self.scores.setdefault(name, {side: np.zeros(SCORE_BINS, np.int64) for side in ("read", "kept")})
            for side, which in (("read", scored), ("kept", scored & kept)):
                of[side] += np.bincount(bins[which], minlength=SCORE_BINS)

    def _lengths(self, lengths: list[int], kept: NDArray[np.bool_]) -> None:
        bins = np.searchsorted(LENGTH_EDGES, lengths, side="right") - 1
        for side, of in (("read", bins), ("kept", bins[kept])):
            self.lengths[side] += np.bincount(of, minlength=len(LENGTH_EDGES))

    def _sums(self, batch: pa.RecordBatch) -> None:
        for name in batch.schema.names:
            if name.startswith(("private.", "clean.")):
                values = batch.column(name).fill_null(0).to_numpy(zero_copy_only=False)
                self.sums[name] += int(values.sum())
                self.touched[name] += int((values > 0).sum())

    def _overlaps(self, batch: pa.RecordBatch) -> None:
        """Count which rules each document fails, whatever it was dropped for."""
        if not self.rules:
            return
        names = rule_columns(self.rules, batch.schema.names)
        columns = pa.RecordBatch.from_arrays([batch.column(name) for name in names], names)
        found = rules.failures(columns, self.rules)
        masks = {
            name: np.asarray(each.fill_null(False).to_numpy(zero_copy_only=False), bool) for name, each in found.items()
        }
        for first, mask in masks.items():
            if not mask.any():
                continue
            self.failed[first] += int(mask.sum())
            for second, other in masks.items():
                if first < second:
                    self.together[first, second] += int((mask & other).sum())

    def table(self, settled: Settled) -> dict[str, Any]:
        """Return the account."""
        num_read = sum(each["read"] for each in self.sources.values())
        table: dict[str, Any] = {
            "documents": {"read": num_read, "kept": settled.num_kept, "heldout": settled.num_heldout},
            "characters": settled.characters,
            "words": settled.num_words,
            "sources": [self._source(name) for name in self.sources],
            "dropped": [
                {"rule": rule, "documents": self.dropped[rule].total(), "by_source": dict(self.dropped[rule])}
                for rule in sorted(self.dropped, key=self._when)
            ],
            "failed": dict(sorted(self.failed.items(), key=lambda each: -each[1])),
            "overlaps": [
                {"rules": list(pair), "documents": count}
                for pair, count in sorted(self.together.items(), key=lambda each: (-each[1], each[0]))
                if count
            ],
            "languages": {
                code: {"read": counts["read"], "kept": counts["kept"]}
                for code, counts in sorted(self.languages.items(), key=lambda each: (-each[1]["read"], each[0]))
            },
            "lengths": {"edges": list(LENGTH_EDGES)} | {side: bins.tolist() for side, bins in self.lengths.items()},
            "scores": {
                name: {"edges": [number / SCORE_BINS for number in range(SCORE_BINS)]}
                | {side: bins.tolist() for side, bins in self.scores[name].items()}
                for name in SCORES
                if name in self.scores
            },
            "duplicates": self._duplicates(),
            "private": self._counts("private."),
            "repaired": self._counts("clean."),
            "decontamination": None,
            "repeated_paragraphs": settled.paragraphs_left_out,
            "samples": {rule: [asdict(each) for each in samples] for rule, samples in settled.samples.items()},
        }
        return table

    def _when(self, rule: str) -> int:
        """Return the place of a rule in the order in which rules apply."""
        order = (*BEFORE, *(each.name for each in self.rules), *AFTER)
        return order.index(rule)

    def _source(self, name: str) -> dict[str, Any]:
        counts = self.sources[name]
        return {
            "name": name,
            "licence": self.licences[name],
            "read": counts["read"],
            "kept": counts["train"],
            "heldout": counts["heldout"],
            "dropped": counts["dropped"],
            "characters": counts["characters"],
        }

    def _duplicates(self) -> dict[str, Any]:
        sizes = np.array(sorted(self.clusters.values()), np.int64)
        bins = np.searchsorted(CLUSTER_EDGES, sizes, side="right") - 1
        largest = sorted(self.clusters.items(), key=lambda each: (-each[1], each[0]))[:LARGEST]
        return {
            "exact": self.dropped.get("exact duplicate", Counter()).total(),
            "near": self.dropped.get("near duplicate", Counter()).total(),
            "clusters": len(sizes),
            "across_sources": sum(len(names) > 1 for names in self.cluster_sources.values()),
            "edges": list(CLUSTER_EDGES),
            "sizes": np.bincount(bins, minlength=len(CLUSTER_EDGES)).tolist() if len(sizes) else [],
            "largest": [
                {"id": one, "documents": size, "sources": sorted(self.cluster_sources[one])} for one, size in largest
            ],
        }

    def _counts(self, prefix: str) -> dict[str, dict[str, int]]:
        return {
            name.removeprefix(prefix): {"found": self.sums[name], "documents": self.touched[name]}
            for name in self.sums
            if name.startswith(prefix)
        }


def take_account(
    scores: Path, settings: CurationSettings, settled: Settled, evaluation: EvaluationIndex | None
) -> dict[str, Any]:
    """Return the account of a corpus, its warnings among it."""
    account = Account(settings)
    with pq.ParquetFile(scores) as opened:
        for batch in opened.iter_batches(4096):
            account.add(batch)
    table = account.table(settled)
    if evaluation is not None:
        table["decontamination"] = {
            "items": len(evaluation.names),
            "short_items": evaluation.num_short,
            "num_words": evaluation.num_words,
            "documents": account.dropped.get("evaluation item", Counter()).total(),
        }
    return table | {"warnings": list(warnings(table, settings))}


def warnings(table: dict[str, Any], settings: CurationSettings) -> Iterator[str]:
    """Say what looks as if it were not meant."""
    num_read, found = table["documents"]["read"], table["duplicates"]
    if num_read > 1 and not found["exact"]:
        yield f"0 exact duplicates found among {num_read:,} documents"
    if settings.near_duplicates is not None and num_read > 1 and not found["near"]:
        yield f"0 near duplicates found among {num_read:,} documents"
    for source in table["sources"]:
        copies = sum(each["by_source"].get(source["name"], 0) for each in table["dropped"] if each["rule"] in COPIES)
        if source["dropped"] == source["read"] > copies:
            yield f"everything removed: all {source['read']:,} documents of {source['name']} were dropped"
    for each in table["dropped"]:
        if each["documents"] > MUCH * num_read:
            yield f"{each['rule']} dropped {each['documents'] / num_read:.0%} of all documents"
    decontamination = table["decontamination"]
    if decontamination and decontamination["short_items"]:
        yield (
            f"{decontamination['short_items']:,} of {decontamination['items']:,} evaluation items have fewer than "
            f"{decontamination['num_words']} words: they cannot be found"
        )
