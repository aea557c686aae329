"""What came of one portion, as files that a killed run finds again: documents, keys, signatures, and a summary that is
written last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from trivium.curation.paragraphs import ParagraphKeys
from trivium.curation.settings import CurationSettings

PLACE_BITS = 32
"""A document's place in the corpus is part << 32 | row: known before anyone knows how long the parts before are."""


class PartSummary(BaseModel):
    """What a part holds; written last, so a part with a summary is whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    num_documents: int
    num_survivors: int
    num_paragraphs: int
    seconds: float


@dataclass(frozen=True)
class Survivors:
    """The keys of the documents of a batch that no rule dropped: `rows` says which they are."""

    rows: NDArray[np.int64]
    exact: Sequence[str]
    """Content ids of the texts."""
    signatures: pa.FixedSizeListArray | None
    bands: Sequence[pa.UInt64Array] | None
    paragraphs: ParagraphKeys | None
    """Their `documents` count the survivors."""


class PartFiles:
    """The files of one part."""

    def __init__(self, folder: Path, number: int) -> None:
        """Name them."""
        stem = f"part-{number:05d}"
        self.documents = folder / f"{stem}.documents.parquet"
        self.keys = folder / f"{stem}.keys.parquet"
        self.paragraphs = folder / f"{stem}.paragraphs.parquet"
        self.signatures = folder / f"{stem}.signatures.bin"
        self.summary = folder / f"{stem}.json"


def read_summary(folder: Path, number: int) -> PartSummary | None:
    """Return the summary of a finished part, None where it is not finished."""
    path = PartFiles(folder, number).summary
    return PartSummary.model_validate_json(path.read_bytes()) if path.exists() else None


def band_names(settings: CurationSettings) -> list[str]:
    """Return the columns of the bands' keys."""
    near = settings.near_duplicates
    return [f"band_{index:02d}" for index in range(near.num_bands)] if near else []


class PartWriter:
    """Writes a part batch by batch; memory holds one batch."""

    def __init__(self, folder: Path, number: int, settings: CurationSettings) -> None:
        """Open the files over whatever a killed run left."""
        folder.mkdir(parents=True, exist_ok=True)
        self.number = number
        self.files = PartFiles(folder, number)
        self.bands = band_names(settings)
        self.has_paragraphs = settings.repeated_paragraphs is not None
        self.num_documents = self.num_survivors = self.num_paragraphs = 0
        self._documents: pq.ParquetWriter | None = None
        columns = [("place", pa.int64()), ("exact", pa.uint64()), ("check", pa.uint32())]
        self._keys = pq.ParquetWriter(
            self.files.keys, pa.schema(columns + [(name, pa.uint64()) for name in self.bands]), compression="none"
        )
        fields = [("place", pa.int64()), ("key", pa.uint64()), ("document", pa.int64()), ("index", pa.int32())]
        self._paragraphs = (
            pq.ParquetWriter(self.files.paragraphs, pa.schema(fields), compression="none")
            if self.has_paragraphs
            else None
        )
        self._signatures = self.files.signatures.open("wb")

    def write(self, rows: pa.RecordBatch, survivors: Survivors) -> None:
        """Add a batch."""
        if self._documents is None:
            self._documents = pq.ParquetWriter(
                self.files.documents, rows.schema, compression="zstd", compression_level=1, use_dictionary=False
            )
        self._documents.write_batch(rows)
        places = (self.number << PLACE_BITS) + self.num_documents + survivors.rows
        digits = [(int(each[:16], 16), int(each[16:20], 16)) for each in survivors.exact]
        exact = np.array(digits, np.uint64).reshape(-1, 2)
        columns = [pa.array(places), pa.array(exact[:, 0]), pa.array(exact[:, 1].astype(np.uint32))]
        self._keys.write_batch(
            pa.RecordBatch.from_arrays([*columns, *(survivors.bands or ())], schema=self._keys.schema)
        )
        if survivors.signatures is not None:
            self._write_signatures(survivors.signatures)
        if survivors.paragraphs is not None:
            self._write_paragraphs(survivors.paragraphs, places)
        self.num_documents += rows.num_rows
        self.num_survivors += len(survivors.rows)

    def _write_signatures(self, signatures: pa.FixedSizeListArray) -> None:
        """Append them, zeros where a document has none: its bands are null, so nothing compares it."""
        width = signatures.type.list_size
        found = signatures.values.to_numpy(zero_copy_only=False).reshape(-1, width)
        missing = np.asarray(signatures.is_null().to_numpy(zero_copy_only=False), bool)
        self._signatures.write(np.where(missing[:, None], 0, found).astype("<u4").tobytes())

    def _write_paragraphs(self, found: ParagraphKeys, places: NDArray[np.int64]) -> None:
        assert self._paragraphs is not None
        first = (self.number << PLACE_BITS) + self.num_paragraphs
        columns = [
            pa.array(np.arange(first, first + len(found.keys))),
            pa.array(found.keys),
            pa.array(places[found.documents]),
            pa.array(found.indexes),
        ]
        self._paragraphs.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._paragraphs.schema))
        self.num_paragraphs += len(found.keys)

    def finish(self, seconds: float) -> PartSummary:
        """Write the summary; call it after the files are closed."""
        summary = PartSummary(
            number=self.number,
            num_documents=self.num_documents,
            num_survivors=self.num_survivors,
            num_paragraphs=self.num_paragraphs,
            seconds=seconds,
        )
        draft = self.files.summary.with_suffix(".draft")
        draft.write_text(summary.model_dump_json(), encoding="utf-8")
        draft.replace(self.files.summary)
        return summary

    def __enter__(self) -> Self:
        """Return the open writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        for file in (self._documents, self._keys, self._paragraphs, self._signatures):
            if file is not None:
                file.close()
