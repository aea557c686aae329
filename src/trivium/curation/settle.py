"""Parts and what the whole corpus shows to the corpus: documents kept, documents held out, scores, and the ledger."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trivium.curation.duplicates import Copies, Parts
from trivium.curation.heldout import split_heldout
from trivium.curation.ledger import EXCERPT_CHARS
from trivium.curation.paragraphs import without
from trivium.curation.repeats import Repeats
from trivium.curation.settings import CurationSettings
from trivium.records import Document

ROWS_AT_ONCE = 1024
NUM_SAMPLES = 4
SAMPLE_CHARS = 1200
SIDES = ("train", "heldout", "dropped")
OF_RECORD = ("id", "source", "licence", "group", "url")


@dataclass
class Sample:
    """A document for people to look at, with what became of it."""

    id: str
    source: str
    text: str
    rule: str | None
    value: float | None
    detail: str | None


@dataclass
class Settled:
    """What was kept and what for show."""

    num_kept: int = 0
    num_heldout: int = 0
    characters: int = 0
    num_words: int = 0
    paragraphs_left_out: int = 0
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    """By rule, `kept` for what is kept: the NUM_SAMPLES with the smallest ids, which is by chance and always the
    same."""


@dataclass
class _Files:
    documents: TextIO
    heldout: TextIO
    ledger: TextIO
    scores: pq.ParquetWriter | None = None


@dataclass(frozen=True)
class Decided:
    """All that is known when the corpus is written."""

    parts: Parts
    copies: Copies
    repeats: Repeats
    settings: CurationSettings


def settle(decided: Decided, out: Path) -> Settled:
    """Write documents.jsonl, heldout.jsonl, ledger.jsonl and scores.parquet, in the order read."""
    settled = Settled()
    ids = _ids_of_leads(decided)
    with (
        (out / "documents.jsonl").open("w", encoding="utf-8") as documents,
        (out / "heldout.jsonl").open("w", encoding="utf-8") as heldout,
        (out / "ledger.jsonl").open("w", encoding="utf-8") as ledger,
    ):
        files = _Files(documents, heldout, ledger)
        for start, batch in _batches(decided.parts):
            _settle_batch(batch, start, decided, ids, (settled, files, out))
        if files.scores is not None:
            files.scores.close()
    return settled


def _batches(parts: Parts) -> Iterator[tuple[int, pa.RecordBatch]]:
    for start, files in zip(parts.starts.tolist(), parts.files(), strict=True):
        with pq.ParquetFile(files.documents) as opened:
            for batch in opened.iter_batches(ROWS_AT_ONCE):
                yield start, batch
                start += batch.num_rows


def _ids_of_leads(decided: Decided) -> dict[int, str]:
    """Return row → id of every document that others are copies of."""
    parts, copies = decided.parts, decided.copies
    found = np.unique(np.concatenate([copies.exact_of, copies.cluster]))
    leads = found[found >= 0]
    ids: dict[int, str] = {}
    for start, part, files in zip(parts.starts.tolist(), parts.summaries, parts.files(), strict=True):
        low, high = np.searchsorted(leads, [start, start + part.num_documents])
        if low < high:
            column = pq.read_table(files.documents, columns=["id"])["id"].take(leads[low:high] - start)
            ids |= dict(zip(leads[low:high].tolist(), column.to_pylist(), strict=True))
    return ids


def _settle_batch(
    batch: pa.RecordBatch, start: int, decided: Decided, ids: dict[int, str], into: tuple[Settled, _Files, Path]
) -> None:
    settled, files, out = into
    columns = {name: batch.column(name).to_pylist() for name in (*OF_RECORD, "text", "rule", "value", "detail")}
    sides, clusters = [], []
    for index in range(batch.num_rows):
        row = {name: column[index] for name, column in columns.items()}
        number = start + index
        _compare(row, number, decided, ids)
        if row["rule"] is None and not _is_reserved(number, decided):
            _leave_out(row, number, decided, settled)
        columns["rule"][index], columns["value"][index], columns["detail"][index] = (
            row["rule"],
            row["value"],
            row["detail"],
        )
        sides.append(_write(row, _is_reserved(number, decided), decided, (settled, files)))
        clusters.append(ids.get(int(decided.copies.cluster[number])))
        _sample(row, settled)
    replaced: dict[str, Any] = {
        "rule": pa.array(columns["rule"], pa.string()),
        "value": pa.array(columns["value"], pa.float64()),
        "detail": pa.array(columns["detail"], pa.string()),
        "side": pa.array(sides, pa.string()),
        "cluster": pa.array(clusters, pa.string()),
    }
    kept = {name: batch.column(name) for name in batch.schema.names if name not in ("text", *replaced)}
    table = pa.RecordBatch.from_pydict(kept | replaced)
    if files.scores is None:
        files.scores = pq.ParquetWriter(out / "scores.parquet", table.schema, compression="zstd")
    files.scores.write_batch(table)


def _is_reserved(number: int, decided: Decided) -> bool:
    return number < decided.parts.num_reserved


def _compare(row: dict[str, Any], number: int, decided: Decided, ids: dict[int, str]) -> None:
    """Drop a document that another stands for."""
    copies = decided.copies
    exact, cluster = int(copies.exact_of[number]), int(copies.cluster[number])
    if exact >= 0:
        row["rule"], row["detail"] = "exact duplicate", ids[exact]
    elif cluster not in (-1, number):
        row["rule"], row["detail"], row["value"] = "near duplicate", ids[cluster], copies.similarity.get(number)


def _leave_out(row: dict[str, Any], number: int, decided: Decided, settled: Settled) -> None:
    """Take repeated paragraphs out; a document of which too little is left is dropped."""
    indexes = decided.repeats.of(number)
    if not indexes:
        return
    settled.paragraphs_left_out += len(indexes)
    row["text"] = without(row["text"], set(indexes))
    if len(row["text"].strip()) < max(decided.settings.min_characters, 1):
        row["rule"], row["value"] = "nothing but repeats", float(len(indexes))


def _write(row: dict[str, Any], reserved: bool, decided: Decided, into: tuple[Settled, _Files]) -> str:
    """Write a document to where it belongs and return the side: train, heldout or dropped."""
    settled, files = into
    if row["rule"] is not None:
        known = {"value": row["value"], "detail": row["detail"], "group": row["group"], "url": row["url"]}
        told = {"id": row["id"], "source": row["source"], "reason": row["rule"]}
        told |= {key: value for key, value in known.items() if value not in (None, "")}
        files.ledger.write(json.dumps(told | {"excerpt": row["text"][:EXCERPT_CHARS]}, ensure_ascii=False) + "\n")
        return "dropped"
    document = Document.model_construct(text=row["text"], **{name: row[name] for name in OF_RECORD})
    line = document.model_dump_json(exclude_defaults=True) + "\n"
    none_reserved = not decided.parts.num_reserved
    if reserved or (none_reserved and split_heldout(row["group"] or row["id"], decided.settings.heldout_share)):
        files.heldout.write(line)
        settled.num_heldout += 1
        return "heldout"
    files.documents.write(line)
    settled.num_kept += 1
    settled.characters += len(row["text"])
    settled.num_words += len(row["text"].split())
    return "train"


def _sample(row: dict[str, Any], settled: Settled) -> None:
    rule = row["rule"] or "kept"
    samples = settled.samples.setdefault(rule, [])
    if len(samples) == NUM_SAMPLES and row["id"] >= samples[-1].id:
        return
    sample = Sample(row["id"], row["source"], row["text"][:SAMPLE_CHARS], row["rule"], row["value"], row["detail"])
    settled.samples[rule] = heapq.nsmallest(NUM_SAMPLES, [*samples, sample], key=lambda each: each.id)
