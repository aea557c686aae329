"""A file of document records to byte ranges of whole lines, and a range to Arrow batches of bounded size."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from trivium.core.errors import SourceError
from trivium.records import Document

PORTION_BYTES = 32 << 20
"""What one worker takes at a time, and what a killed run does again at most."""
BATCH_DOCUMENTS = 512
BATCH_BYTES = 4 << 20
"""A batch stays small: its columns are walked through many times."""

SCHEMA = pa.schema(
    [("id", pa.string()), ("text", pa.large_string())]
    + [(name, pa.string()) for name in ("source", "licence", "group", "url")]
)

_DEFAULTS = {field.name: Document.model_fields[field.name].default for field in SCHEMA}


class Portion(BaseModel):
    """Whole lines of a file: from byte `start` up to `stop`. `reserved` ones are held out by their source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    start: int
    stop: int
    reserved: bool = False


def plan_portions(path: Path, *, reserved: bool = False, portion_bytes: int = PORTION_BYTES) -> list[Portion]:
    """Return the portions in order; a missing or empty file has none. They hang on the file alone."""
    if not path.exists():
        return []
    size, cuts = path.stat().st_size, [0]
    with path.open("rb") as file:
        while cuts[-1] + portion_bytes < size:
            file.seek(cuts[-1] + portion_bytes - 1)
            while (line := file.readline(1 << 20)) and not line.endswith(b"\n"):
                pass
            cuts.append(file.tell())
    if cuts[-1] < size:
        cuts.append(size)
    return [Portion(path=path, start=start, stop=stop, reserved=reserved) for start, stop in pairwise(cuts)]


def read_rows(portion: Portion) -> Iterator[dict[str, Any]]:
    """Yield the records of a portion."""
    with portion.path.open("rb") as file:
        file.seek(portion.start)
        where = portion.start
        while where < portion.stop:
            line = file.readline()
            try:
                yield json.loads(line)
            except ValueError as error:
                do = "make the sources again"
                raise SourceError(f"not a record: {error}", where=f"{portion.path}, byte {where}", do=do) from error
            where = file.tell()


def read_portion(portion: Portion) -> Iterator[pa.RecordBatch]:
    """Yield the documents of a portion in batches of at most BATCH_DOCUMENTS, or BATCH_BYTES of text."""
    rows = read_rows(portion)
    waiting: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row["text"])
        if len(waiting) >= BATCH_DOCUMENTS or size >= BATCH_BYTES:
            yield _batch(waiting)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting)


def _batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    columns = [pa.array([row.get(field.name, _DEFAULTS[field.name]) for row in rows], field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
