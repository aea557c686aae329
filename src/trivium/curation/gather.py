"""Sources to one file of document records: unit by unit, in any number of workers, a killed run going on after the last
whole unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from trivium.curation.engine import Engine
from trivium.curation.ledger import Ledger
from trivium.curation.read import SourceSpec, Unit, no_documents, plan_units, read_unit
from trivium.records import Document

GROUP_BYTES = 64 << 20
GROUP_UNITS = 512
"""Small files are read together, up to so much: a job costs three files in the scratch folder."""
OF_RECORD = ("id", "text", "source", "licence", "group", "url")


class ReadJob(BaseModel):
    """Some units in a row, and where their documents go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    units: tuple[Unit, ...]
    folder: Path


class ReadSummary(BaseModel):
    """What came of a job; written last, so a job with a summary is whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    num_documents: int
    dropped: dict[str, int]


def read_job(item: str) -> str:
    """Read the units of a job given as JSON to a file of records and a ledger; what is there is taken as it is."""
    job = ReadJob.model_validate_json(item)
    stem = job.folder / f"unit-{job.number:05d}"
    done = stem.with_suffix(".json")
    if done.exists():
        return done.read_text(encoding="utf-8")
    job.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with (
        Ledger(stem.with_suffix(".ledger")) as ledger,
        stem.with_suffix(".documents").open("w", encoding="utf-8") as file,
    ):
        for document in (each for unit in job.units for batch in read_unit(unit, ledger) for each in _records(batch)):
            file.write(document.model_dump_json(exclude_defaults=True) + "\n")
            count += 1
    summary = ReadSummary(number=job.number, num_documents=count, dropped=dict(ledger.dropped)).model_dump_json()
    draft = stem.with_suffix(".draft")
    draft.write_text(summary, encoding="utf-8")
    draft.replace(done)
    return summary


def _records(batch: pa.RecordBatch) -> Iterator[Document]:
    columns = [batch.column(name).to_pylist() for name in OF_RECORD]
    for values in zip(*columns, strict=True):
        yield Document.model_construct(**dict(zip(OF_RECORD, values, strict=True)))


def gather_text(
    spec: SourceSpec, folder: Path, engine: Engine, ledger: Ledger, max_rows: int | None = None
) -> Iterator[Path]:
    """Read a source and yield the files of its jobs in order; no more are read once there are `max_rows` documents.

    SourceError where nothing can be read, or where units were read but not one document came of them.
    """
    units = plan_units(spec, ledger)
    jobs = [
        ReadJob(number=number, units=group, folder=folder).model_dump_json()
        for number, group in enumerate(_groups(units))
    ]
    summaries: dict[int, ReadSummary] = {}
    for some in [jobs] if max_rows is None else [[job] for job in jobs]:
        for done in engine.each(read_job, some):
            summary = ReadSummary.model_validate_json(done)
            summaries[summary.number] = summary
        if max_rows is not None and sum(each.num_documents for each in summaries.values()) >= max_rows:
            break
    for number in sorted(summaries):
        ledger.take_over(folder / f"unit-{number:05d}.ledger")
    if not any(each.num_documents for each in summaries.values()):
        raise no_documents(spec, len({unit.path for unit in units}), ledger)
    for number in sorted(summaries):
        yield folder / f"unit-{number:05d}.documents"


def _groups(units: list[Unit]) -> Iterator[tuple[Unit, ...]]:
    """Put neighbours together as long as they are small; it hangs on the units alone."""
    group: list[Unit] = []
    size = 0
    for unit in units:
        if group and (size + unit.num_bytes > GROUP_BYTES or len(group) == GROUP_UNITS):
            yield tuple(group)
            group, size = [], 0
        group.append(unit)
        size += unit.num_bytes
    if group:
        yield tuple(group)


def join(files: Iterator[Path], into: BinaryIO, max_rows: int | None) -> int:
    """Append files of records; return how many records, at most `max_rows`."""
    count = 0
    for path in files:
        with path.open("rb") as file:
            for line in file:
                if max_rows is not None and count >= max_rows:
                    return count
                into.write(line)
                count += 1
    return count
