"""What a person says of a source (name, path, licence, how to read it), and the piece of it that is read at a time."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from trivium.curation.places import Place
from trivium.curation.read.config import ReaderConfig


class SourceSpec(ReaderConfig):
    """One source: a file or folder of text in any of the kinds that can be read."""

    name: str
    path: Place
    licence: str = "unstated"
    max_document_chars: int = Field(default=1_000_000, ge=1)
    """Longer texts are cut at paragraph borders into documents of their own (else at a line end, a blank, or
    anywhere). A bound on memory too: a document's scores take about fifty times its size while they are made.
    """
    unit_bytes: int = Field(default=64 << 20, ge=1)
    """About how many bytes of one plain `.jsonl` or parquet file are read as one unit."""


class Unit(BaseModel):
    """What can be read alone: a file, a byte range of whole lines of a plain `.jsonl`, or row groups of a parquet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: SourceSpec
    path: Place
    name: str
    """The file's name below the source's path: what `where` and the ledger say."""
    kind: str
    start: int = 0
    """First byte, or first row group."""
    stop: int | None = None
    """Where the unit ends (not included); None is the end of the file."""
    first_line: int = 1
    """The number of the first line, or of the first row, in the whole file."""
    num_bytes: int
    """Bytes on the disk, packed where the file is packed."""
